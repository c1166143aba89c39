import type { DataType } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import {
  BINARY,
  BOOL,
  canCast,
  castScalar,
  CastExpr,
  ColumnExpr,
  commonType,
  DATE,
  decimalType,
  FLOAT32,
  FLOAT64,
  formatScalar,
  INT16,
  INT32,
  INT64,
  INTERVAL,
  JSON_TYPE,
  jsonValue,
  listType,
  literal,
  TIME,
  timestampType,
  typeKey,
  UINT16,
  UINT64,
  UTF8,
  type ScalarValue,
} from '../src/index.ts'
import { batchOf, errorCode, valueOf, valuesOf, withRegion } from './expression-support.ts'

const SECONDS = timestampType(0)
const MILLIS = timestampType(1)
const MICROS = timestampType(2)
const NANOS = timestampType(3)
const ZONED = timestampType(2, 'UTC')

/** What PostgreSQL gives for text of each type; the text that it prints is the same unless another is given. */
const FROM_TEXT: readonly (readonly [DataType, string, ScalarValue, string?])[] = [
  [INT32, '42', 42],
  [INT32, ' -7 ', -7, '-7'],
  [INT64, '9223372036854775807', 2n ** 63n - 1n],
  [UINT64, '18446744073709551615', 2n ** 64n - 1n],
  [FLOAT64, '1e3', 1000, '1000'],
  [FLOAT64, '-0', -0],
  [FLOAT64, 'NaN', NaN],
  [FLOAT64, '-inf', -Infinity, '-Infinity'],
  [FLOAT64, '1e15', 1e15, '1e+15'],
  [FLOAT64, '123456789012345', 123456789012345],
  [FLOAT64, '0.0001', 0.0001],
  [FLOAT64, '.00001', 0.00001, '1e-05'],
  [FLOAT64, '1.7976931348623157e308', 1.7976931348623157e308, '1.7976931348623157e+308'],
  [FLOAT32, '0.1', Math.fround(0.1)],
  [FLOAT32, '1e6', 1e6, '1e+06'],
  [BOOL, 'yes', true, 'true'],
  [BOOL, ' OFF', false, 'false'],
  [BOOL, 't', true, 'true'],
  [decimalType(5, 2), '1.005', 101n, '1.01'],
  [decimalType(5, 2), '-1.005', -101n, '-1.01'],
  [decimalType(5, 2), '1e2', 10000n, '100.00'],
  [decimalType(38, 0), '9'.repeat(38), 10n ** 38n - 1n],
  [DATE, '2024-02-29', 19782],
  [DATE, '2024-02-29 23:59:59.9', 19782, '2024-02-29'],
  [DATE, '0044-03-15 BC', -735160],
  [DATE, '12024-01-01', 3672148],
  [MICROS, '2024-01-02 03:04:05.5', 1704164645500000n],
  [MICROS, '2024-01-02T03:04:05Z', 1704164645000000n, '2024-01-02 03:04:05'],
  [MICROS, '2024-01-02 03:04:05.1234567', 1704164645123457n, '2024-01-02 03:04:05.123457'],
  [MICROS, '2024-01-02 03:04+05', 1704164640000000n, '2024-01-02 03:04:00'],
  [ZONED, '2024-01-02 03:04:00+05:30', 1704144840000000n, '2024-01-01 21:34:00+00'],
  [NANOS, '2024-01-02 03:04:05.123456789', 1704164645123456789n],
  [MILLIS, '1969-12-31 23:59:59.999', -1n],
  [SECONDS, '1969-12-31 23:59:60', 0n, '1970-01-01 00:00:00'],
  [MICROS, '2024-01-02 24:00:00', 1704240000000000n, '2024-01-03 00:00:00'],
  [MICROS, '20240102 030405'.replace(' 030405', ''), 1704153600000000n, '2024-01-02 00:00:00'],
  [MICROS, 'epoch', 0n, '1970-01-01 00:00:00'],
  [TIME, '04:05:06.789', 14706789000n],
  [TIME, '04:05 PM', 57900000000n, '16:05:00'],
  [INTERVAL, '1 year 2 mons 3 days 04:05:06.7', { months: 14, days: 3, nanos: 14706700000000n }],
  [INTERVAL, '-1 days +02:03:00', { months: 0, days: -1, nanos: 7380000000000n }],
  [INTERVAL, '1-2', { months: 14, days: 0, nanos: 0n }, '1 year 2 mons'],
  [INTERVAL, '1.5 months', { months: 1, days: 15, nanos: 0n }, '1 mon 15 days'],
  [INTERVAL, '2 hours ago', { months: 0, days: 0, nanos: -7200000000000n }, '-02:00:00'],
  [INTERVAL, '1h30m', { months: 0, days: 0, nanos: 5400000000000n }, '01:30:00'],
  [INTERVAL, 'P1Y2M3DT4H5M6.7S', { months: 14, days: 3, nanos: 14706700000000n }, '1 year 2 mons 3 days 04:05:06.7'],
  [INTERVAL, '100', { months: 0, days: 0, nanos: 100000000000n }, '00:01:40'],
  [INTERVAL, '1.5 days', { months: 0, days: 1, nanos: 43200000000000n }, '1 day 12:00:00'],
  [INTERVAL, '0', { months: 0, days: 0, nanos: 0n }, '00:00:00'],
  [JSON_TYPE, '{"a": 1.10, "b": [null]}', '{"a": 1.10, "b": [null]}'],
  [BINARY, '\\x00fF', Uint8Array.of(0, 255), '\\x00ff'],
  [listType(INT32), '{1,NULL,3}', [1, null, 3]],
  [listType(UTF8), '{a,"b c",""}', ['a', 'b c', '']],
]

test.each(
  FROM_TEXT.map(([type, text, value, printed]) => ({ type: typeKey(type), dataType: type, text, value, printed })),
)("'$text' as $type", ({ dataType, text, value, printed }) => {
  expect(castScalar(text, UTF8, dataType)).toEqual(value)
  expect(formatScalar(value, dataType)).toBe(printed ?? text)
  expect(valueOf(new CastExpr(literal(text), dataType, false))).toEqual(value)
})

const REFUSED: readonly (readonly [ScalarValue, DataType, DataType, string])[] = [
  ['abc', UTF8, INT32, '22P02'],
  ['', UTF8, INT32, '22P02'],
  ['1.5', UTF8, INT32, '22P02'],
  ['2147483648', UTF8, INT32, '22003'],
  ['1x', UTF8, FLOAT64, '22P02'],
  ['1e400', UTF8, FLOAT64, '22003'],
  ['1e-400', UTF8, FLOAT64, '22003'],
  ['o', UTF8, BOOL, '22P02'],
  ['2024-13-01', UTF8, DATE, '22008'],
  ['2023-02-29', UTF8, MICROS, '22008'],
  ['2024-01-01 25:00', UTF8, MICROS, '22008'],
  ['yesterday-ish', UTF8, MICROS, '22007'],
  ['2500-01-01', UTF8, NANOS, '22008'],
  ['1 parsec', UTF8, INTERVAL, '22007'],
  ['', UTF8, INTERVAL, '22007'],
  ['{"a":}', UTF8, JSON_TYPE, '22P02'],
  ['{"a": 01}', UTF8, JSON_TYPE, '22P02'],
  ['[1] 2', UTF8, JSON_TYPE, '22P02'],
  ['{1,2', UTF8, listType(INT32), '22P02'],
  ['1000', UTF8, decimalType(5, 2), '22003'],
  [3e9, FLOAT64, INT32, '22003'],
  [NaN, FLOAT64, INT64, '22003'],
  [9223372036854775808, FLOAT64, INT64, '22003'],
  [-1n, INT64, UINT64, '22003'],
  [2n ** 63n, UINT64, INT64, '22003'],
  [70000n, INT64, UINT16, '22003'],
  [1e300, FLOAT64, FLOAT32, '22003'],
  [true, BOOL, DATE, '42846'],
]

test.each(REFUSED.map(([value, from, to, code]) => ({ value, from, to, code, text: `${value} as ${to}` })))(
  '$text raises $code',
  ({ value, from, to, code }) => {
    expect(errorCode(() => castScalar(value, from, to))).toBe(code)
    const cast = new CastExpr(new ColumnExpr(0, 'c', from, true), to, false)
    withRegion((region) => {
      expect(errorCode(() => valuesOf(cast, batchOf([{ type: from, values: [null, value] }], region)))).toBe(code)
      expect(valuesOf(cast, batchOf([{ type: from, values: [null, value] }], region, Uint32Array.of(0)))).toEqual([
        null,
      ])
      const safe = new CastExpr(new ColumnExpr(0, 'c', from, true), to, true)
      if (code !== '42846') {
        expect(valuesOf(safe, batchOf([{ type: from, values: [value, null] }], region))).toEqual([null, null])
      }
    })
  },
)

test('numbers round as in PostgreSQL: floats half to even, decimals half away from zero', () => {
  expect([0.5, 1.5, 2.5, -0.5].map((value) => castScalar(value, FLOAT64, INT32))).toEqual([0, 2, 2, 0])
  expect([5n, 15n, 25n, -5n].map((value) => castScalar(value, decimalType(3, 1), INT32))).toEqual([1, 2, 3, -1])
  expect(castScalar(0.1 + 0.2, FLOAT64, decimalType(20, 17))).toBe(30000000000000000n)
  expect(castScalar(2n ** 53n + 1n, decimalType(38, 0), FLOAT64)).toBe(2 ** 53)
  expect(castScalar(1, INT32, BOOL)).toBe(true)
  expect(castScalar(true, BOOL, INT32)).toBe(1)
  expect(castScalar('"7"', JSON_TYPE, INT64)).toBe(7n)
})

test('timestamps change their unit exactly, rounding down', () => {
  expect(castScalar(-1n, NANOS, SECONDS)).toBe(-1n)
  expect(castScalar(1704164645n, SECONDS, NANOS)).toBe(1704164645000000000n)
  expect(castScalar(-1n, NANOS, DATE)).toBe(-1)
  const values = [-(2n ** 63n), -1n, 0n, 999n, 1704164645123456789n, 2n ** 63n - 1n]
  for (const to of [SECONDS, MILLIS, MICROS, DATE]) {
    const cast = new CastExpr(new ColumnExpr(0, 'c', NANOS, true), to, false)
    withRegion((region) => {
      const vectorised = valuesOf(cast, batchOf([{ type: NANOS, values }], region))
      expect(vectorised).toEqual(values.map((value) => castScalar(value, NANOS, to)))
    })
  }
})

describe('JSON output', () => {
  test.each([
    [5n, INT64, '5'],
    [5, INT32, 5],
    [1.5, FLOAT64, 1.5],
    [NaN, FLOAT64, 'NaN'],
    [Math.fround(0.1), FLOAT32, 0.1],
    [150n, decimalType(5, 2), '1.50'],
    [0n, SECONDS, '1970-01-01T00:00:00Z'],
    [1n, MILLIS, '1970-01-01T00:00:00.001Z'],
    [-1n, MICROS, '1969-12-31T23:59:59.999999Z'],
    [1704164645120000000n, NANOS, '2024-01-02T03:04:05.120000000Z'],
    [19782, DATE, '2024-02-29'],
    [[1n, null], listType(INT64), ['1', null]],
    [null, INT64, null],
    ['{"a":1}', JSON_TYPE, '{"a":1}'],
  ] as const)('%s of %s is %j', (value, type, expected) => {
    expect(jsonValue(value as ScalarValue, type)).toEqual(expected)
  })
})

test('common types hold the values of both sides', () => {
  const common = (a: DataType, b: DataType): string | null => {
    const type = commonType(a, b)
    expect(type === null ? null : typeKey(type)).toBe(commonType(b, a) === null ? null : typeKey(commonType(b, a)!))
    return type === null ? null : typeKey(type)
  }
  expect(common(INT32, INT64)).toBe('Int64')
  expect(common(INT64, UINT64)).toBe('Decimal(20, 0)')
  expect(common(INT16, UINT16)).toBe('Int32')
  expect(common(INT64, FLOAT64)).toBe('Float64')
  expect(common(INT64, decimalType(10, 2))).toBe('Decimal(21, 2)')
  expect(common(SECONDS, NANOS)).toBe('Timestamp(NANOSECOND)')
  expect(common(DATE, MICROS)).toBe('Timestamp(MICROSECOND)')
  expect(common(UTF8, INT64)).toBe(null)
  expect(common(BOOL, INT64)).toBe(null)
  expect(canCast(UTF8, INT64)).toBe(true)
  expect(canCast(BOOL, DATE)).toBe(false)
})
