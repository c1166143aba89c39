import { Field, Schema } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import type { AggregateCall } from '../aggregates/aggregate-call.ts'
import { LiteralExpr } from '../expressions/literal-expr.ts'
import type { MemoryReservation } from '../memory/memory-pool.ts'
import { sortStream } from '../memory/sort-stream.ts'
import { Spill, type SpilledBatch } from '../memory/spill.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import { batchBytes } from '../runtime/batch-bytes.ts'
import { concatSteps } from '../runtime/collect-batch.ts'
import { runSteps } from '../runtime/run-steps.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { sliceVector } from '../vectors/flatten.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { takeVector } from '../vectors/take.ts'
import type { Vector } from '../vectors/vector.ts'
import { evaluateWindow, windowKeys } from './evaluate-windows.ts'
import { FramedAggregate } from './framed-aggregate.ts'
import { rowsFrom } from './frame-ranges.ts'
import { LookedUp, type FramedCall } from './looked-up.ts'
import { rankRows, type RankedRows } from './rank-rows.ts'
import { RunAggregates, type AggregateInput } from './run-aggregates.ts'
import { RunRecordReader, RunRecordWriter, type RunRecords } from './run-records.ts'
import { RunStarts, type Starts } from './run-starts.ts'
import type { StreamedCall } from './streamed-call.ts'

type Aggregated = Extract<StreamedCall, { readonly aggregate: AggregateCall }>

/** The sorted rows on disk, and what is known of their peer groups and partitions once all have been seen. */
interface Prepared {
  readonly rows: readonly SpilledBatch[]
  readonly peers: RunRecords
  readonly partitions: RunRecords
  readonly framed: readonly FramedCall[]
}

interface Readers {
  readonly peers: RunRecordReader
  readonly partitions: RunRecordReader
  readonly lookup: LookedUp | null
}

/**
 * Window functions over rows that do not fit in memory. The rows are sorted, by runs on disk, and come batch by batch.
 * Running aggregates, ranks and frames of some rows around go along with them. What needs the end of the row's peer group
 * or partition is found in a first pass, which writes the sorted rows and one record for each group beside them; the second
 * pass reads both in step.
 */
export class StreamedWindow {
  readonly #node: ExecutionPlan
  readonly #schema: Schema
  readonly #calls: readonly StreamedCall[]
  readonly #context: TaskContext
  readonly #memory: MemoryReservation
  readonly #spill: Spill
  readonly #starts: () => RunStarts
  readonly #before: number
  readonly #after: number

  /** Rows have the schema; calls are of one window. */
  constructor(node: ExecutionPlan, schema: Schema, calls: readonly StreamedCall[], context: TaskContext) {
    const [{ call }] = calls as [StreamedCall]
    this.#node = node
    this.#schema = schema
    this.#calls = calls
    this.#context = context
    this.#memory = context.reserve(node, true)
    this.#spill = new Spill(node, this.#memory, context)
    const orderBy = call.orderBy.map((key) => key.expr)
    this.#starts = () => new RunStarts(call.partitionBy, orderBy, context)
    this.#before = Math.max(0, ...calls.map((each) => (each.kind === 'near' ? each.before : 0)))
    this.#after = Math.max(0, ...calls.map((each) => (each.kind === 'near' ? each.after : 0)))
  }

  /** The rows of `schema` with a column for each call behind them. */
  get schema(): Schema {
    const results = this.#calls.map(
      ({ call }, i) => new Field(`window_${this.#schema.fields.length + i}`, call.type, true),
    )
    return new Schema([...this.#schema.fields, ...results])
  }

  /** Takes rows in any order (each batch with one reference, the receiver's) and gives them sorted, with their results. */
  async *results(rows: AsyncIterable<RecordBatch>): AsyncGenerator<RecordBatch, void, void> {
    const keys = windowKeys(this.#calls[0]!.call)
    const sorted = sortStream(this.#node, rows, keys, this.#context, this.#schema)
    try {
      if (this.#calls.some(needsEnds)) yield* this.#evaluated(await this.#prepare(sorted))
      else yield* this.#along(sorted, null)
    } finally {
      await sorted.return()
      this.#memory.free()
      await this.#spill.delete()
    }
  }

  async #prepare(sorted: AsyncIterable<RecordBatch>): Promise<Prepared> {
    const rows: SpilledBatch[] = []
    const starts = this.#starts()
    const peers = new RunRecordWriter(aggregatesOf(this.#calls, 'peers'), this.#spill, this.#context)
    const partitions = new RunRecordWriter(aggregatesOf(this.#calls, 'partition'), this.#spill, this.#context)
    const framed = this.#calls.flatMap((each): FramedCall[] => {
      if (each.kind !== 'framed') return []
      const { aggregate, call } = each
      const { filter } = call
      return [{ call, aggregate: aggregate && new FramedAggregate({ aggregate, filter }, this.#context) }]
    })
    let base = 0
    try {
      for await (const batch of sorted) {
        const scratch = this.#context.region()
        try {
          const states = framed.reduce((sum, { aggregate }) => sum + (aggregate?.bytes ?? 0), 0)
          await this.#memory.require(2 * batchBytes(batch) + peers.bytes + partitions.bytes + states)
          for (const { aggregate } of framed) aggregate?.add(batch, scratch)
          const at = starts.of(batch)
          const none = new Uint8Array(batch.length)
          const inside = at.partitions.map((begins) => 1 - begins)
          await peers.add(at.peers, inside, base, this.#inputs('peers', batch, scratch), scratch)
          await partitions.add(at.partitions, none, base, this.#inputs('partition', batch, scratch), scratch)
          rows.push(await this.#spill.write(batch))
          base += batch.length
        } finally {
          scratch.release()
          batch.release()
        }
      }
      return { rows, peers: await peers.finish(base), partitions: await partitions.finish(base), framed }
    } catch (error) {
      for (const { aggregate } of framed) aggregate?.release()
      throw error
    } finally {
      starts.release()
      peers.release()
      partitions.release()
    }
  }

  async *#evaluated(prepared: Prepared): AsyncGenerator<RecordBatch, void, void> {
    const { rows, peers, partitions, framed } = prepared
    const readers = {
      peers: new RunRecordReader(peers, this.#spill),
      partitions: new RunRecordReader(partitions, this.#spill),
      lookup: framed.length === 0 ? null : new LookedUp(framed, rows, peers, this.#spill, this.#memory, this.#context),
    }
    try {
      yield* this.#along(this.#read(prepared.rows), readers)
    } finally {
      readers.peers.release()
      readers.partitions.release()
      readers.lookup?.release()
    }
  }

  async *#read(rows: readonly SpilledBatch[]): AsyncGenerator<RecordBatch, void, void> {
    for (const written of rows) yield await this.#spill.read(written)
  }

  /** The results of sorted rows, a batch at a time. */
  async *#along(
    sorted: AsyncGenerator<RecordBatch, void, void>,
    readers: Readers | null,
  ): AsyncGenerator<RecordBatch, void, void> {
    const starts = this.#starts()
    const running = new RunAggregates(aggregatesOf(this.#calls, 'row'), this.#context.arena)
    const ranked: RankedRows = { partitionStart: 0, peerStart: 0, denseRank: 0 }
    const schema = this.schema
    const looked = readers?.lookup?.bytes ?? 0
    let base = 0
    let held = 0
    try {
      for await (const { batches, at } of neighbours(sorted, this.#before, this.#after)) {
        const batch = batches[at]!
        const region = this.#context.region()
        let out: RecordBatch | null = null
        try {
          const around = batches.reduce((sum, each) => sum + batchBytes(each), 0)
          // What it may need later is held from the start: who reads the rows takes what is left.
          const least = (this.#before + this.#after > 0 ? 7 : 2) * batchBytes(batch)
          await this.#memory.require(Math.max(this.#memory.bytes, least + looked, 2 * around) + running.bytes - held)
          held = running.bytes
          const begins = starts.of(batch)
          const peers = (await readers?.peers.take(base, batch.length, region)) ?? null
          const partitions = (await readers?.partitions.take(base, batch.length, region)) ?? null
          const places = rankRows(begins, base, ranked, peers?.ends ?? null, partitions?.ends ?? null)
          const rows = this.#running(running, begins, batch, region)
          const near = await this.#near(batches, at, region)
          const framed = (await readers?.lookup?.of({ batch, base, begins, peers, partitions }, region)) ?? []
          const lists = {
            row: rows.values(),
            peers: (peers?.values ?? []).values(),
            partition: (partitions?.values ?? []).values(),
            near: near.values(),
            framed: framed.values(),
          }
          const results = this.#calls.map((call) =>
            call.kind === 'ranking'
              ? places(call.name, call.call.type, bucketsOf(call), region)
              : lists[call.kind].next().value!,
          )
          region.dependOn(batch.region)
          out = new RecordBatch(schema, [...batch.columns, ...results], batch.length, null, region)
        } finally {
          if (out === null) region.release()
        }
        base += batch.length
        yield out
      }
    } finally {
      starts.release()
      running.release()
    }
  }

  /** Arguments of the aggregates of a kind, and the rows that they count. */
  #inputs(kind: Aggregated['kind'], batch: RecordBatch, region: Region): AggregateInput[] {
    return aggregatedOf(this.#calls, kind).map(({ aggregate, call }) => ({
      args: aggregate.inputs.map((expr) => expr.evaluate(batch, null, region)),
      rows: call.filter === null ? allRows(batch.length) : call.filter.select(batch, null, region),
    }))
  }

  /** Aggregates up to each row: each row is a run of its own, which takes on the one before. */
  #running(running: RunAggregates, { partitions }: Starts, batch: RecordBatch, region: Region): Vector[] {
    const inputs = this.#inputs('row', batch, region)
    if (inputs.length === 0) return []
    const count = batch.length
    const takesOn = new Uint8Array(count + 1)
    for (let i = 0; i < count; i++) takesOn[i + 1] = 1 - partitions[i]!
    const rows = rowsFrom(1, count)
    return running.add(rows, count, takesOn, inputs, region).map((result) => takeVector(result, rows, count, region))
  }

  /** Calls that look at rows around, evaluated over a batch and its neighbours. */
  async #near(batches: readonly RecordBatch[], at: number, region: Region): Promise<Vector[]> {
    const calls = this.#calls.flatMap((each) => (each.kind === 'near' ? [each.call] : []))
    if (calls.length === 0) return []
    const whole = await runSteps(concatSteps(this.#schema, batches, this.#context), this.#context)
    region.dependOn(whole.region)
    whole.release()
    const start = batches.slice(0, at).reduce((sum, batch) => sum + batch.length, 0)
    const values = await runSteps(evaluateWindow(whole, calls, region), this.#context)
    return values.map((vector) => sliceVector(vector, start, start + batches[at]!.length, region))
  }
}

function needsEnds(call: StreamedCall): boolean {
  if (call.kind === 'ranking') return ['percent_rank', 'cume_dist', 'ntile'].includes(call.name)
  return call.kind === 'peers' || call.kind === 'partition' || call.kind === 'framed'
}

function aggregatedOf(calls: readonly StreamedCall[], kind: Aggregated['kind']): Aggregated[] {
  return calls.filter((call): call is Aggregated => call.kind === kind)
}

function aggregatesOf(calls: readonly StreamedCall[], kind: Aggregated['kind']): AggregateCall[] {
  return aggregatedOf(calls, kind).map(({ aggregate }) => aggregate)
}

function bucketsOf({ call }: StreamedCall): number | null {
  const [count] = call.args
  return count instanceof LiteralExpr && count.value !== null ? Number(count.value) : null
}

/** Each batch with those that have the rows `before` and `after` it, in order; `at` is its place among them. */
async function* neighbours(
  source: AsyncGenerator<RecordBatch, void, void>,
  before: number,
  after: number,
): AsyncGenerator<{ readonly batches: readonly RecordBatch[]; readonly at: number }, void, void> {
  const batches: RecordBatch[] = []
  let at = 0
  let ended = false
  const rowsOf = (from: number, to: number): number =>
    batches.slice(from, to).reduce((sum, batch) => sum + batch.length, 0)
  try {
    for (;;) {
      while (!ended && (at >= batches.length || rowsOf(at + 1, batches.length) < after)) {
        const next = await source.next()
        if (next.done === true) ended = true
        else if (next.value.length === 0) next.value.release()
        else batches.push(next.value)
      }
      if (at >= batches.length) return
      yield { batches, at }
      at++
      while (at > 0 && rowsOf(1, at) >= before) {
        batches.shift()!.release()
        at--
      }
    }
  } finally {
    for (const batch of batches) batch.release()
    await source.return()
  }
}
