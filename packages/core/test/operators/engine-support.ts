import { Arena } from '@volley/kernels'
import { Field, Schema, type DataType } from 'apache-arrow'
import fc from 'fast-check'
import { expect } from 'vitest'
import {
  AggregateCall,
  BOOL,
  ColumnExpr,
  decimalType,
  defaultFunctions,
  executeAll,
  FilterExec,
  FLOAT64,
  formatPlan,
  INT32,
  INT64,
  ProjectionExec,
  scalarAt,
  TaskContext,
  timestampType,
  TimeUnit,
  typeName,
  UINT64,
  UnionExec,
  UTF8,
  ValuesExec,
  type ExecutionPlan,
  type Expr,
  type ScalarValue,
  type SortKey,
} from '../../src/index.ts'

// The same cases every time, unless asked for others; a failure prints the seed that it was found with.
fc.configureGlobal({ seed: Number(process.env.VOLLEY_SEED ?? 20_260_303) })

export interface Column {
  readonly name: string
  readonly type: DataType
  readonly sqlType: string
  readonly values: fc.Arbitrary<ScalarValue>
}

/** Rows whose first column is `live`: the rest are there to be filtered out. */
export interface Relation {
  readonly name: string
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly ScalarValue[])[]
}

const nullable = (values: fc.Arbitrary<ScalarValue>): fc.Arbitrary<ScalarValue> => fc.option(values, { nil: null })

const SMALL_TEXT = ['', 'a', 'ab', 'b', 'ä', '\u{1F600}', 'a longer text that is no prefix']
const WIDE = [0n, 1n, -1n, 9007199254740992n, 9007199254740993n, 9223372036854775807n, -9223372036854775808n]

export const columns = {
  int: (name: string, max = 4): Column => ({
    name,
    type: INT32,
    sqlType: 'INTEGER',
    values: nullable(fc.integer({ min: -1, max })),
  }),
  long: (name: string): Column => ({
    name,
    type: INT64,
    sqlType: 'BIGINT',
    values: nullable(fc.oneof(fc.constantFrom(...WIDE), fc.bigInt({ min: -5n, max: 5n }))),
  }),
  unsigned: (name: string): Column => ({
    name,
    type: UINT64,
    sqlType: 'UBIGINT',
    values: nullable(fc.constantFrom(0n, 1n, 9223372036854775808n, 18446744073709551615n)),
  }),
  double: (name: string): Column => ({
    name,
    type: FLOAT64,
    sqlType: 'DOUBLE',
    values: nullable(fc.constantFrom(0, -0, 1.5, -2.25, Number.NaN, Infinity, -Infinity, 1e300)),
  }),
  finite: (name: string): Column => ({
    name,
    type: FLOAT64,
    sqlType: 'DOUBLE',
    values: nullable(fc.constantFrom(0, -0, 1.5, -2.25, 3, 1000.125, 0.1)),
  }),
  text: (name: string): Column => ({
    name,
    type: UTF8,
    sqlType: 'VARCHAR',
    values: nullable(fc.constantFrom(...SMALL_TEXT)),
  }),
  bool: (name: string): Column => ({ name, type: BOOL, sqlType: 'BOOLEAN', values: nullable(fc.boolean()) }),
  time: (name: string): Column => ({
    name,
    type: timestampType(TimeUnit.MICROSECOND),
    sqlType: 'TIMESTAMP',
    values: nullable(fc.bigInt({ min: -3n, max: 3n }).map((n) => n * 3_600_000_001n)),
  }),
  decimal: (name: string): Column => ({
    name,
    type: decimalType(12, 2),
    sqlType: 'DECIMAL(12,2)',
    values: nullable(fc.constantFrom(0n, 1n, -150n, 99_999_999_999n, -99_999_999_999n)),
  }),
}

const LIVE: Column = { name: 'live', type: BOOL, sqlType: 'BOOLEAN', values: fc.boolean() }

export function relation(name: string, cols: readonly Column[], maxLength = 40, minLength = 0): fc.Arbitrary<Relation> {
  const live = fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) })
  const row = fc.tuple(live, ...cols.map((column) => column.values)) as fc.Arbitrary<ScalarValue[]>
  return fc.array(row, { minLength, maxLength }).map((rows) => ({ name, columns: [LIVE, ...cols], rows }))
}

export function schemaOf(cols: readonly Column[]): Schema {
  return new Schema(cols.map((column) => new Field(column.name, column.type, true)))
}

/** The live rows, dealt to partitions, as a plan whose batches have selections. */
export function scan(table: Relation, partitions: number): ExecutionPlan {
  const schema = schemaOf(table.columns)
  const parts = Array.from({ length: partitions }, (_, p) => {
    const rows = table.rows.filter((_, i) => i % partitions === p)
    return new ValuesExec(schema, rows)
  })
  const all = parts.length === 1 ? parts[0]! : new UnionExec(parts)
  const filtered = new FilterExec(all, new ColumnExpr(0, 'live', BOOL, true))
  const visible = table.columns.slice(1)
  const exprs = visible.map((column, i) => new ColumnExpr(i + 1, column.name, column.type, true))
  return new ProjectionExec(filtered, exprs, schemaOf(visible))
}

export function column(plan: ExecutionPlan, index: number): ColumnExpr {
  const field = plan.schema.fields[index]!
  return new ColumnExpr(index, field.name, field.type, field.nullable)
}

export const functions = defaultFunctions()

export function aggregate(
  name: string,
  args: readonly Expr[],
  options: { distinct?: boolean; filter?: Expr; orderBy?: readonly SortKey[] } = {},
): AggregateCall {
  const fn = functions.aggregate(name)!
  const resolved = fn.resolve(args.map((arg) => arg.type))!
  return new AggregateCall(fn, args, {
    distinct: options.distinct ?? false,
    filter: options.filter ?? null,
    orderBy: options.orderBy ?? [],
    type: resolved.returnType,
    nullable: fn.neverNull !== true,
    argTypes: resolved.argTypes,
  })
}

/** One arena for all tests of a file: each query must give everything back. */
const arena = new Arena({ reserveBytes: 256 * 1024 * 1024, poison: true })

export function testContext(batchSize: number, signal?: AbortSignal): TaskContext {
  return new TaskContext({ queryId: 'test', arena, batchSize, ...(signal === undefined ? {} : { signal }) })
}

export function expectNothingLive(plan: ExecutionPlan): void {
  expect(arena.liveBlocks, `blocks left by\n${formatPlan(plan)}`).toBe(0)
}

/** Runs a plan; asserts that no memory is left. */
export async function run(plan: ExecutionPlan, batchSize: number): Promise<ScalarValue[][]> {
  const context = testContext(batchSize)
  const stream = executeAll(plan, context)
  const rows: ScalarValue[][] = []
  try {
    for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
      expect(batch.columns.length).toBe(plan.schema.fields.length)
      for (let k = 0; k < batch.numRows; k++) {
        const row = batch.selection === null ? k : batch.selection[k]!
        rows.push(batch.columns.map((vector) => scalarAt(vector, row)))
      }
    }
  } finally {
    await stream.close()
    await context.close()
    expectNothingLive(plan)
  }
  return rows
}

const isFloat = (type: DataType): boolean => typeName(type).startsWith('Float')

/** A value as text that is equal in both engines for equal values. */
export function textOf(value: unknown, type: DataType): string {
  if (value === null || value === undefined) return 'NULL'
  if (isFloat(type)) return String(Number(value) + 0)
  if (typeName(type) !== 'List') return String(value)
  return `[${(value as readonly unknown[]).map((item) => textOf(item, type.children![0]!.type)).join(',')}]`
}

/** Rows as sorted text, for comparing multisets whose floats are not computed. */
export function multiset(rows: readonly (readonly unknown[])[], types: readonly DataType[]): string[] {
  return rows.map((row) => row.map((value, i) => textOf(value, types[i]!)).join(' | ')).sort()
}

/** Whether two values are equal, floats (which may be added up in another order) to one part in 10^12. */
export function isSame(a: unknown, b: unknown, type: DataType): boolean {
  if (!isFloat(type) || (a ?? null) === null || (b ?? null) === null) return textOf(a, type) === textOf(b, type)
  const [x, y] = [Number(a), Number(b)]
  return Object.is(x, y) || Math.abs(x - y) <= 1e-12 * Math.max(Math.abs(x), Math.abs(y))
}

/** Expects two multisets of rows to be the same, value by value as `isSame` says. */
export function expectSameRows(
  actual: readonly (readonly unknown[])[],
  expected: readonly (readonly unknown[])[],
  types: readonly DataType[],
  note?: string,
): void {
  const exact = (row: readonly unknown[]): string =>
    row.map((value, i) => (isFloat(types[i]!) ? '~' : textOf(value, types[i]!))).join(' | ')
  const left = Map.groupBy(actual, exact)
  const missing = expected.filter((row) => {
    const candidates = left.get(exact(row)) ?? []
    const at = candidates.findIndex((candidate) => row.every((value, i) => isSame(candidate[i], value, types[i]!)))
    if (at >= 0) candidates.splice(at, 1)
    return at < 0
  })
  const extra = [...left.values()].flat()
  expect({ missing: multiset(missing, types), extra: multiset(extra, types) }, note).toEqual({ missing: [], extra: [] })
}

export function typesOf(plan: ExecutionPlan): DataType[] {
  return plan.schema.fields.map((field) => field.type)
}

export const batchSizes: fc.Arbitrary<number> = fc.constantFrom(1, 3, 4096)
export const partitionCounts: fc.Arbitrary<number> = fc.integer({ min: 1, max: 4 })
