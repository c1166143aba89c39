import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  CaseExpr,
  ColumnExpr,
  ComparisonExpr,
  INT32,
  LiteralExpr,
  RecordBatch,
  UTF8,
  scalarAt,
  type Expr,
} from '../src/index.ts'
import { createGroupTable } from '../src/aggregates/group-table.ts'
import { asDictionary, batchOf, withRegion } from './expression-support.ts'

const texts = ['', 'a', 'ab', 'b', 'é', 'zz']

test('CASE of texts by code and of constants gives the rows that it gives of plain texts, by code where it can', () => {
  let byCode = 0
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.option(fc.constantFrom(...texts)), fc.nat(3)), { minLength: 1, maxLength: 40 }),
      fc.array(fc.constantFrom<string | null>(null, ...texts, 'none', 'column'), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      fc.boolean(),
      (rows, results, otherwise, sorted) => {
        const column = new ColumnExpr(0, 't', UTF8, true)
        const which = new ColumnExpr(1, 'n', INT32, false)
        const given = (result: string | null): Expr => (result === 'column' ? column : new LiteralExpr(UTF8, result))
        const branches = results.map((result, i) => ({
          when: new ComparisonExpr('=', which, new LiteralExpr(INT32, i)),
          // oxlint-disable-next-line unicorn/no-thenable -- an expression is not awaited
          then: given(result),
        }))
        const choice = new CaseExpr(branches, otherwise ? column : null, UTF8)
        withRegion((region) => {
          const plain = batchOf(
            [
              { type: UTF8, values: rows.map(([text]) => text) },
              { type: INT32, values: rows.map(([, n]) => n) },
            ],
            region,
          )
          const coded = [asDictionary(plain.columns[0]!, sorted, region), plain.columns[1]!]
          const batch = new RecordBatch(plain.schema, coded, plain.length, null, region)
          const found = choice.evaluate(batch, null, region)
          const expected = rows.map(([text, n]) => {
            const result = n < results.length ? results[n]! : otherwise ? 'column' : null
            return result === 'column' ? text : result
          })
          expect(rows.map((_, i) => scalarAt(found, i))).toEqual(expected)
          byCode += +(found.encoding === 'dictionary')
          // A second batch of the same dictionary has the groups of the first.
          const groups = createGroupTable([UTF8], region.arena, null)
          const later = choice.evaluate(new RecordBatch(plain.schema, coded, plain.length, null, region), null, region)
          const numbers = [found, later].map((keys) => {
            const out = new Uint32Array(rows.length)
            groups.assign([keys], Uint32Array.from(rows.keys()), rows.length, out)
            return out
          })
          expect(numbers[1]).toEqual(numbers[0])
          const [distinct] = groups.keys(region)
          expect(Array.from(numbers[0]!, (group) => scalarAt(distinct!, group))).toEqual(expected)
          groups.release()
        })
      },
    ),
    { numRuns: 300, seed: 3 },
  )
  expect(byCode).toBeGreaterThan(60)
})
