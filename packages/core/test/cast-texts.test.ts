import fc from 'fast-check'
import { expect, test } from 'vitest'
import { castScalar, CastExpr, ColumnExpr, FLOAT64, INT64, RecordBatch, UTF8, type ScalarValue } from '../src/index.ts'
import { asDictionary, batchOf, errorCode, valuesOf, withRegion } from './expression-support.ts'

fc.configureGlobal({ seed: Number(process.env.VOLLEY_SEED ?? 20_260_303) })

const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 17 })
const sign = fc.constantFrom('', '', '-', '+')
const number = fc.oneof(
  fc.tuple(sign, digits).map((parts) => parts.join('')),
  fc.tuple(sign, digits, fc.constant('.'), digits).map((parts) => parts.join('')),
  fc.double().map(String),
  fc.constantFrom('-0', '0.0', '-0.000', '.5', '5.', '1e3', ' 7 ', '999999999999999', '9223372036854775807'),
)
const other = fc.constantFrom('', '-', '.', '1.2.3', '--1', '1-', 'x', 'NaN', '9223372036854775808')
const texts = fc.array(fc.option(fc.oneof({ weight: 9, arbitrary: number }, other)), { minLength: 1, maxLength: 12 })

/** Casts of the texts one by one; a code of an error in place of a value that there is none of. */
function oneByOne(
  values: readonly ScalarValue[],
  type: typeof INT64 | typeof FLOAT64,
): (ScalarValue | { code: string })[] {
  return values.map((value) => {
    try {
      return castScalar(value, UTF8, type)
    } catch (error) {
      return { code: String((error as { code?: string }).code) }
    }
  })
}

test.each([INT64, FLOAT64])('texts cast to %s together as one by one', (type) => {
  let [refused, cast] = [0, 0]
  fc.assert(
    fc.property(texts, fc.boolean(), fc.boolean(), (values, coded, selected) => {
      const rows = selected ? Uint32Array.from(values.keys()).filter((row) => row % 2 === 0) : null
      const wanted = oneByOne(rows === null ? values : Array.from(rows, (row) => values[row]!), type)
      withRegion((region) => {
        const plain = batchOf([{ type: UTF8, values }], region, rows)
        const columns = coded ? [asDictionary(plain.columns[0]!, false, region)] : plain.columns
        const batch = new RecordBatch(plain.schema, columns, values.length, rows, region)
        const column = new ColumnExpr(0, 'c', UTF8, true)
        const isError = (value: unknown): value is { code: string } => typeof value === 'object' && value !== null
        const safe = wanted.map((value) => (isError(value) ? null : value))
        expect(valuesOf(new CastExpr(column, type, true), batch)).toEqual(safe)
        const failed = wanted.filter(isError)
        if (failed.length === 0) expect(valuesOf(new CastExpr(column, type, false), batch)).toEqual(safe)
        else {
          const code = errorCode(() => valuesOf(new CastExpr(column, type, false), batch))
          expect(failed.map((error) => error.code)).toContain(code)
        }
        refused += +(failed.length > 0)
        cast += +(failed.length === 0)
      })
    }),
    { numRuns: 300 },
  )
  expect(refused).toBeGreaterThan(20)
  expect(cast).toBeGreaterThan(20)
})
