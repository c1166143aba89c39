import { Field, Schema } from 'apache-arrow'
import { expect, test } from 'vitest'
import {
  AggregateExec,
  CaseExpr,
  CoalescePartitionsExec,
  ColumnExpr,
  ComparisonExpr,
  DEFAULT_FRAME,
  HashJoinExec,
  hashPartitioning,
  INT32,
  INT64,
  LiteralExpr,
  NestedLoopJoinExec,
  ProjectionExec,
  RepartitionExec,
  SortExec,
  VolleyError,
  WindowCall,
  WindowExec,
  type AggregateCall,
  type AggregateMode,
  type ExecutionPlan,
  type Expr,
  type HashJoinOptions,
  type JoinType,
  type SortKey,
  type WindowCallOptions,
  type WindowFrame,
} from '../../src/index.ts'
import { aggregate, column, expectSameRows, functions, typesOf } from './engine-support.ts'
import { SCHEMA, sortKeys, table } from './spill-plans.ts'
import { expectSameAtATenth, InterruptedStore, runLimited } from './spill-support.ts'

test('a sort merges what it had to write, in rounds, and keeps equal rows in their order', async () => {
  const run = await expectSameAtATenth(sorted(), true)
  expect(run.spillCount).toBeGreaterThan(8)
})

test('a top k that does not fit spills and keeps the first rows only', async () => {
  const input = table(6000, 5000, 2, 0, 1)
  const run = await expectSameAtATenth(new SortExec(input, sortKeys(input, 0, 2, 1), 3000, true), true)
  expect(run.rows.length).toBe(3000)
})

function sorted(): ExecutionPlan {
  const input = table(6000, 50, 1, 0, 1)
  return new SortExec(input, sortKeys(input, 0), null, true)
}

function grouped(mode: 'single' | 'two steps', sets: readonly (readonly number[])[] | null): ExecutionPlan {
  const input = mode === 'single' ? table(2500, 1000, 3, 60, 1) : table(6000, 3000, 3, 60)
  const groups = sets === null ? [column(input, 0)] : [column(input, 0), column(input, 2)]
  const calls = [
    aggregate('sum', [column(input, 1)]),
    aggregate('min', [column(input, 2)]),
    aggregate('count', [column(input, 2)], { distinct: true }),
    aggregate('array_agg', [column(input, 1)], { orderBy: sortKeys(input, 1) }),
  ]
  return aggregated(input, mode, groups, sets, calls)
}

function aggregated(
  input: ExecutionPlan,
  mode: 'single' | 'two steps',
  groups: readonly ColumnExpr[],
  sets: readonly (readonly number[])[] | null,
  calls: readonly AggregateCall[],
): ExecutionPlan {
  const groupFields = groups.map((group) => new Field(group.name, group.type, true))
  const results = calls.map((call, i) => new Field(`a${i}`, call.type, true))
  const schema = new Schema([...groupFields, ...results])
  const make = (of: ExecutionPlan, how: AggregateMode, keys: readonly ColumnExpr[], out: Schema): AggregateExec =>
    new AggregateExec(of, how, keys, sets, calls, out)
  if (mode === 'single') {
    return make(input, 'single', groups, schema)
  }
  const partial = make(input, 'partial', groups, AggregateExec.partialSchema(groupFields, sets, calls))
  const keys = groups.map((_, i) => column(partial, i))
  const dealt = new RepartitionExec(partial, hashPartitioning(keys, 2))
  return make(dealt, 'final', keys, schema)
}

test('groups that do not fit are written, dealt and merged, with DISTINCT and ORDER BY inside', async () => {
  await expectSameAtATenth(grouped('single', null))
  // Five accounts, of two partial and two final aggregates and the queues between them, share the limit.
  await expectSameAtATenth(grouped('two steps', [[0], [1]]), false, 4)
})

test('the values of one group for DISTINCT are dealt and counted part by part, with and without GROUP BY', async () => {
  const input = table(3000, 'unique', 23, 30)
  const distinct = { distinct: true }
  const few = new ComparisonExpr('<', column(input, 0), new LiteralExpr(INT32, 2950))
  const calls = [
    aggregate('count', [column(input, 0)], distinct),
    aggregate('sum', [column(input, 1)], distinct),
    aggregate('avg', [column(input, 0)], { ...distinct, filter: few }),
    aggregate('count', [column(input, 1), column(input, 2)], distinct),
    aggregate('sum', [column(input, 0)]),
    aggregate('min', [column(input, 2)]),
  ]
  // One group has nearly all rows; the others are few.
  const most = new CaseExpr([{ when: few, then: new LiteralExpr(INT32, 1) }], column(input, 0), INT32)
  const fields = [new Field('g', INT32, true), ...SCHEMA.fields]
  const keyed = new ProjectionExec(input, [most, ...SCHEMA.fields.map((_, i) => column(input, i))], new Schema(fields))
  const moved = calls.map((call) => call.withExprs(...shiftedExprs(call, keyed)))
  for (const mode of ['single', 'two steps'] as const) {
    await expectSameAtATenth(aggregated(single(input, mode), mode, [], null, calls), false, 4)
    await expectSameAtATenth(aggregated(single(keyed, mode), mode, [column(keyed, 0)], null, moved), false, 4)
  }
})

/** All rows in one partition, as an aggregate in one step wants them. */
function single(plan: ExecutionPlan, mode: 'single' | 'two steps'): ExecutionPlan {
  return mode === 'single' ? new CoalescePartitionsExec(plan) : plan
}

/** The same expressions over columns that stand one place further. */
function shiftedExprs(call: AggregateCall, plan: ExecutionPlan): [readonly Expr[], Expr | null, readonly SortKey[]] {
  const moved = (expr: Expr): Expr =>
    expr instanceof ColumnExpr ? column(plan, expr.index + 1) : expr.withChildren(expr.children.map(moved))
  return [call.args.map(moved), call.filter === null ? null : moved(call.filter), []]
}

const JOIN_TYPES: readonly JoinType[] = [
  'inner',
  'left',
  'right',
  'full',
  'left_semi',
  'right_semi',
  'left_anti',
  'right_anti',
  'left_mark',
  'right_mark',
  'left_single',
]

interface JoinedOptions extends HashJoinOptions {
  readonly partitioned: boolean
  readonly filtered: boolean
}

const PLAIN: JoinedOptions = { nullEqualsNull: false, nullAware: false, partitioned: false, filtered: false }

/** l.n < r.n */
function filterOf(left: ExecutionPlan, right: ExecutionPlan): ComparisonExpr {
  const n = new ColumnExpr(left.schema.fields.length + 1, 'n', INT64, true)
  expect(right.schema.fields[1]!.name).toBe('n')
  return new ComparisonExpr('<', column(left, 1), n)
}

function joined(l: ExecutionPlan, r: ExecutionPlan, joinType: JoinType, options: JoinedOptions): ExecutionPlan {
  const deal = (plan: ExecutionPlan): ExecutionPlan => new RepartitionExec(plan, hashPartitioning([column(plan, 0)], 2))
  const left = options.partitioned ? deal(l) : new CoalescePartitionsExec(l)
  const right = options.partitioned ? deal(r) : r
  const on = [{ left: column(left, 0), right: column(right, 0) }]
  const filter = options.filtered ? filterOf(left, right) : null
  const mode = options.partitioned ? 'partitioned' : 'collect_left'
  return new HashJoinExec(left, right, on, joinType, filter, mode, options)
}

function windowed(input: ExecutionPlan, partitioned: boolean): WindowExec {
  const partitionBy = partitioned ? [column(input, 0)] : []
  const spec = { partitionBy, orderBy: sortKeys(input, 2), frame: DEFAULT_FRAME, ignoreNulls: false, nullable: true }
  const rank = functions.window('row_number')!
  const count = aggregate('count', [column(input, 1)])
  const calls = [
    new WindowCall(rank, [], { ...spec, filter: null, type: INT64 }),
    new WindowCall(count.fn, count.args, { ...spec, filter: null, type: INT64 }),
  ]
  const results = calls.map((call, i) => new Field(`w${i}`, call.type, true))
  return new WindowExec(input, calls, new Schema([...input.schema.fields, ...results]))
}

test('a query that is cancelled while it spills ends, and leaves nothing', async () => {
  const plans = [grouped('single', null), sorted(), joined(table(600, 400, 4, 150), table(100, 400, 5), 'full', PLAIN)]
  for (const plan of plans) {
    const { peakBytes } = await runLimited(plan)
    const controller = new AbortController()
    const store = new InterruptedStore(3, () => controller.abort())
    const run = runLimited(plan, { limitBytes: peakBytes / 5, signal: controller.signal, store })
    await expect(run).rejects.toMatchObject({ code: '57014' })
    expect(store.writes).toBeGreaterThanOrEqual(3)
  }
})

/** A signal that has been aborted once it was asked so often, and says how often it was. */
function countdown(reads: number): { readonly signal: AbortSignal; readonly asked: () => number } {
  let asked = 0
  const signal = {
    get aborted(): boolean {
      return ++asked > reads
    },
  }
  return { signal: signal as AbortSignal, asked: () => asked }
}

test('a query that is cancelled between any two steps ends with 57014, and leaves nothing', async () => {
  const input = table(500, 40, 14, 30, 1)
  const left = table(150, 40, 15, 30)
  const plans = [
    new SortExec(input, sortKeys(input, 2, 1), null, true),
    aggregated(input, 'single', [column(input, 0)], null, [
      aggregate('array_agg', [column(input, 1)], { orderBy: sortKeys(input, 2) }),
      aggregate('count', [column(input, 2)], { distinct: true }),
    ]),
    joined(left, input, 'full', PLAIN),
    joined(left, left, 'left_anti', { ...PLAIN, nullAware: true }),
    new NestedLoopJoinExec(new CoalescePartitionsExec(left), left, 'left', filterOf(left, left)),
    windowed(input, true),
    windowed(input, false),
  ]
  let spilled = 0
  for (const plan of plans) {
    const { peakBytes } = await runLimited(plan, { batchSize: 64 })
    for (const limitBytes of [Infinity, Math.max(peakBytes / 3, 40_000)]) {
      const all = countdown(Infinity)
      const { spillCount } = await runLimited(plan, { batchSize: 64, limitBytes, signal: all.signal })
      spilled += Math.min(1, spillCount)
      expect(all.asked()).toBeGreaterThan(10)
      for (const part of [0.1, 0.7]) {
        const { signal } = countdown(Math.floor(all.asked() * part))
        const run = runLimited(plan, { batchSize: 64, limitBytes, signal })
        await expect(run).rejects.toMatchObject({ code: '57014' })
      }
    }
  }
  expect(spilled).toBeGreaterThan(2)
})

test('a query whose spill file cannot be written fails, and leaves nothing', async () => {
  const plan = sorted()
  const store = new InterruptedStore(3, () => {
    throw new VolleyError('no space left', { code: '58030' })
  })
  await expect(runLimited(plan, { limitBytes: 100_000, store })).rejects.toMatchObject({ code: '58030' })
})

test('without a disk the error says so', async () => {
  await expect(runLimited(sorted(), { limitBytes: 100_000, store: null })).rejects.toMatchObject({
    code: '53200',
    message: expect.stringMatching(/^SortExec needs .*: there is no disk to spill to here$/),
  })
})

test('windows are evaluated part by part where their rows do not fit', async () => {
  await expectSameAtATenth(windowed(table(3000, 400, 12, 40, 1), true))
})

const ROWS_AROUND: WindowFrame = {
  units: 'rows',
  start: { kind: 'preceding', offset: new LiteralExpr(INT64, 2n) },
  end: { kind: 'following', offset: new LiteralExpr(INT64, 3n) },
  exclude: 'current_row',
}

/** Every kind of call that can go along with sorted rows, over three orders of them. */
function streamedCalls(input: ExecutionPlan, partitionBy: readonly Expr[]): WindowExec {
  const n = column(input, 1)
  const common = { partitionBy, nullable: true, filter: null, ignoreNulls: false }
  const ordered = { ...common, orderBy: sortKeys(input, 2), frame: DEFAULT_FRAME }
  const rows = { ...ordered, frame: { ...DEFAULT_FRAME, units: 'rows' as const } }
  const whole = { ...common, orderBy: [], frame: DEFAULT_FRAME }
  const ranking = (name: string, args: readonly Expr[] = []): WindowCall => {
    const fn = functions.window(name)!
    return new WindowCall(fn, args, { ...ordered, type: fn.resolve(args.map((arg) => arg.type))!.returnType })
  }
  const over = (name: string, args: readonly Expr[], options: Omit<WindowCallOptions, 'type'>): WindowCall => {
    const { fn, type } = aggregate(name, args)
    return new WindowCall(fn, args, { ...options, type })
  }
  const calls = [
    ...['row_number', 'rank', 'dense_rank', 'percent_rank', 'cume_dist'].map((name) => ranking(name)),
    ranking('ntile', [new LiteralExpr(INT64, 7n)]),
    ranking('lag', [n, new LiteralExpr(INT64, 3n)]),
    ranking('lead', [n]),
    over('sum', [n], ordered),
    over('count', [n], { ...rows, filter: new ComparisonExpr('<', n, new LiteralExpr(INT64, 2n ** 42n)) }),
    over('max', [n], { ...ordered, frame: ROWS_AROUND }),
    over('min', [column(input, 2)], { ...rows, orderBy: sortKeys(input, 1) }),
    over('sum', [n], whole),
    over('max', [column(input, 2)], {
      ...rows,
      frame: { ...rows.frame, end: { kind: 'unbounded_following', offset: null } },
    }),
  ]
  const results = calls.map((call, i) => new Field(`w${i}`, call.type, true))
  return new WindowExec(input, calls, new Schema([...input.schema.fields, ...results]))
}

test('windows without PARTITION BY, or with one large partition, go along with rows that are sorted on disk', async () => {
  const input = table(1500, 400, 13, 60, 1)
  const most = new CaseExpr(
    [{ when: new ComparisonExpr('<', column(input, 0), new LiteralExpr(INT32, 380)), then: new LiteralExpr(INT32, 1) }],
    column(input, 0),
    INT32,
  )
  for (const partitionBy of [[], [most]]) {
    const plan = streamedCalls(input, partitionBy)
    const free = await runLimited(plan, { batchSize: 32 })
    const limited = await runLimited(plan, { batchSize: 32, limitBytes: Math.floor(free.peakBytes / 6) })
    expect(limited.spilledBytes).toBeGreaterThan(0)
    expectSameRows(limited.rows, free.rows, typesOf(plan))
  }
})

test('a window that needs all of a partition at once says so where it does not fit', async () => {
  const input = table(3000, 400, 12, 40, 1)
  const { fn } = aggregate('count', [column(input, 1)])
  const options = {
    partitionBy: [],
    orderBy: sortKeys(input, 2),
    frame: DEFAULT_FRAME,
    nullable: true,
    filter: null,
    distinct: true,
  }
  const call = new WindowCall(fn, [column(input, 1)], { ...options, type: INT64 })
  const whole = new WindowExec(input, [call], new Schema([...input.schema.fields, new Field('w', INT64, true)]))
  const { peakBytes } = await runLimited(whole)
  await expect(runLimited(whole, { limitBytes: peakBytes / 10 })).rejects.toMatchObject({
    code: '53200',
    message: expect.stringMatching(
      /^WindowExec needs [\d,]+ bytes of memory, but may use [\d,]+ bytes under the memory_limit .* must fit$/,
    ),
  })
})

test.each(JOIN_TYPES)('a %s hash join gives the same rows when its left side is dealt to disk', async (joinType) => {
  const left = table(1500, 1000, 4, 150)
  const right = table(300, joinType === 'left_single' ? 'unique' : 1000, 5, 100)
  const partitioned = joinType === 'inner' || joinType === 'full'
  await expectSameAtATenth(joined(left, right, joinType, { ...PLAIN, partitioned, filtered: joinType.endsWith('i') }))
})

/** Key 1 in every row: no dealing helps. */
function oneKey(rows: number, seed: number): ExecutionPlan {
  const input = table(rows, 'unique', seed, 150)
  const fields = SCHEMA.fields
  const one = new LiteralExpr(INT32, 1)
  return new ProjectionExec(input, [one, column(input, 1), column(input, 2)], new Schema(fields))
}

test.each(['full', 'left_mark'] as const)('a %s join of rows with one key goes block by block', async (joinType) => {
  await expectSameAtATenth(joined(oneKey(4500, 6), oneKey(8, 7), joinType, { ...PLAIN, filtered: true }))
})

test.each(['left_anti', 'right_mark'] as const)('a null-aware %s join answers as before', async (joinType) => {
  const options = { ...PLAIN, nullAware: true, filtered: joinType === 'right_mark' }
  const left = table(4500, 40, 8, 150)
  await expectSameAtATenth(joined(left, table(30, joinType === 'left_anti' ? 'unique' : 60, 9, 20), joinType, options))
})

test.each(['right', 'left_semi'] as const)('a nested-loop %s join goes block by block', async (joinType) => {
  const left = new CoalescePartitionsExec(table(4500, 40, 10, 150))
  const right = table(8, 'unique', 11)
  await expectSameAtATenth(new NestedLoopJoinExec(left, right, joinType, filterOf(left, right)))
})
