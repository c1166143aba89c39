import fc from 'fast-check'
import type { DataType } from 'apache-arrow'
import { expect, test } from 'vitest'
import {
  ArithmeticExpr,
  arithmeticSignature,
  callFunction,
  CastExpr,
  coerceTo,
  ColumnExpr,
  commonType,
  ComparisonExpr,
  DATE,
  decimalType,
  defaultFunctions,
  FLOAT64,
  INT16,
  INT32,
  INT64,
  INTERVAL,
  LikeExpr,
  literal,
  timestampType,
  UTF8,
  type Expr,
  type ScalarValue,
} from '../src/index.ts'
import { comparable, duckValues } from './duckdb-oracle.ts'
import { batchOf, valuesOf, withRegion, type TestColumn } from './expression-support.ts'

const ROWS = 80
const SEED = 20240607
const MICROS = timestampType(2)
const functions = defaultFunctions()

const int32 = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer(), fc.constantFrom(2147483647, -2147483648, 0))
const int64 = fc.oneof(
  fc.bigInt({ min: -50n, max: 50n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 33n), max: 2n ** 33n }),
  fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n, 2n ** 32n, -(2n ** 32n)),
)
const float64 = fc.oneof(
  fc.integer({ min: -8_000_000, max: 8_000_000 }).map((value) => value / 8),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((value) => value / 1000),
  fc.constantFrom(0, -0, 0.5, 1.5, 2.5, -0.5, NaN, Infinity, -Infinity, 1e15, 0.1),
)
const decimal = (precision: number): fc.Arbitrary<bigint> =>
  fc.oneof(
    fc.bigInt({ min: -9999n, max: 9999n }),
    fc.bigInt({ min: -(10n ** BigInt(precision)) + 1n, max: 10n ** BigInt(precision) - 1n }),
  )
// Years 1001 to 9999, so that every truncation is in a year of four digits.
const micros = fc.oneof(
  fc.bigInt({ min: -30578688000_000000n, max: 253402300799_999999n }),
  fc.bigInt({ min: 0n, max: 1700000000_000000n }).map((v) => v - (v % 1000000n)),
  fc.constantFrom(0n, -1n, 951782400_000000n, 1709164800_000000n, 1706659200_000000n, 1721692799_999999n),
)
const days = fc.integer({ min: -353920, max: 2932896 })
const interval = fc.record({
  months: fc.integer({ min: -30, max: 30 }),
  days: fc.integer({ min: -40, max: 40 }),
  nanos: fc.bigInt({ min: -200_000_000_000n, max: 200_000_000_000n }).map((v) => v * 1000n),
})
const text = fc.oneof(
  fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'A', 'é', '%', '_', ' ', '日', '😀') }),
  fc.string({ maxLength: 12, unit: 'grapheme-ascii' }).filter((value) => !value.includes('\0')),
)
const pattern = fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'b', 'A', 'é', '%', '_', '%', '日', '😀') })

function column(type: DataType, arbitrary: fc.Arbitrary<ScalarValue>, seed: number): TestColumn {
  const values = fc.sample(fc.option(arbitrary, { freq: 8, nil: null }), { numRuns: ROWS, seed: SEED + seed })
  return { type, values }
}

const COLUMNS = {
  i16: [INT16, fc.integer({ min: -32768, max: 32767 })],
  i32: [INT32, int32],
  i64: [INT64, int64],
  f64: [FLOAT64, float64],
  dec: [decimalType(12, 3), decimal(12)],
  dec2: [decimalType(9, 5), decimal(9)],
  ts: [MICROS, micros],
  date: [DATE, days],
  interval: [INTERVAL, interval],
  text: [UTF8, text],
  pattern: [UTF8, pattern],
  small: [INT64, fc.bigInt({ min: -6n, max: 12n })],
} as const satisfies Record<string, readonly [DataType, fc.Arbitrary<ScalarValue>]>

type ColumnName = keyof typeof COLUMNS

/**
 * Compares an expression with DuckDB's, row by row: where DuckDB has no value ours may have none or raise. Rows that do
 * not raise are then evaluated together, under a selection that leaves the others out.
 */
async function compare(sql: string, names: readonly ColumnName[], build: (args: Expr[]) => Expr): Promise<void> {
  const columns = names.map((name, i) => column(COLUMNS[name][0], COLUMNS[name][1], i))
  const args = columns.map((c, i) => new ColumnExpr(i, `c${i}`, c.type, true))
  const expr = build(args)
  const expected = await duckValues(sql, columns, expr.type)
  withRegion((region) => {
    const full = batchOf(columns, region)
    const passed: number[] = []
    const actual = expected.map((_, row) => {
      const one = Uint32Array.of(row)
      try {
        const vector = valuesOf(expr, Object.assign(Object.create(full) as typeof full, { selection: one }))
        passed.push(row)
        return comparable(vector[0]!, expr.type)
      } catch (error) {
        if ((error as { code?: string }).code === undefined) throw error
        return null
      }
    })
    const mismatches = expected.flatMap((want, row) =>
      Object.is(want, actual[row])
        ? []
        : [{ row: columns.map((c) => c.values[row]), duckdb: want, volley: actual[row] }],
    )
    expect(mismatches).toEqual([])
    expect(expected.filter((value) => value !== null).length).toBeGreaterThan(ROWS / 10)
    const selection = Uint32Array.from(passed)
    const together = valuesOf(expr, Object.assign(Object.create(full) as typeof full, { selection }))
    expect(together.map((value) => comparable(value, expr.type))).toEqual(passed.map((row) => actual[row]))
  })
}

function arithmetic(op: '+' | '-' | '*' | '/' | '%'): (args: Expr[]) => Expr {
  return ([left, right]) => {
    const signature = arithmeticSignature(op, left!.type, right!.type)!
    return new ArithmeticExpr(op, coerceTo(left!, signature.left), coerceTo(right!, signature.right), signature.type)
  }
}

test.each([
  ['c0 + c1', 'i32', 'i32', '+'],
  ['c0 - c1', 'i32', 'i32', '-'],
  ['c0 * c1', 'i32', 'i32', '*'],
  ['c0 // c1', 'i32', 'i32', '/'],
  ['c0::BIGINT % c1', 'i32', 'i32', '%'],
  ['c0 + c1', 'i16', 'i16', '+'],
  ['c0 + c1', 'i64', 'i64', '+'],
  ['c0 - c1', 'i64', 'i64', '-'],
  ['c0 * c1', 'i64', 'i64', '*'],
  ['c0 // c1', 'i64', 'i64', '/'],
  ['c0::HUGEINT % c1', 'i64', 'i64', '%'],
  ['c0 + c1', 'dec', 'dec2', '+'],
  ['c0 - c1', 'dec', 'dec2', '-'],
  ['c0::DECIMAL(18,3) * c1::DECIMAL(20,5)', 'dec', 'dec2', '*'],
  ['c0 + c1', 'f64', 'f64', '+'],
  ['c0 * c1', 'f64', 'f64', '*'],
  ['c0 + c1', 'ts', 'interval', '+'],
  ['c0 - c1', 'ts', 'interval', '-'],
  ['c0 - c1', 'ts', 'ts', '-'],
  ['c0 + c1', 'date', 'interval', '+'],
  ['c0 + c1', 'interval', 'interval', '+'],
] as const)('%s of %s and %s', async (sql, left, right, op) => {
  await compare(sql, [left, right], arithmetic(op))
})

const COMPARISONS = ['=', '<>', '<', '<=', '>', '>=', 'IS DISTINCT FROM', 'IS NOT DISTINCT FROM'] as const

test.each(
  (['i32', 'i64', 'f64', 'dec', 'ts', 'date', 'interval', 'text'] as const).flatMap((name) =>
    COMPARISONS.map((op) => [name, op] as const),
  ),
)('comparison of %s by %s', async (name, op) => {
  await compare(`c0 ${op} c1`, [name, name], ([left, right]) => new ComparisonExpr(op, left!, right!))
})

test.each([
  ['i32', 'i64'],
  ['i64', 'dec'],
  ['ts', 'date'],
] as const)('comparison of %s with %s', async (a, b) => {
  await compare('c0 < c1', [a, b], ([left, right]) => {
    const type = commonType(left!.type, right!.type)!
    return new ComparisonExpr('<', coerceTo(left!, type), coerceTo(right!, type))
  })
})

test.each([
  ['i64', 'INTEGER', INT32],
  ['i64', 'SMALLINT', INT16],
  ['i64', 'DOUBLE', FLOAT64],
  ['i64', 'DECIMAL(25,2)', decimalType(25, 2)],
  ['i64', 'VARCHAR', UTF8],
  ['f64', 'INTEGER', INT32],
  ['f64', 'BIGINT', INT64],
  ['dec', 'INTEGER', INT32],
  ['dec', 'BIGINT', INT64],
  ['dec', 'DOUBLE', FLOAT64],
  ['dec', 'DECIMAL(10,1)', decimalType(10, 1)],
  ['dec', 'VARCHAR', UTF8],
  ['ts', 'DATE', DATE],
  ['ts', 'VARCHAR', UTF8],
  ['date', 'TIMESTAMP', MICROS],
  ['date', 'VARCHAR', UTF8],
] as const)('cast of %s to %s', async (name, sqlType, type) => {
  await compare(`CAST(c0 AS ${sqlType})`, [name], ([child]) => new CastExpr(child!, type, false))
  await compare(`TRY_CAST(c0 AS ${sqlType})`, [name], ([child]) => new CastExpr(child!, type, true))
})

test.each([
  ['i64', INT64, 'BIGINT'],
  ['dec', decimalType(12, 3), 'DECIMAL(12,3)'],
  ['ts', MICROS, 'TIMESTAMP'],
  ['date', DATE, 'DATE'],
  ['f64', FLOAT64, 'DOUBLE'],
] as const)('%s through text and back', async (name, type, sqlType) => {
  await compare(`CAST(CAST(c0 AS VARCHAR) AS ${sqlType})`, [name], ([child]) => {
    return new CastExpr(new CastExpr(child!, UTF8, false), type, false)
  })
})

test.each([
  ['c0 LIKE c1', { negated: false, caseInsensitive: false, escape: '' }],
  ['c0 NOT LIKE c1', { negated: true, caseInsensitive: false, escape: '' }],
  ['c0 ILIKE c1', { negated: false, caseInsensitive: true, escape: '' }],
  ["c0 LIKE rtrim(c1, 'b') ESCAPE 'b'", { negated: false, caseInsensitive: false, escape: 'b' }],
])('%s', async (sql, options) => {
  await compare(sql, ['text', 'pattern'], ([child, against]) => {
    // A pattern that ends with its escape character stops DuckDB's whole query.
    const trimmed = callFunction(functions.scalar('rtrim')!, [against!, literal('b')])!
    return new LikeExpr(child!, options.escape === 'b' ? trimmed : against!, options)
  })
})

const FIELDS = [
  'microseconds',
  'milliseconds',
  'second',
  'minute',
  'hour',
  'day',
  'week',
  'month',
  'quarter',
  'year',
  'decade',
]

test.each(FIELDS)("date_trunc('%s')", async (field) => {
  await compare(`date_trunc('${field}', c0)`, ['ts'], ([time]) => {
    return callFunction(functions.scalar('date_trunc')!, [literal(field), time!])!
  })
})

test.each([
  'minute',
  'hour',
  'day',
  'week',
  'month',
  'quarter',
  'year',
  'decade',
  'century',
  'millennium',
  'dow',
  'isodow',
  'doy',
  'isoyear',
])("date_part('%s')", async (field) => {
  await compare(`date_part('${field}', c0)::DOUBLE`, ['ts'], ([time]) => {
    return callFunction(functions.scalar('date_part')!, [literal(field), time!])!
  })
})

test.each([
  ["time_bucket(INTERVAL 15 MINUTE, c0, TIMESTAMP '1970-01-01')", '15 minutes'],
  ["time_bucket(INTERVAL 7 DAY, c0, TIMESTAMP '1970-01-01')", '7 days'],
  ["time_bucket(INTERVAL '250 milliseconds', c0, TIMESTAMP '1970-01-01')", '250 ms'],
])('date_bin as %s', async (sql, stride) => {
  await compare(sql, ['ts'], ([time]) => callFunction(functions.scalar('date_bin')!, [literal(stride), time!])!)
})

test.each([
  ['length(c0)', 'length', []],
  ['strlen(c0)', 'octet_length', []],
  ['lower(c0)', 'lower', []],
  ['upper(c0)', 'upper', []],
  ['trim(c0)', 'btrim', []],
  ["ltrim(c0, 'ab')", 'ltrim', ['ab']],
  ["rtrim(c0, 'ab')", 'rtrim', ['ab']],
  ["replace(c0, 'a', 'xy')", 'replace', ['a', 'xy']],
  ["strpos(c0, 'b')", 'strpos', ['b']],
  ["starts_with(c0, 'a')", 'starts_with', ['a']],
  ["ends_with(c0, 'b')", 'ends_with', ['b']],
  ["contains(c0, 'ab')", 'contains', ['ab']],
  ["split_part(c0, 'a', 2)", 'split_part', ['a', 2]],
  ["lpad(c0, 5, 'xy')", 'lpad', [5, 'xy']],
  ["rpad(c0, 5, 'é')", 'rpad', [5, 'é']],
  ['md5(c0)', 'md5', []],
  ['left(c0, -1)', 'left', [-1]],
  ['right(c0, 2)', 'right', [2]],
  ['repeat(c0, 3)', 'repeat', [3]],
] as const)('%s', async (sql, name, extra) => {
  await compare(sql, ['text'], ([value]) =>
    callFunction(functions.scalar(name)!, [value!, ...extra.map((arg) => literal(arg))])!,
  )
})

test('substring by columns', async () => {
  await compare('substring(c0, greatest(c1, 1), abs(c1))', ['text', 'small'], ([value, at]) => {
    const start = callFunction(functions.scalar('greatest')!, [at!, literal(1n)])!
    const count = callFunction(functions.scalar('abs')!, [at!])!
    return callFunction(functions.scalar('substring')!, [value!, start, count])!
  })
})

test.each([
  ['round(c0, 2)', 'round', [2], 'dec2'],
  ['floor(c0)', 'floor', [], 'f64'],
  ['ceil(c0)', 'ceil', [], 'f64'],
  ['trunc(c0)', 'trunc', [], 'f64'],
  ['abs(c0)', 'abs', [], 'i64'],
  ['abs(c0)', 'abs', [], 'f64'],
] as const)('%s by %s %j of %s', async (sql, name, extra, of) => {
  await compare(sql, [of], ([value]) =>
    callFunction(functions.scalar(name)!, [value!, ...extra.map((arg) => literal(arg))])!,
  )
})
