import { Arena, Region } from '@volley/kernels'
import fc from 'fast-check'
import type { Schema } from 'apache-arrow'
import { expect, test } from 'vitest'
import {
  ArrowChunk,
  ChunkScan,
  CoalescePartitionsExec,
  ComparisonExpr,
  ExecutionPlan,
  FilterExec,
  LiteralExpr,
  MemoryPool,
  operatorStream,
  RecordBatch,
  ResidentColumns,
  residentColumns,
  scalarAt,
  TaskContext,
  toArrowRecordBatch,
  unknownPartitioning,
  vectorOf,
  type BatchStream,
  type Partitioning,
} from '../../src/index.ts'
import { column, columns, schemaOf } from './engine-support.ts'

const COLUMNS = [columns.int('i'), columns.long('n'), columns.text('t'), columns.bool('b'), columns.text('u')]
const SCHEMA = schemaOf(COLUMNS)
const ROWS = 70_000

type Row = readonly unknown[]

const DATA: readonly Row[] = Array.from({ length: ROWS }, (_, i) => [
  i,
  i % 5 === 0 ? null : BigInt(i) * 3n,
  i % 7 === 0 ? null : `word ${(i * 31) % 97}`,
  i % 3 === 0 ? null : i % 2 === 0,
  `text ${i}`,
])

/** The rows in Arrow batches of some length, and of others. */
function chunkOf(length: number): ArrowChunk {
  const arena = new Arena({ reserveBytes: 64 * 1024 * 1024 })
  const batches = []
  for (let start = 0; start < ROWS;) {
    const end = Math.min(ROWS, start + length + (batches.length % 3))
    const region = new Region(arena)
    const vectors = COLUMNS.map(({ type }, c) =>
      vectorOf(
        type,
        DATA.slice(start, end).map((row) => row[c] as never),
        region,
      ),
    )
    batches.push(toArrowRecordBatch(new RecordBatch(SCHEMA, vectors, end - start, null, region)))
    region.release()
    start = end
  }
  return new ArrowChunk(batches)
}

class Part extends ExecutionPlan {
  override readonly kind = 'Part'
  override readonly children: readonly ExecutionPlan[] = []
  override readonly schema: Schema = SCHEMA
  override readonly takesConditions = true
  readonly chunk: ArrowChunk
  readonly ranges: readonly (readonly [number, number])[]

  constructor(chunk: ArrowChunk, ranges: readonly (readonly [number, number])[]) {
    super()
    this.chunk = chunk
    this.ranges = ranges
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(this.ranges.length)
  }

  override withChildren(): ExecutionPlan {
    return this
  }

  override details(): readonly [] {
    return []
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return operatorStream(this.schema, [], this.read(partition, context))
  }

  async *read(partition: number, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const scan = new ChunkScan(this, [0, 1, 2, 3, 4], context)
    for (const batch of scan.read(this.chunk, ...this.ranges[partition]!)) if (batch !== null) yield batch
  }
}

async function rowsOf(plan: ExecutionPlan, context: TaskContext): Promise<Row[]> {
  const rows: Row[] = []
  const stream = plan.execute(0, context)
  for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
    for (let k = 0; k < batch.numRows; k++) {
      const row = batch.selection === null ? k : batch.selection[k]!
      rows.push(batch.columns.map((vector) => scalarAt(vector, row)))
    }
  }
  await stream.close()
  return rows
}

test('parts of a chunk have their rows, whatever parts of its columns stay', async () => {
  const arena = new Arena({ reserveBytes: 64 * 1024 * 1024, poison: true })
  const cache = new ResidentColumns(arena, new MemoryPool())
  const chunks = [chunkOf(4096), chunkOf(9001)]
  let queries = 0
  let stayed = 0
  const place = fc.integer({ min: 0, max: ROWS })
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(0, 1),
      fc.array(fc.tuple(place, place), { minLength: 1, maxLength: 2 }),
      fc.constantFrom(1000, 4096),
      fc.constantFrom('all', 'few', 'word', 'block'),
      async (which, given, batchSize, condition) => {
        const ranges = given.map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
        const context = new TaskContext({ queryId: `q${queries++}`, arena, batchSize })
        context.provide(residentColumns, cache)
        const part = new Part(chunks[which]!, ranges)
        const i = column(part, 0)
        const predicate = {
          all: null,
          few: new ComparisonExpr('=', column(part, 1), new LiteralExpr(COLUMNS[1]!.type, 33_333n * 3n)),
          word: new ComparisonExpr('=', column(part, 2), new LiteralExpr(COLUMNS[2]!.type, 'word 5')),
          block: new ComparisonExpr('<', i, new LiteralExpr(COLUMNS[0]!.type, 20_000)),
        }[condition]
        const keeps = {
          all: () => true,
          few: (row: Row) => row[1] === 99_999n,
          word: (row: Row) => row[2] === 'word 5',
          block: (row: Row) => (row[0] as number) < 20_000,
        }[condition]
        const input = new CoalescePartitionsExec(predicate === null ? part : new FilterExec(part, predicate))
        const found = await rowsOf(input, context)
        await context.close()
        const expected = ranges.flatMap(([from, to]) => DATA.slice(from, to)).filter(keeps)
        const byRow = (a: Row, b: Row): number => (a[0] as number) - (b[0] as number)
        const text = (rows: Row[]): string[] => rows.sort(byRow).map((row) => row.join('|'))
        expect(text(found)).toEqual(text(expected))
        expect(arena.liveBytes).toBe(cache.bytes)
        stayed += +(cache.bytes > 0)
        if (queries % 5 === 0) cache.clear()
      },
    ),
    { numRuns: 20, seed: 4 },
  )
  expect(stayed).toBeGreaterThan(10)
  chunks[0]!.drop()
  cache.clear()
  expect(arena.liveBytes).toBe(0)
})
