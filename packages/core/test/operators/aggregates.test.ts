import { Field, Schema } from 'apache-arrow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  AggregateExec,
  CoalescePartitionsExec,
  ColumnExpr,
  ComparisonExpr,
  formatPlan,
  hashPartitioning,
  literal,
  RepartitionExec,
  UINT32,
  scalarAt,
  SortExec,
  typesEqual,
  vectorOf,
  RecordBatch,
  type AggregateCall,
  type ExecutionPlan,
  type Expr,
  type GroupsAccumulator,
  type SortKey,
} from '../../src/index.ts'
import { createTable, query } from './duckdb.ts'
import {
  aggregate,
  batchSizes,
  column,
  columns,
  expectSameRows,
  functions,
  partitionCounts,
  relation,
  run,
  scan,
  testContext,
  isSame,
  textOf,
  typesOf,
} from './engine-support.ts'

const KEYS = [
  columns.int('i'),
  columns.long('n'),
  columns.double('d'),
  columns.text('t'),
  columns.bool('b'),
  columns.time('ts'),
  columns.decimal('m'),
]
const VALUES = [
  columns.int('vi', 20),
  columns.long('vn'),
  columns.finite('vf'),
  columns.text('vt'),
  columns.unsigned('vu'),
]
const VALUE_AT = KEYS.length
const table = relation('t', [...KEYS, ...VALUES])

interface Case {
  readonly sql: string
  readonly make: (plan: ExecutionPlan) => AggregateCall
}

const at = (plan: ExecutionPlan, i: number): Expr => column(plan, VALUE_AT + i)
const positive = (plan: ExecutionPlan): Expr => new ComparisonExpr('>', at(plan, 0), literal(2))
const asc = (expr: Expr): SortKey => ({ expr, descending: false, nullsFirst: false })
const desc = (expr: Expr): SortKey => ({ expr, descending: true, nullsFirst: true })

const CASES: readonly Case[] = [
  { sql: 'count(*)', make: () => aggregate('count', []) },
  { sql: 'count(vi)', make: (p) => aggregate('count', [at(p, 0)]) },
  { sql: 'sum(vi)', make: (p) => aggregate('sum', [at(p, 0)]) },
  { sql: 'sum(vn)', make: (p) => aggregate('sum', [at(p, 1)]) },
  { sql: 'sum(vu::DECIMAL(38,0))', make: (p) => aggregate('sum', [at(p, 4)]) },
  { sql: 'sum(vf)', make: (p) => aggregate('sum', [at(p, 2)]) },
  { sql: 'sum(m)', make: (p) => aggregate('sum', [column(p, 6)]) },
  { sql: 'avg(vi)', make: (p) => aggregate('avg', [at(p, 0)]) },
  { sql: 'avg(vf)', make: (p) => aggregate('avg', [at(p, 2)]) },
  { sql: 'min(d)', make: (p) => aggregate('min', [column(p, 2)]) },
  { sql: 'max(d)', make: (p) => aggregate('max', [column(p, 2)]) },
  { sql: 'min(vt)', make: (p) => aggregate('min', [at(p, 3)]) },
  { sql: 'max(vt)', make: (p) => aggregate('max', [at(p, 3)]) },
  { sql: 'min(vn)', make: (p) => aggregate('min', [at(p, 1)]) },
  { sql: 'max(vu)', make: (p) => aggregate('max', [at(p, 4)]) },
  { sql: 'max(ts)', make: (p) => aggregate('max', [column(p, 5)]) },
  { sql: 'min(m)', make: (p) => aggregate('min', [column(p, 6)]) },
  { sql: 'max(b)', make: (p) => aggregate('max', [column(p, 4)]) },
  { sql: 'bool_and(b)', make: (p) => aggregate('bool_and', [column(p, 4)]) },
  { sql: 'bool_or(b)', make: (p) => aggregate('bool_or', [column(p, 4)]) },
  { sql: 'count(DISTINCT vi)', make: (p) => aggregate('count', [at(p, 0)], { distinct: true }) },
  { sql: 'count(DISTINCT vt)', make: (p) => aggregate('count', [at(p, 3)], { distinct: true }) },
  { sql: 'count(DISTINCT d)', make: (p) => aggregate('count', [column(p, 2)], { distinct: true }) },
  { sql: 'count(DISTINCT b)', make: (p) => aggregate('count', [column(p, 4)], { distinct: true }) },
  { sql: 'count(DISTINCT ts)', make: (p) => aggregate('count', [column(p, 5)], { distinct: true }) },
  { sql: 'sum(DISTINCT m)', make: (p) => aggregate('sum', [column(p, 6)], { distinct: true }) },
  { sql: 'sum(DISTINCT vn)', make: (p) => aggregate('sum', [at(p, 1)], { distinct: true }) },
  { sql: 'sum(DISTINCT vi)', make: (p) => aggregate('sum', [at(p, 0)], { distinct: true }) },
  { sql: 'sum(vi) FILTER (WHERE vi > 2)', make: (p) => aggregate('sum', [at(p, 0)], { filter: positive(p) }) },
  { sql: 'count(*) FILTER (WHERE vi > 2)', make: (p) => aggregate('count', [], { filter: positive(p) }) },
  {
    sql: 'count(DISTINCT vt) FILTER (WHERE vi > 2)',
    make: (p) => aggregate('count', [at(p, 3)], { distinct: true, filter: positive(p) }),
  },
  { sql: 'var_samp(vf)', make: (p) => aggregate('var_samp', [at(p, 2)]) },
  { sql: 'var_pop(vf)', make: (p) => aggregate('var_pop', [at(p, 2)]) },
  { sql: 'stddev_samp(vf)', make: (p) => aggregate('stddev', [at(p, 2)]) },
  { sql: 'covar_pop(vf, vf)', make: (p) => aggregate('covar_pop', [at(p, 2), at(p, 2)]) },
  { sql: 'median(vf)', make: (p) => aggregate('median', [at(p, 2)]) },
  {
    sql: "string_agg(vt, '-' ORDER BY vt)",
    make: (p) => aggregate('string_agg', [at(p, 3), literal('-')], { orderBy: [asc(at(p, 3))] }),
  },
  {
    sql: "string_agg(DISTINCT vt, '-' ORDER BY vt)",
    make: (p) => aggregate('string_agg', [at(p, 3), literal('-')], { distinct: true, orderBy: [asc(at(p, 3))] }),
  },
  {
    sql: 'array_agg(vi ORDER BY vi DESC NULLS FIRST)',
    make: (p) => aggregate('array_agg', [at(p, 0)], { orderBy: [desc(at(p, 0))] }),
  },
  {
    sql: 'first(vi ORDER BY vi NULLS LAST)',
    make: (p) => aggregate('first_value', [at(p, 0)], { orderBy: [asc(at(p, 0))] }),
  },
  {
    sql: 'last(vi ORDER BY vi NULLS LAST)',
    make: (p) => aggregate('last_value', [at(p, 0)], { orderBy: [asc(at(p, 0))] }),
  },
  {
    sql: 'percentile_cont(0.25) WITHIN GROUP (ORDER BY vf)',
    make: (p) => aggregate('percentile_cont', [literal(0.25), at(p, 2)], { orderBy: [asc(at(p, 2))] }),
  },
  {
    sql: 'percentile_disc(0.5) WITHIN GROUP (ORDER BY vi)',
    make: (p) => aggregate('percentile_disc', [literal(0.5), at(p, 0)], { orderBy: [asc(at(p, 0))] }),
  },
]

function outputSchema(groups: readonly Expr[], calls: readonly AggregateCall[], withId = false): Schema {
  return new Schema([
    ...groups.map((group, i) => new Field(`g${i}`, group.type, true)),
    ...(withId ? [new Field('__grouping_id', UINT32, false)] : []),
    ...calls.map((call, i) => new Field(`a${i}`, call.type, call.nullable)),
  ])
}

type Shape = 'single' | 'two phases' | 'hashed'

/** The same aggregate in one step, or as partial states that are merged. */
function plan(
  input: ExecutionPlan,
  shape: Shape,
  groupsOf: (plan: ExecutionPlan) => Expr[],
  calls: readonly AggregateCall[],
  sets: readonly (readonly number[])[] | null = null,
): ExecutionPlan {
  const groups = groupsOf(input)
  const schema = outputSchema(groups, calls, sets !== null)
  if (shape === 'single') {
    return new AggregateExec(new CoalescePartitionsExec(input), 'single', groups, sets, calls, schema)
  }
  const fields = groups.map((group, i) => new Field(`g${i}`, group.type, true))
  const states = AggregateExec.partialSchema(fields, sets, calls)
  const partial = new AggregateExec(input, 'partial', groups, sets, calls, states)
  const keys = fields.map((field, i) => new ColumnExpr(i, field.name, field.type, true))
  if (shape === 'hashed' && keys.length > 0) {
    const dealt = new RepartitionExec(partial, hashPartitioning(keys, 3))
    return new AggregateExec(dealt, 'final', keys, sets, calls, schema)
  }
  return new AggregateExec(new CoalescePartitionsExec(partial), 'final', keys, sets, calls, schema)
}

test('aggregates in one step or merged equal DuckDB’s, whatever the keys', async () => {
  let groups = 0
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.uniqueArray(fc.nat(KEYS.length - 1), { maxLength: 3 }),
      fc.uniqueArray(fc.nat(CASES.length - 1), { minLength: 1, maxLength: 6 }),
      fc.constantFrom<Shape>('single', 'two phases', 'hashed'),
      fc.record({ batchSize: batchSizes, partitions: partitionCounts }),
      async (rows, keys, cases, shape, layout) => {
        const input = scan(rows, layout.partitions)
        const calls = cases.map((i) => CASES[i]!.make(input))
        const aggregated = plan(input, shape, (p) => keys.map((key) => column(p, key)), calls)
        await createTable(rows)
        const names = keys.map((key) => KEYS[key]!.name)
        const select = [...names, ...cases.map((i) => CASES[i]!.sql)].join(', ')
        const expected = await query(
          `SELECT ${select} FROM t ${names.length > 0 ? `GROUP BY ${names.join(', ')}` : ''}`,
        )
        groups += expected.length
        const types = typesOf(aggregated)
        expectSameRows(await run(aggregated, layout.batchSize), expected, types)
      },
    ),
    { numRuns: 80 },
  )
  expect(groups).toBeGreaterThan(100)
})

test('sorted rows are aggregated as they come, in their order', async () => {
  let early = 0
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.uniqueArray(fc.nat(KEYS.length - 1), { minLength: 1, maxLength: 2 }),
      fc.uniqueArray(fc.nat(CASES.length - 1), { minLength: 1, maxLength: 4 }),
      fc.record({ batchSize: fc.constantFrom(1, 3), descending: fc.boolean(), partial: fc.boolean() }),
      async (rows, keys, cases, layout) => {
        const input = scan(rows, 1)
        const calls = cases.map((i) => CASES[i]!.make(input))
        const order = keys.map((key) => ({ expr: column(input, key), descending: layout.descending, nullsFirst: true }))
        const sorted = new SortExec(input, order, null, false)
        const groups = keys.map((key) => column(sorted, key))
        const aggregated = layout.partial
          ? plan(sorted, 'two phases', () => groups, calls)
          : new AggregateExec(sorted, 'single', groups, null, calls, outputSchema(groups, calls, false))
        expect(formatPlan(aggregated)).toContain('input=sorted')
        await createTable(rows)
        const names = keys.map((key) => KEYS[key]!.name)
        const select = [...names, ...cases.map((i) => CASES[i]!.sql)].join(', ')
        const direction = layout.descending ? 'DESC NULLS FIRST' : 'ASC NULLS FIRST'
        const by = names.map((name) => `${name} ${direction}`).join(', ')
        const expected = await query(`SELECT ${select} FROM t GROUP BY ${names.join(', ')} ORDER BY ${by}`)
        early += +(expected.length > layout.batchSize)
        const types = typesOf(aggregated)
        const actual = await run(aggregated, layout.batchSize)
        expectSameRows(actual, expected, types)
        if (aggregated.ordering.length === 0) return
        const keysOf = (list: readonly (readonly unknown[])[]): string[] =>
          list.map((row) => keys.map((_, i) => textOf(row[i], types[i]!)).join(' | '))
        expect(keysOf(actual)).toEqual(keysOf(expected))
      },
    ),
    { numRuns: 60 },
  )
  expect(early).toBeGreaterThan(20)
})

test('grouping sets count each row in each set, and keep the grand total of nothing', async () => {
  const sets = [[0, 1], [0], [1], []]
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.constantFrom<Shape>('single', 'two phases', 'hashed'),
      fc.record({ batchSize: batchSizes, partitions: partitionCounts }),
      async (rows, shape, layout) => {
        const input = scan(rows, layout.partitions)
        const calls = [aggregate('count', []), aggregate('sum', [at(input, 0)])]
        const grouped = plan(input, shape, (p) => [column(p, 0), column(p, 3)], calls, sets)
        await createTable(rows)
        const number = 'CASE grouping(i, t) WHEN 0 THEN 0 WHEN 1 THEN 1 WHEN 2 THEN 2 ELSE 3 END'
        const expected = await query(
          `SELECT i, t, ${number}, count(*), sum(vi) FROM t GROUP BY GROUPING SETS ((i, t), (i), (t), ())`,
        )
        expect(expected.length).toBeGreaterThan(0)
        const types = typesOf(grouped)
        expectSameRows(await run(grouped, layout.batchSize), expected, types)
      },
    ),
    { numRuns: 30 },
  )
})

test('states merge in any tree to what all rows give at once', async () => {
  let merges = 0
  let joins = 0
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.infiniteStream(fc.nat()),
      fc.integer({ min: 2, max: 6 }),
      async (rows, choices, leaves) => {
        const GROUPS = 3
        const input = scan(rows, 1)
        const context = testContext(3)
        const region = context.region()
        const live = rows.rows.filter((row) => row[0] === true)
        const vectors = rows.columns.slice(1).map((one, i) =>
          vectorOf(
            one.type,
            live.map((row) => row[i + 1]!),
            region,
          ),
        )
        const batch = new RecordBatch(input.schema, vectors, live.length, null, region)
        const all = Uint32Array.from(live.keys())
        const everyGroup = Uint32Array.from({ length: GROUPS }, (_, g) => g)
        const made: GroupsAccumulator[] = []
        for (const { make, sql } of CASES) {
          const call = make(input)
          if (call.filter !== null) continue
          // Those with an arena and those without give and take the same states.
          const create = (): GroupsAccumulator => {
            const accumulator = call.createAccumulator(choices.next().value! % 2 === 0 ? context.arena : null)
            made.push(accumulator)
            return accumulator
          }
          const args = call.inputs.map((expr) => expr.evaluate(batch, null, region))
          const fill = (members: Uint32Array, groupOf = (row: number): number => row % GROUPS): GroupsAccumulator => {
            const accumulator = create()
            accumulator.update(GROUPS, members.map(groupOf), args, members, members.length)
            return accumulator
          }
          const whole = fill(all).evaluate(GROUPS, region)
          const parts = Array.from({ length: leaves }, (_, leaf) => fill(all.filter((row) => row % leaves === leaf)))
          while (parts.length > 1) {
            const [a] = parts.splice(choices.next().value! % parts.length, 1)
            const b = parts.splice(choices.next().value! % parts.length, 1)[0]!
            const merged = create()
            merged.merge(GROUPS, everyGroup, a!.state(GROUPS, region), null, GROUPS)
            merged.merge(GROUPS, everyGroup, b.state(GROUPS, region), null, GROUPS)
            parts.push(merged)
            merges++
          }
          if (call.holdsRows && call.orderBy.length === 0) {
            const joined = fill(all)
            joined.mergeGroup(GROUPS, 0, 1)
            const both = fill(
              all.filter((row) => row % GROUPS !== 2),
              (row) => (row % GROUPS === 1 ? 0 : row % GROUPS),
            )
            const [one, other] = [
              scalarAt(joined.evaluate(GROUPS, region), 0),
              scalarAt(both.evaluate(GROUPS, region), 0),
            ]
            expect(isSame(one, other, call.type), `${sql} of two groups: ${one}, not ${other}`).toBe(true)
            joins++
          }
          const result = parts[0]!.evaluate(GROUPS, region)
          for (let g = 0; g < GROUPS; g++) {
            const [merged, single] = [scalarAt(result, g), scalarAt(whole, g)]
            expect(isSame(merged, single, call.type), `${sql}: ${merged}, not ${single}`).toBe(true)
          }
        }
        for (const accumulator of made) accumulator.release()
        region.release()
      },
    ),
    { numRuns: 20 },
  )
  expect(merges).toBeGreaterThan(500)
  expect(joins).toBeGreaterThan(50)
})

test('rows of one group give what they give as rows of a group', async () => {
  const all = new Set<string>()
  await fc.assert(
    fc.asyncProperty(table, fc.nat(3), fc.boolean(), async (rows, dropped, whole) => {
      const input = scan(rows, 1)
      const context = testContext(3)
      const region = context.region()
      const { length } = rows.rows
      const vectors = rows.columns.slice(1).map((one, i) =>
        vectorOf(
          one.type,
          rows.rows.map((row) => row[i + 1]!),
          region,
        ),
      )
      const batch = new RecordBatch(input.schema, vectors, length, null, region)
      const some = whole ? null : Uint32Array.from(rows.rows.keys()).filter((row) => row % 4 !== dropped)
      const count = some === null ? length : some.length
      const middle = count >> 1
      for (const argument of vectors.keys()) {
        for (const name of ['count', 'sum', 'avg', 'min', 'max']) {
          const resolved = functions.aggregate(name)!.resolve([vectors[argument]!.type])
          if (resolved === null || !typesEqual(resolved.argTypes[0]!, vectors[argument]!.type)) continue
          const call = aggregate(name, [column(input, argument)])
          const args = call.inputs.map((expr) => expr.evaluate(batch, null, region))
          const [one, other] = [call.createAccumulator(), call.createAccumulator()]
          one.update(1, new Uint32Array(length), args, some, count)
          one.update(1, new Uint32Array(length), args, some, middle)
          other.updateAll!(args, some, count)
          other.updateAll!(args, some, middle)
          const [first, second] = [one, other].map((each) => scalarAt(each.evaluate(1, region), 0))
          expect(isSame(second!, first!, call.type), `${call}: ${second}, not ${first}`).toBe(true)
          const states = [one, other].map((each) => each.state(1, region).map((state) => scalarAt(state, 0)))
          expect(states[1]).toEqual(states[0])
          if (first !== null && first !== 0n) all.add(`${name} ${vectors[argument]!.type}`)
        }
      }
      region.release()
    }),
    { numRuns: 40 },
  )
  expect(all.size).toBeGreaterThan(30)
})

test('sums of integers are exact beyond 2^53 and beyond 64 bits', async () => {
  const big = { name: 't', columns: [columns.bool('live'), columns.long('n')], rows: [] as (boolean | bigint)[][] }
  for (let i = 0; i < 5000; i++) big.rows.push([true, 9223372036854775807n], [true, 9007199254740993n])
  const input = scan(big, 2)
  const calls = [aggregate('sum', [column(input, 0)]), aggregate('avg', [column(input, 0)])]
  const sum = plan(input, 'two phases', () => [], calls)
  const total = 5000n * (9223372036854775807n + 9007199254740993n)
  expect(await run(sum, 4096)).toEqual([[total, Number(total) / 10000]])
})

test('an aggregate of nothing gives one row without GROUP BY and none with it', async () => {
  const empty = { name: 't', columns: [columns.bool('live'), columns.int('i')], rows: [] }
  const input = scan(empty, 3)
  const calls = [aggregate('count', []), aggregate('sum', [column(input, 0)])]
  for (const shape of ['single', 'two phases'] as const) {
    expect(
      await run(
        plan(input, shape, () => [], calls),
        3,
      ),
    ).toEqual([[0n, null]])
    expect(
      await run(
        plan(input, shape, (p) => [column(p, 0)], calls),
        3,
      ),
    ).toEqual([])
  }
})
