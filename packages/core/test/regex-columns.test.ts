import fc from 'fast-check'
import { RE2JS } from 're2js'
import { expect, test } from 'vitest'
import {
  callFunction,
  ColumnExpr,
  defaultFunctions,
  literal,
  RecordBatch,
  UTF8,
  type ScalarValue,
} from '../src/index.ts'
import { LinearMatcher } from '../src/functions/linear-matcher.ts'
import { asDictionary, batchOf, valuesOf, withRegion } from './expression-support.ts'

const functions = defaultFunctions()
const texts = new ColumnExpr(0, 't', UTF8, true)

/** A function of every text in a column, the rest being constant: matched as UTF-8, where that can be. */
function ofColumn(
  name: string,
  values: readonly (string | null)[],
  rest: readonly string[],
  dictionary: boolean,
): ScalarValue[] {
  return withRegion((region) => {
    const expr = callFunction(functions.scalar(name)!, [texts, ...rest.map((value) => literal(value))])!
    const rows = Uint32Array.from(values.keys()).filter((row) => row % 5 !== 3)
    const { schema, columns, length } = batchOf([{ type: UTF8, values }], region)
    const column = dictionary ? asDictionary(columns[0]!, false, region) : columns[0]!
    return valuesOf(expr, new RecordBatch(schema, [column], length, rows, region))
  })
}

/** The same where the rest are columns too: each row by re2js. */
function ofRows(name: string, values: readonly (string | null)[], rest: readonly string[]): ScalarValue[] {
  return withRegion((region) => {
    const columns = rest.map((_, i) => new ColumnExpr(i + 1, `c${i}`, UTF8, true))
    const expr = callFunction(functions.scalar(name)!, [texts, ...columns])!
    const rows = Uint32Array.from(values.keys()).filter((row) => row % 5 !== 3)
    const constant = rest.map((value) => ({ type: UTF8, values: values.map(() => value) }))
    return valuesOf(expr, batchOf([{ type: UTF8, values }, ...constant], region, rows))
  })
}

const character = fc.constantFrom('a', 'b', 'B', '/', '.', '\n', 'ß', 'K', 'k', '\u212a', '😀', 'é', '€')
const text = fc.array(character, { maxLength: 12 }).map((all) => all.join(''))
const ATOMS = ['a', 'b', 'ab', '.', '[^/]', '[ab]', '[a-zß]', '/', '\\.', 'K', '😀', '[^b]', '\\w', '^', '$', '\\b', '']
const atom = fc.constantFrom(...ATOMS)
const repeat = fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{1,2}')

const pattern: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    atom,
    fc.tuple(tie('node'), repeat).map(([one, many]) => `(?:${one})${many}`),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`),
    tie('node').map((one) => `(${one})`),
  ),
})).node

test('columns of texts are matched as each text is', () => {
  let [matches, changes, linear, other] = [0, 0, 0, 0]
  fc.assert(
    fc.property(
      pattern,
      fc.array(fc.option(text, { freq: 8 }), { minLength: 1, maxLength: 24 }),
      fc.constantFrom('', 'g', 'i', 'gi', 'n'),
      fc.boolean(),
      (regex, values, flags, dictionary) => {
        const replace = [regex, String.raw`<\1|\&|\2\\>`, flags]
        const replaced = ofColumn('regexp_replace', values, replace, dictionary)
        expect(replaced).toEqual(ofRows('regexp_replace', values, replace))
        const like = [regex, flags.replace('g', '')]
        const tested = ofColumn('regexp_like', values, like, dictionary)
        expect(tested).toEqual(ofRows('regexp_like', values, like))
        for (const [i, value] of tested.entries()) {
          if (value === true) matches++
          if (typeof replaced[i] === 'string' && replaced[i].includes('|')) changes++
        }
        if (LinearMatcher.of(RE2JS.compile(regex)) === null) other++
        else linear++
      },
    ),
    { numRuns: 400, seed: 29 },
  )
  expect(matches).toBeGreaterThan(1000)
  expect(changes).toBeGreaterThan(1000)
  expect(linear).toBeGreaterThan(150)
  expect(other).toBeGreaterThan(20)
})

test('a pattern with more states than are kept is matched all the same', () => {
  const values = Array.from({ length: 40 }, (_, n) =>
    Array.from({ length: 200 }, (_, i) => 'ab'[(Math.imul(n * 211 + i, 0x9e3779b1) >>> 13) & 1]!).join(''),
  )
  const rest = ['(.{14}a.)(.)', String.raw`<\1-\2>`, 'g']
  expect(ofColumn('regexp_replace', values, rest, false)).toEqual(ofRows('regexp_replace', values, rest))
  const like = ['^(a|b)*a.{14}aab$']
  expect(ofColumn('~', values, like, true)).toEqual(ofRows('~', values, like))
})
