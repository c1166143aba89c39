import { Field, Schema } from 'apache-arrow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  CoalescePartitionsExec,
  ComparisonExpr,
  decimalType,
  DEFAULT_FRAME,
  hashPartitioning,
  INTERVAL,
  literal,
  type LiteralExpr,
  type ScalarValue,
  RepartitionExec,
  SortExec,
  WindowCall,
  WindowExec,
  type ExecutionPlan,
  type Expr,
  type FrameBound,
  type SortKey,
  type WindowFrame,
} from '../../src/index.ts'
import { createTable, query } from './duckdb.ts'
import {
  batchSizes,
  column,
  columns,
  functions,
  expectSameRows,
  partitionCounts,
  relation,
  run,
  scan,
  typesOf,
  type Relation,
} from './engine-support.ts'

/** `id` is unique, so that an order that ends with it has no ties. */
const ID = 3
const table = relation('t', [columns.int('g', 1), columns.int('o', 5), columns.int('v', 20)]).map((rows): Relation => ({
  ...rows,
  columns: [...rows.columns, columns.int('id')],
  rows: rows.rows.map((row, i) => [...row, i]),
}))

interface Case {
  readonly sql: string
  readonly name: string
  readonly args: (plan: ExecutionPlan) => Expr[]
  readonly ignoreNulls?: boolean
  readonly filter?: (plan: ExecutionPlan) => Expr
  readonly distinct?: boolean
  readonly argumentOrder?: (plan: ExecutionPlan) => SortKey[]
}

const v = (plan: ExecutionPlan): Expr => column(plan, 2)

/** Answers that do not depend on the order of peers. */
const PEER_SAFE: readonly Case[] = [
  { sql: 'rank()', name: 'rank', args: () => [] },
  { sql: 'dense_rank()', name: 'dense_rank', args: () => [] },
  { sql: 'percent_rank()', name: 'percent_rank', args: () => [] },
  { sql: 'cume_dist()', name: 'cume_dist', args: () => [] },
]

const ORDERED: readonly Case[] = [
  { sql: 'row_number()', name: 'row_number', args: () => [] },
  { sql: 'ntile(3)', name: 'ntile', args: () => [literal(3n)] },
  { sql: 'lag(v)', name: 'lag', args: (p) => [v(p)] },
  { sql: 'lead(v, 2, -7)', name: 'lead', args: (p) => [v(p), literal(2n), literal(-7)] },
  { sql: 'lag(v, 1 IGNORE NULLS)', name: 'lag', args: (p) => [v(p), literal(1n)], ignoreNulls: true },
  { sql: 'lead(v, 2 IGNORE NULLS)', name: 'lead', args: (p) => [v(p), literal(2n)], ignoreNulls: true },
]

const FRAMED: readonly Case[] = [
  { sql: 'sum(v)', name: 'sum', args: (p) => [v(p)] },
  { sql: 'count(*)', name: 'count', args: () => [] },
  { sql: 'avg(v)', name: 'avg', args: (p) => [v(p)] },
  { sql: 'min(v)', name: 'min', args: (p) => [v(p)] },
  { sql: 'max(v)', name: 'max', args: (p) => [v(p)] },
  {
    sql: 'sum(v) FILTER (WHERE v > 3)',
    name: 'sum',
    args: (p) => [v(p)],
    filter: (p) => new ComparisonExpr('>', v(p), literal(3)),
  },
  { sql: 'sum(DISTINCT v)', name: 'sum', args: (p) => [v(p)], distinct: true },
  { sql: 'count(DISTINCT v)', name: 'count', args: (p) => [v(p)], distinct: true },
  { sql: 'array_agg(v)', name: 'array_agg', args: (p) => [v(p)] },
  {
    sql: 'array_agg(v ORDER BY id DESC NULLS LAST)',
    name: 'array_agg',
    args: (p) => [v(p)],
    argumentOrder: (p) => [{ expr: column(p, ID), descending: true, nullsFirst: false }],
  },
  { sql: 'first_value(v)', name: 'first_value', args: (p) => [v(p)] },
  { sql: 'last_value(v)', name: 'last_value', args: (p) => [v(p)] },
  { sql: 'nth_value(v, 2)', name: 'nth_value', args: (p) => [v(p), literal(2n)] },
  { sql: 'first_value(v IGNORE NULLS)', name: 'first_value', args: (p) => [v(p)], ignoreNulls: true },
  { sql: 'last_value(v IGNORE NULLS)', name: 'last_value', args: (p) => [v(p)], ignoreNulls: true },
]

function call(
  plan: ExecutionPlan,
  one: Case,
  partitionBy: readonly Expr[],
  orderBy: readonly SortKey[],
  frame: WindowFrame,
): WindowCall {
  const fn = functions.window(one.name) ?? functions.aggregate(one.name)!
  const args = one.args(plan)
  const resolved = fn.resolve(args.map((arg) => arg.type))!
  return new WindowCall(fn, args, {
    partitionBy,
    orderBy,
    frame,
    type: resolved.returnType,
    nullable: true,
    filter: one.filter?.(plan) ?? null,
    ignoreNulls: one.ignoreNulls ?? false,
    distinct: one.distinct ?? false,
    argumentOrder: one.argumentOrder?.(plan) ?? [],
  })
}

const start: fc.Arbitrary<FrameBound> = fc.oneof(
  fc.constantFrom<FrameBound>({ kind: 'unbounded_preceding', offset: null }, { kind: 'current_row', offset: null }),
  fc.record({
    kind: fc.constantFrom('preceding' as const, 'following' as const),
    offset: fc.integer({ min: 0, max: 3 }).map((n) => literal(n)),
  }),
)
const end: fc.Arbitrary<FrameBound> = fc.oneof(
  fc.constantFrom<FrameBound>({ kind: 'unbounded_following', offset: null }, { kind: 'current_row', offset: null }),
  fc.record({
    kind: fc.constantFrom('preceding' as const, 'following' as const),
    offset: fc.integer({ min: 0, max: 3 }).map((n) => literal(n)),
  }),
)
const RANK: Record<FrameBound['kind'], number> = {
  unbounded_preceding: 0,
  preceding: 1,
  current_row: 2,
  following: 3,
  unbounded_following: 4,
}
const frames: fc.Arbitrary<WindowFrame> = fc
  .record({
    units: fc.constantFrom('rows' as const, 'range' as const, 'groups' as const),
    start,
    end,
    exclude: fc.constantFrom('no_others' as const, 'current_row' as const, 'group' as const, 'ties' as const),
  })
  .filter((frame) => !isInverted(frame))

/** DuckDB counts -1 rows in a frame that begins behind its end. */
function isInverted({ start, end }: WindowFrame): boolean {
  if (start.kind !== end.kind) return RANK[start.kind] > RANK[end.kind]
  const [from, to] = [start.offset, end.offset].map((offset) => Number(String(offset ?? 0)))
  return start.kind === 'preceding' ? from! < to! : from! > to!
}

function frameSql(frame: WindowFrame): string {
  const bound = ({ kind, offset }: FrameBound): string =>
    offset === null ? kind.replaceAll('_', ' ') : `${offset} ${kind}`
  const exclude = frame.exclude === 'no_others' ? 'NO OTHERS' : frame.exclude.replaceAll('_', ' ')
  return `${frame.units} BETWEEN ${bound(frame.start)} AND ${bound(frame.end)} EXCLUDE ${exclude}`
}

function windowPlan(input: ExecutionPlan, calls: readonly WindowCall[]): ExecutionPlan {
  const fields = calls.map((one, i) => new Field(`w${i}`, one.type, true))
  return new WindowExec(input, calls, new Schema([...input.schema.fields, ...fields]))
}

test('ranks, shifts and frames equal DuckDB’s', async () => {
  let rowsSeen = 0
  const used = new Set<string>()
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.shuffledSubarray([...PEER_SAFE, ...ORDERED, ...FRAMED], { minLength: 1, maxLength: 5 }),
      fc.record({ partitioned: fc.boolean(), descending: fc.boolean(), nullsFirst: fc.boolean() }),
      frames,
      fc.record({ batchSize: batchSizes, partitions: partitionCounts }),
      async (rows, cases, options, frame, layout) => {
        const scanned = scan(rows, layout.partitions)
        const input = options.partitioned
          ? new RepartitionExec(scanned, hashPartitioning([column(scanned, 0)], 2))
          : new CoalescePartitionsExec(scanned)
        const order: SortKey = {
          expr: column(input, 1),
          descending: options.descending,
          nullsFirst: options.nullsFirst,
        }
        const unique: SortKey = { expr: column(input, ID), descending: false, nullsFirst: false }
        const partitionBy = options.partitioned ? [column(input, 0)] : []
        const tied = (one: Case): boolean =>
          PEER_SAFE.includes(one) || (FRAMED.includes(one) && frame.units === 'range')
        // Peers stand in any order, so what depends on it is asked without peers, or not at all.
        const asked = cases.filter((one) => !tied(one) || PEER_SAFE.includes(one) || isSetAggregate(one))
        if (asked.length === 0) return
        const calls = asked.map((one) =>
          call(
            input,
            one,
            partitionBy,
            tied(one) ? [order] : [order, unique],
            FRAMED.includes(one) ? frame : DEFAULT_FRAME,
          ),
        )
        const plan = windowPlan(input, calls)
        await createTable(rows)
        const partition = options.partitioned ? 'PARTITION BY g' : ''
        const key = `o ${options.descending ? 'DESC' : 'ASC'} NULLS ${options.nullsFirst ? 'FIRST' : 'LAST'}`
        const select = asked.map(
          (one) =>
            `${one.sql} OVER (${partition} ORDER BY ${tied(one) ? key : `${key}, id`} ${FRAMED.includes(one) ? frameSql(frame) : ''})`,
        )
        const expected = await query(`SELECT *, ${select.join(', ')} FROM t`)
        rowsSeen += expected.length
        for (const one of asked) used.add(one.sql)
        const types = typesOf(plan)
        expectSameRows(await run(plan, layout.batchSize), expected, types)
      },
    ),
    { numRuns: 100 },
  )
  expect(rowsSeen).toBeGreaterThan(150)
  expect(used.size).toBeGreaterThan(PEER_SAFE.length + ORDERED.length + FRAMED.length - 4)
})

function isSetAggregate(one: Case): boolean {
  return ['sum', 'count', 'avg', 'min', 'max'].includes(one.name)
}

test('a frame that begins behind its end is empty', async () => {
  const rows = [0, 1, 2].map((i) => [true, i, 10])
  const input = scan({ name: 't', columns: [columns.bool('live'), columns.int('i'), columns.int('v')], rows }, 1)
  const order: SortKey = { expr: column(input, 0), descending: false, nullsFirst: false }
  for (const units of ['rows', 'groups', 'range'] as const) {
    const frame: WindowFrame = {
      units,
      start: { kind: 'following', offset: literal(2) },
      end: { kind: 'following', offset: literal(1) },
      exclude: 'no_others',
    }
    const count: Case = { sql: 'count(*)', name: 'count', args: () => [] }
    const sum: Case = { sql: 'sum(v)', name: 'sum', args: (p) => [column(p, 1)] }
    const plan = windowPlan(input, [call(input, count, [], [order], frame), call(input, sum, [], [order], frame)])
    expect((await run(plan, 3)).map((row) => row.slice(2))).toEqual([0, 1, 2].map(() => [0n, null]))
  }
})

test('RANGE offsets measure integers at their limits, doubles, decimals and timestamps', async () => {
  const hour = literal({ months: 0, days: 0, nanos: 3_600_000_000_000n }, INTERVAL)
  const keys = [
    { column: columns.long('k'), offset: literal(2n), sql: '2' },
    { column: columns.finite('k'), offset: literal(1.5), sql: '1.5' },
    { column: columns.decimal('k'), offset: literal(100n, decimalType(5, 2)), sql: '1.00' },
    { column: columns.time('k'), offset: hour, sql: 'INTERVAL 1 HOUR' },
  ]
  let wide = 0
  for (const { column: key, offset, sql } of keys) {
    await fc.assert(
      fc.asyncProperty(
        relation('t', [key, columns.int('v', 20)], 30, 5),
        fc.record({ descending: fc.boolean(), nullsFirst: fc.boolean() }),
        fc.constantFrom(
          ['preceding', 'following'] as const,
          ['preceding', 'preceding'] as const,
          ['following', 'following'] as const,
        ),
        async (rows, { descending, nullsFirst }, [from, to]) => {
          const live = rows.rows.filter((row) => row[0] === true)
          const input = scan(rows, 1)
          const order: SortKey = { expr: column(input, 0), descending, nullsFirst }
          const frame: WindowFrame = {
            units: 'range',
            start: { kind: from, offset },
            end: { kind: to, offset },
            exclude: 'no_others',
          }
          const one: Case = { sql: 'count(*)', name: 'count', args: () => [] }
          const two: Case = { sql: 'sum(v)', name: 'sum', args: (p) => [column(p, 1)] }
          const plan = windowPlan(input, [call(input, one, [], [order], frame), call(input, two, [], [order], frame)])
          // By definition, because DuckDB overflows at the limits of integers.
          const values = live.map((row) => measure(row[1]!))
          const size = measure(scalarOf(offset))
          const expected = live.map((row, i) => {
            const at = values[i]!
            const members = live.filter((_, j) => {
              const other = values[j]!
              if (at === null || other === null) return at === other
              const distance = descending ? at - other : other - at
              const low = from === 'preceding' ? -size! : size!
              const high = to === 'preceding' ? -size! : size!
              return distance >= low && distance <= high
            })
            const sums = members.map((member) => member[2]).filter((v) => v !== null) as number[]
            wide += +(members.length > 1)
            const total = sums.length === 0 ? null : sums.reduce((a, b) => a + b, 0)
            return [row[1], row[2], members.length, total]
          })
          const types = typesOf(plan)
          expectSameRows(await run(plan, 3), expected, types, sql)
        },
      ),
      { numRuns: 15 },
    )
  }
  expect(wide).toBeGreaterThan(50)
})

/** A key or offset as a number of one unit, exact: integers and decimals as they are, doubles by 1000, times in microseconds. */
function measure(value: ScalarValue): bigint | null {
  if (value === null) return null
  if (typeof value === 'bigint') return value
  return typeof value === 'number' ? BigInt(Math.round(value * 1000)) : 3_600_000_000n
}

function scalarOf(expr: Expr): ScalarValue {
  return (expr as LiteralExpr).value
}

test('large sliding frames give what small ones give', async () => {
  const rows = Array.from({ length: 900 }, (_, i) => [true, 0, i, (i * 7919) % 101, i])
  const source = scan(
    {
      name: 't',
      columns: [columns.bool('live'), columns.int('g'), columns.int('o'), columns.int('v'), columns.int('id')],
      rows,
    },
    1,
  )
  const input = new SortExec(source, [{ expr: column(source, ID), descending: false, nullsFirst: false }], null, false)
  const order: SortKey = { expr: column(input, ID), descending: false, nullsFirst: false }
  const frame: WindowFrame = {
    units: 'rows',
    start: { kind: 'preceding', offset: literal(300) },
    end: { kind: 'following', offset: literal(200) },
    exclude: 'current_row',
  }
  const cases = ['sum(v)', 'min(v)', 'array_agg(v)'].map((sql) => FRAMED.find((one) => one.sql === sql)!)
  const plan = windowPlan(
    input,
    cases.map((one) => call(input, one, [], [order], frame)),
  )
  const result = await run(plan, 4096)
  const values = rows.map((row) => row[3] as number)
  for (const [i, row] of result.entries()) {
    const members = values.slice(Math.max(0, i - 300), i + 201).filter((_, k) => k + Math.max(0, i - 300) !== i)
    expect(row[4]).toBe(BigInt(members.reduce((a, b) => a + b, 0)))
    expect(row[5]).toBe(Math.min(...members))
    expect(row[6]).toEqual(members)
  }
  expect(result.length).toBe(900)
})
