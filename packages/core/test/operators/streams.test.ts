import { Field, Schema, tableFromArrays } from 'apache-arrow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  AggregateExec,
  ArithmeticExpr,
  BytesVector,
  CoalescePartitionsExec,
  collectTable,
  ColumnExpr,
  ComparisonExpr,
  DictionaryVector,
  DocIdJoinExec,
  ExecutionPlan,
  FilterExec,
  FLOAT64,
  HashJoinExec,
  hashPartitioning,
  INT32,
  LimitExec,
  literal,
  LocalLimitExec,
  MemoryExec,
  NestedLoopJoinExec,
  operatorStream,
  ProjectionExec,
  RecordBatch,
  RecursiveQueryExec,
  RepartitionExec,
  scalarAt,
  SortExec,
  SortPreservingMergeExec,
  UINT32,
  UnionExec,
  unknownPartitioning,
  UTF8,
  ValuesExec,
  vectorOf,
  WorkTableExec,
  type AddressLookup,
  type BatchStream,
  type LookupStream,
  type Partitioning,
  type ScalarValue,
  type TaskContext,
} from '../../src/index.ts'
import {
  aggregate,
  batchSizes,
  column,
  columns,
  expectNothingLive,
  partitionCounts,
  relation,
  run,
  scan,
  testContext,
} from './engine-support.ts'
import { runLimited } from './spill-support.ts'

const INTS = new Schema([new Field('n', INT32, false)])

/** Numbers from 0 on in every partition, without end; counts what was read, and fails where it is told to. */
class Counter extends ExecutionPlan {
  override readonly kind = 'Counter'
  override readonly children: readonly ExecutionPlan[] = []
  override readonly schema = INTS
  readonly partitions: number
  readonly failAt: number
  batches = 0
  open = 0

  constructor(partitions: number, failAt = Infinity) {
    super()
    this.partitions = partitions
    this.failAt = failAt
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(this.partitions)
  }

  override withChildren(): ExecutionPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    return []
  }

  protected override executePartition(_partition: number, context: TaskContext): BatchStream {
    this.open++
    return operatorStream(INTS, [], this.numbers(context), () => void this.open--)
  }

  private async *numbers(context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    for (let i = 0; ; i++) {
      await Promise.resolve()
      if (++this.batches > this.failAt) throw new Error('the source failed')
      const region = context.region()
      const values = Array.from({ length: 10 }, (_, k) => i * 10 + k)
      yield new RecordBatch(INTS, [vectorOf(INT32, values, region)], 10, null, region)
    }
  }
}

/** Plans of every shape over a source. */
const SHAPES: readonly ((source: ExecutionPlan) => ExecutionPlan)[] = [
  (source) => new CoalescePartitionsExec(source),
  (source) => new FilterExec(source, new ComparisonExpr('>', column(source, 0), literal(3))),
  (source) => new ProjectionExec(source, [column(source, 0)], INTS),
  (source) => new UnionExec([source, new Counter(2)]),
  (source) => new RepartitionExec(source, hashPartitioning([column(source, 0)], 3)),
  (source) => new RepartitionExec(source, unknownPartitioning(2)),
  (source) => new LocalLimitExec(source, 50),
  (source) => join(new ValuesExec(INTS, [[1], [2], [2]]), source),
  (source) => join(new CoalescePartitionsExec(new LocalLimitExec(source, 30)), new Counter(3)),
  (source) =>
    new SortPreservingMergeExec(source, [{ expr: column(source, 0), descending: false, nullsFirst: false }], null),
]

function join(left: ExecutionPlan, right: ExecutionPlan): ExecutionPlan {
  return new HashJoinExec(
    left,
    right,
    [{ left: column(left, 0), right: column(right, 0) }],
    'full',
    null,
    'collect_left',
    {
      nullEqualsNull: false,
      nullAware: false,
    },
  )
}

test('a plan can be closed at any time, also partition by partition or before it was read, and nothing stays', async () => {
  let closedEarly = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(SHAPES.length - 1), { maxLength: 3 }),
      partitionCounts,
      fc.array(fc.nat(5), { minLength: 12, maxLength: 12 }),
      async (shapes, partitions, reads) => {
        const source = new Counter(partitions)
        let plan: ExecutionPlan = source
        for (const shape of shapes) if (plan.schema.fields.length === 1) plan = SHAPES[shape]!(plan)
        const context = testContext(4)
        const { count } = plan.partitioning
        const streams = Array.from({ length: count }, (_, p) => plan.execute(p, context))
        await Promise.all(
          streams.map(async (stream, p) => {
            for (let k = 0; k < reads[p % reads.length]!; k++) if ((await stream.next()) === null) break
            closedEarly += +(reads[p % reads.length] === 0)
            await stream.close()
            await stream.close()
          }),
        )
        await context.close()
        expect(source.open).toBe(0)
        expectNothingLive(plan)
      },
    ),
    { numRuns: 80 },
  )
  expect(closedEarly).toBeGreaterThan(10)
})

test('closing while a batch is awaited ends the wait', async () => {
  for (const shape of SHAPES) {
    const plan = shape(new Counter(2))
    const context = testContext(4)
    const streams = Array.from({ length: plan.partitioning.count }, (_, p) => plan.execute(p, context))
    const pending = streams.map((stream) => stream.next())
    await Promise.all(streams.map((stream) => stream.close()))
    await Promise.all(pending)
    await context.close()
    expectNothingLive(plan)
  }
})

test('an error of a source comes out, and everything is closed', async () => {
  for (const shape of SHAPES) {
    for (const failAt of [0, 1, 3]) {
      const source = new Counter(2, failAt)
      const plan = shape(source)
      const all = new LimitExec(new CoalescePartitionsExec(plan), 0, 100_000)
      await expect(run(all, 4), plan.kind).rejects.toThrow('the source failed')
      expect(source.open).toBe(0)
    }
  }
})

test('an expression that fails leaves nothing behind, wherever it stands', async () => {
  const source = new LocalLimitExec(new Counter(1), 40)
  const failing = new ArithmeticExpr(
    '/',
    literal(1),
    new ArithmeticExpr('-', column(source, 0), literal(25), INT32),
    INT32,
  )
  const condition = new ComparisonExpr('>', failing, literal(-5))
  const key = { expr: failing, descending: false, nullsFirst: false }
  const count = aggregate('sum', [failing])
  const counted = new Schema([new Field('s', count.type, true)])
  const options = { nullEqualsNull: false, nullAware: false }
  const on = [{ left: failing, right: column(source, 0) }]
  const swapped = [{ left: column(source, 0), right: failing }]
  const equal = [{ left: column(source, 0), right: column(source, 0) }]
  const plans: ExecutionPlan[] = [
    new FilterExec(source, condition),
    new ProjectionExec(source, [failing], INTS),
    new SortExec(source, [key], null, false),
    new SortExec(source, [key], 2, false),
    new SortPreservingMergeExec(source, [key], null),
    new RepartitionExec(source, hashPartitioning([failing], 2)),
    new AggregateExec(source, 'single', [], null, [count], counted),
    new AggregateExec(source, 'single', [failing], null, [], INTS),
    new HashJoinExec(source, source, on, 'inner', null, 'collect_left', options),
    new HashJoinExec(source, source, swapped, 'full', null, 'partitioned', options),
    new HashJoinExec(source, source, equal, 'left_anti', condition, 'collect_left', options),
    new NestedLoopJoinExec(source, source, 'right', condition),
  ]
  for (const plan of plans) {
    await expect(run(new CoalescePartitionsExec(plan), 4), plan.kind).rejects.toMatchObject({ code: '22012' })
  }
})

test('cancelling stops a query with 57014', async () => {
  const abort = new AbortController()
  const plan = new CoalescePartitionsExec(new Counter(2))
  const context = testContext(4, abort.signal)
  const stream = plan.execute(0, context)
  await stream.next()
  abort.abort()
  await expect(stream.next()).rejects.toMatchObject({ code: '57014' })
  await stream.close()
  await context.close()
  expectNothingLive(plan)
})

test('a limit stops what is below it', async () => {
  const source = new Counter(1)
  const rows = await run(
    new LimitExec(new FilterExec(source, new ComparisonExpr('>', column(source, 0), literal(4))), 2, 20),
    10,
  )
  expect(rows.map((row) => row[0])).toEqual(Array.from({ length: 20 }, (_, i) => i + 7))
  expect(source.batches).toBe(3)
})

test('repartitioning loses and doubles nothing, in whatever order its partitions are read', async () => {
  let moved = 0
  await fc.assert(
    fc.asyncProperty(
      relation('t', [columns.double('d'), columns.text('t'), columns.int('i')]),
      fc.record({ batchSize: batchSizes, from: partitionCounts, to: partitionCounts, hash: fc.boolean() }),
      fc.boolean(),
      async (rows, { batchSize, from, to, hash }, concurrent) => {
        const input = scan(rows, from)
        const partitioning = hash ? hashPartitioning([column(input, 0), column(input, 1)], to) : unknownPartitioning(to)
        const plan = new RepartitionExec(input, partitioning)
        const context = testContext(batchSize)
        const parts: ScalarValue[][][] = Array.from({ length: to }, () => [])
        const read = async (p: number): Promise<void> => {
          const stream = plan.execute(p, context)
          for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
            for (let k = 0; k < batch.numRows; k++) {
              const row = batch.selection === null ? k : batch.selection[k]!
              parts[p]!.push(batch.columns.map((vector) => scalarAt(vector, row)))
            }
          }
          await stream.close()
        }
        const order = Array.from({ length: to }, (_, p) => to - 1 - p)
        if (concurrent) await Promise.all(order.map(read))
        else for (const p of order) await read(p)
        await context.close()
        expectNothingLive(plan)
        const text = (row: readonly unknown[]): string => row.map((value) => String(value)).join('|')
        const live = rows.rows.filter((row) => row[0] === true).map((row) => text(row.slice(1)))
        expect(parts.flat().map(text).sort()).toEqual(live.sort())
        if (!hash) return
        // -0 is 0 and NaN is itself: String() of the sum with 0 is one text for each.
        const homes = new Map<string, number>()
        for (const [p, part] of parts.entries()) {
          for (const row of part) {
            const key = `${row[0] === null ? 'null' : String((row[0] as number) + 0)}|${row[1]}`
            expect(homes.get(key) ?? p).toBe(p)
            homes.set(key, p)
          }
        }
        moved += +(new Set(homes.values()).size > 1)
      },
    ),
    { numRuns: 60 },
  )
  expect(moved).toBeGreaterThan(5)
})

const TEXTS = new Schema([new Field('t', UTF8, true)])

/** One batch made by the test. */
class OneBatch extends ExecutionPlan {
  override readonly kind = 'OneBatch'
  override readonly children: readonly ExecutionPlan[] = []
  override readonly schema: Schema
  readonly make: (context: TaskContext) => RecordBatch
  override readonly partitioning = unknownPartitioning(1)

  constructor(schema: Schema, make: (context: TaskContext) => RecordBatch) {
    super()
    this.schema = schema
    this.make = make
  }

  override withChildren(): ExecutionPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    return []
  }

  protected override executePartition(_partition: number, context: TaskContext): BatchStream {
    const batch = this.make(context)
    return operatorStream(
      this.schema,
      [],
      (async function* () {
        yield batch
      })(),
    )
  }
}

test('dictionary and plain text group, join and sort alike', async () => {
  const words = ['b', 'a', null, 'b', 'c', '', null, 'a']
  const encoded = new OneBatch(TEXTS, (context) => {
    const region = context.region()
    const dictionary = vectorOf(UTF8, ['', 'a', 'b', 'c'], region) as BytesVector
    const codes = region.u32(words.length)
    words.forEach((word, i) => (codes[i] = ['', 'a', 'b', 'c'].indexOf(word ?? '')))
    const { validity } = vectorOf(UTF8, words, region)
    const vector = new DictionaryVector(UTF8, words.length, validity, codes, dictionary, true)
    return new RecordBatch(TEXTS, [vector], words.length, null, region)
  })
  const plain = new ValuesExec(
    TEXTS,
    words.map((word) => [word]),
  )
  const both = new UnionExec([encoded, plain])
  const call = aggregate('count', [])
  const schema = new Schema([TEXTS.fields[0]!, new Field('n', call.type, false)])
  const grouped = new AggregateExec(new CoalescePartitionsExec(both), 'single', [column(both, 0)], null, [call], schema)
  const counts = Object.fromEntries((await run(grouped, 4096)).map(([word, n]) => [String(word), n]))
  expect(counts).toEqual({ '': 2n, a: 4n, b: 4n, c: 2n, null: 4n })
  const keys = [{ expr: column(encoded, 0), descending: false, nullsFirst: true }]
  const sorted = (await run(new SortExec(both, keys, null, false), 3)).map((row) => row[0])
  expect(sorted).toEqual([null, null, null, null, '', '', 'a', 'a', 'a', 'a', 'b', 'b', 'b', 'b', 'c', 'c'])
  const on = [{ left: column(encoded, 0), right: column(plain, 0) }]
  const options = { nullEqualsNull: false, nullAware: false }
  expect((await run(new HashJoinExec(encoded, plain, on, 'inner', null, 'collect_left', options), 3)).length).toBe(10)
})

test('WITH RECURSIVE goes on until a round is empty; distinct drops what was there', async () => {
  const start = new ValuesExec(INTS, [[1], [2]])
  const table = new WorkTableExec('w', INTS)
  const below = new FilterExec(table, new ComparisonExpr('<', column(table, 0), literal(5)))
  const next = new ProjectionExec(below, [new ArithmeticExpr('+', column(below, 0), literal(1), INT32)], INTS)
  for (const batchSize of [1, 3, 4096]) {
    const all = await run(new RecursiveQueryExec('w', start, next, false, INTS), batchSize)
    expect(all.map((row) => row[0])).toEqual([1, 2, 2, 3, 3, 4, 4, 5, 5])
    const distinct = await run(new RecursiveQueryExec('w', start, next, true, INTS), batchSize)
    expect(distinct.map((row) => row[0])).toEqual([1, 2, 3, 4, 5])
  }
  const endless = new ProjectionExec(table, [column(table, 0)], INTS)
  expect(await run(new LimitExec(new RecursiveQueryExec('w', start, endless, false, INTS), 0, 7), 3)).toHaveLength(7)
})

function countTo(limit: number): RecursiveQueryExec {
  const table = new WorkTableExec('w', INTS)
  const below = new FilterExec(table, new ComparisonExpr('<', column(table, 0), literal(limit)))
  const next = new ProjectionExec(below, [new ArithmeticExpr('+', column(below, 0), literal(1), INT32)], INTS)
  return new RecursiveQueryExec('w', new ValuesExec(INTS, [[1]]), next, false, INTS)
}

test('a recursive query keeps the last two of many rounds', async () => {
  const plan = countTo(3000)
  const context = testContext(4096)
  const stream = plan.execute(0, context)
  let rows = 0
  let most = 0
  for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
    rows += batch.numRows
    most = Math.max(most, context.arena.liveBlocks)
  }
  await stream.close()
  await context.close()
  expect(rows).toBe(3000)
  expect(most).toBeLessThan(50)
  expectNothingLive(plan)
})

test('the rounds of a recursive query go to disk where they do not fit; the rows of UNION must fit', async () => {
  const wide = new ValuesExec(
    INTS,
    Array.from({ length: 5000 }, (_, i) => [i]),
  )
  const table = new WorkTableExec('w', INTS)
  const few = new FilterExec(table, new ComparisonExpr('<', column(table, 0), literal(3)))
  const more = new ProjectionExec(few, [new ArithmeticExpr('+', column(table, 0), literal(1), INT32)], INTS)
  const all = new RecursiveQueryExec('w', wide, more, false, INTS)
  const free = await runLimited(all)
  expect(free.rows.length).toBe(5006)
  const limited = await runLimited(all, { limitBytes: 10_000 })
  expect(limited.spilledBytes).toBeGreaterThan(0)
  expect(limited.rows).toEqual(free.rows)
  await expect(
    runLimited(new RecursiveQueryExec('w', wide, more, true, INTS), { limitBytes: 10_000 }),
  ).rejects.toMatchObject({ code: '53200', message: expect.stringMatching(/^RecursiveQueryExec needs .* must fit$/) })
})

const ADDRESSES = [
  new Field('_split_id', UTF8, false),
  new Field('_segment_ord', UINT32, false),
  new Field('_doc_id', UINT32, false),
]

/** Documents that can be looked up, the odd ones being hidden by a filter of the source's. */
class Documents extends ValuesExec implements AddressLookup {
  openLookup(_partition: number, context: TaskContext): LookupStream {
    return {
      lookup: async (batch) => {
        const region = context.region()
        await Promise.resolve()
        const docs = Array.from({ length: batch.numRows }, (_, k) => scalarAt(batch.columns[2]!, k) as number)
        const values = docs.map((doc) => doc * 1.5)
        const selection = Uint32Array.from(docs.keys()).filter((k) => docs[k]! % 2 === 0)
        const columns = [
          ...batch.columns.map((_, i) =>
            vectorOf(
              ADDRESSES[i]!.type,
              docs.map((_, k) => scalarAt(batch.columns[i]!, k)),
              region,
            ),
          ),
          vectorOf(FLOAT64, values, region),
        ]
        return new RecordBatch(this.schema, columns, docs.length, selection, region)
      },
      close: async () => {},
    }
  }
}

test('a doc-id join looks up or hashes, keeps the left order, and pads where the right side has none', async () => {
  const left = new ValuesExec(new Schema([...ADDRESSES, new Field('s', INT32, false)]), [
    ['a', 0, 4, 1],
    ['a', 0, 7, 2],
    ['a', 1, 2, 3],
    ['b', 0, 0, 4],
  ])
  const schema = new Schema([...ADDRESSES, new Field('v', FLOAT64, false)])
  const rows = [
    ['b', 0, 0, 0],
    ['a', 0, 4, 6],
    ['a', 1, 2, 3],
  ] as const
  const on = [0, 1, 2].map((i) => ({ left: i, right: i }))
  for (const right of [new Documents(schema, []), new ValuesExec(schema, rows)]) {
    for (const batchSize of [1, 3, 4096]) {
      const inner = await run(new DocIdJoinExec(left, right, 'inner', on), batchSize)
      expect(inner.map((row) => [row[3], row[7]])).toEqual([
        [1, 6],
        [3, 3],
        [4, 0],
      ])
      const outer = await run(new DocIdJoinExec(left, right, 'left', on), batchSize)
      const byRow = outer.map((row) => [row[3], row[7]]).sort()
      expect(byRow).toEqual([
        [1, 6],
        [2, null],
        [3, 3],
        [4, 0],
      ])
    }
  }
})

test('Arrow batches go in and out as tables', async () => {
  const table = tableFromArrays({ n: Int32Array.from({ length: 10 }, (_, i) => i) })
  const plan = new MemoryExec(INTS, [table.batches, table.batches])
  const context = testContext(4)
  const result = await collectTable(
    new SortExec(plan, [{ expr: new ColumnExpr(0, 'n', INT32, false), descending: true, nullsFirst: false }], 3, false),
    context,
  )
  expect([...result.getChild('n')!]).toEqual([9, 9, 8])
  expectNothingLive(plan)
})
