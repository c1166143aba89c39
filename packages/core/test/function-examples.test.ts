import { expect, test } from 'vitest'
import { defaultFunctions, formatScalar, SCALAR_FUNCTIONS } from '../src/index.ts'
import { ExampleParser } from './example-parser.ts'
import { valueOf } from './expression-support.ts'

const functions = defaultFunctions()
const examples = SCALAR_FUNCTIONS.flatMap((fn) => fn.examples.map((example) => ({ ...example, name: fn.name })))

test.each(examples)('$sql is $result', ({ sql, result }) => {
  const expr = new ExampleParser(sql, functions).parse()
  expect(formatScalar(valueOf(expr), expr.type)).toBe(result)
})

test('every function is described, under names that no other has', () => {
  const names = SCALAR_FUNCTIONS.flatMap((fn) => [fn.name, ...(fn.aliases ?? [])])
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  expect(SCALAR_FUNCTIONS.filter((fn) => fn.description === '' || fn.category === '')).toEqual([])
  expect(functions.names('scalar').length).toBe(names.length)
  expect(functions.catalogueHash).toBe(defaultFunctions().catalogueHash)
})
