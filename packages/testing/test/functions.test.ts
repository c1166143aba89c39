import { formatScalar, type ScalarValue } from '@volley/core'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { connect, type VolleySession } from 'volley'
import { describedFunctions, functionReference } from '../src/functions/reference.ts'

test('the function reference is current: npm run functions', () => {
  const file = path.resolve(import.meta.dirname, '../../../docs/functions.md')
  expect(fs.readFileSync(file, 'utf8')).toBe(functionReference())
})

/** The values of expressions as text, or what was wrong with the first. */
async function texts(session: VolleySession, expressions: readonly string[]): Promise<readonly string[]> {
  try {
    const result = await session.sql(`SELECT ${expressions.join(', ')}`)
    const { fields } = result.schema
    const rows: (readonly ScalarValue[])[] = []
    for await (const chunk of result.chunks()) rows.push(...chunk)
    return fields.map(({ type }, i) => (rows[0]![i] === null ? '' : formatScalar(rows[0]![i]!, type)))
  } catch (error) {
    if (expressions.length === 1) return [String(error)]
    return (await Promise.all(expressions.map((each) => texts(session, [each])))).flat()
  }
}

test('every example of the reference has the result that it states', async () => {
  const session = await connect({})
  const wrong: string[] = []
  let count = 0
  try {
    for (const members of Map.groupBy(describedFunctions(), (fn) => fn.category).values()) {
      const examples = members.flatMap((fn) => fn.examples)
      if (examples.length === 0) continue
      const found = await texts(
        session,
        examples.map(({ sql }) => sql),
      )
      count += examples.length
      for (const [i, { sql, result }] of examples.entries()) {
        if (found[i] !== result) wrong.push(`${sql} is ${found[i]}, not ${result}`)
      }
    }
  } finally {
    await session.close()
  }
  expect(wrong).toEqual([])
  expect(count).toBeGreaterThan(250)
})

/** Random, or meaningful over a table or a grouping only. */
const WITHOUT_EXAMPLE = ['grouping', 'match', 'phrase', 'random', 'score', 'uuid']

test('every function has a description and an example', () => {
  const silent = describedFunctions().filter(({ description, examples }) => description === '' || examples.length === 0)
  expect(silent.map(({ name }) => name).sort()).toEqual(WITHOUT_EXAMPLE)
})
