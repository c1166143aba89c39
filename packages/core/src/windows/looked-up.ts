import type { Region } from '@volley/kernels'
import type { MemoryReservation } from '../memory/memory-pool.ts'
import type { Spill, SpilledBatch } from '../memory/spill.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import type { FramedAggregate } from './framed-aggregate.ts'
import { framedValues, shiftedValues } from './framed-values.ts'
import { RowSpool } from './row-spool.ts'
import type { RecordedRows, RunRecords } from './run-records.ts'
import type { Starts } from './run-starts.ts'
import { StreamedFrames, type PlacedRows } from './streamed-frames.ts'
import type { WindowCall } from './window-call.ts'

/** A call that looks up rows of its partition, and the states of the batches for an aggregate. */
export interface FramedCall {
  readonly call: WindowCall
  readonly aggregate: FramedAggregate | null
}

/** The next batch of sorted rows, of which the first is row `base` of all. */
interface NextRows {
  readonly batch: RecordBatch
  readonly base: number
  readonly begins: Starts
  readonly peers: RecordedRows | null
  readonly partitions: RecordedRows | null
}

/** Calls that look up rows anywhere in their partition: the sorted rows are on disk, and read again where they are wanted. */
export class LookedUp {
  readonly #calls: readonly FramedCall[]
  readonly #frames: readonly StreamedFrames[]
  readonly #rows: RowSpool
  readonly #groups: RowSpool
  readonly #memory: MemoryReservation
  readonly #context: TaskContext
  /** What aggregates keep from one batch to the next. */
  readonly #kept: Region
  #partitionStart = 0
  #peerStart = 0
  #peerGroup = -1

  constructor(
    calls: readonly FramedCall[],
    rows: readonly SpilledBatch[],
    peers: RunRecords,
    spill: Spill,
    memory: MemoryReservation,
    context: TaskContext,
  ) {
    this.#calls = calls
    this.#rows = new RowSpool(rows, spill, context)
    this.#groups = new RowSpool(peers.batches, spill, context)
    this.#frames = calls.map(({ call }) => new StreamedFrames(call, this.#rows, this.#groups, context))
    this.#memory = memory
    this.#context = context
    this.#kept = context.region()
  }

  /** What it holds from one batch to the next. */
  get bytes(): number {
    const states = this.#calls.reduce((sum, { aggregate }) => sum + 2 * (aggregate?.bytes ?? 0), 0)
    return this.#rows.bytes + this.#groups.bytes + states
  }

  /** One result for each call, in the region's memory. */
  async of(next: NextRows, region: Region): Promise<readonly Vector[]> {
    const placed = this.#place(next)
    const results: Vector[] = []
    for (const [i, { call, aggregate }] of this.#calls.entries()) {
      await this.#context.giveWay()
      if ('usesFrame' in call.fn && !call.fn.usesFrame) {
        results.push(await shiftedValues(call, placed, this.#rows, region))
        continue
      }
      const frame = await this.#frames[i]!.of(placed)
      if (aggregate === null) results.push(await framedValues(call, placed, frame, this.#rows, region))
      else {
        const memory = { most: this.#rowsAtOnce, kept: this.#kept }
        results.push(await aggregate.of(placed, frame, this.#rows, memory, region))
      }
    }
    return results
  }

  /** Rows that may be read at once, with what a tree over them takes. */
  get #rowsAtOnce(): number {
    return Math.max(64, Math.min(65_536, Math.floor(this.#memory.floor / 8 / (this.#rows.rowBytes + 64))))
  }

  #place({ batch, base, begins, peers, partitions }: NextRows): PlacedRows {
    const count = batch.length
    const partitionStart = new Uint32Array(count)
    const peerStart = new Uint32Array(count)
    const peerGroup = new Uint32Array(count)
    for (let i = 0; i < count; i++) {
      if (begins.partitions[i] === 1) this.#partitionStart = base + i
      if (begins.peers[i] === 1) {
        this.#peerStart = base + i
        this.#peerGroup++
      }
      partitionStart[i] = this.#partitionStart
      peerStart[i] = this.#peerStart
      peerGroup[i] = this.#peerGroup
    }
    const partitionEnd = Uint32Array.from(partitions!.ends)
    const peerEnd = Uint32Array.from(peers!.ends)
    return { batch, base, partitionStart, partitionEnd, peerStart, peerEnd, peerGroup }
  }

  release(): void {
    for (const { aggregate } of this.#calls) aggregate?.release()
    for (const frames of this.#frames) frames.release()
    this.#rows.release()
    this.#groups.release()
    this.#kept.release()
  }
}
