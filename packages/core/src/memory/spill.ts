import type { Schema } from 'apache-arrow'
import { fromArrowRecordBatch, toIpcRecordBatch } from '../arrow/arrow-edge.ts'
import { decodeIpc, encodeIpc } from '../arrow/ipc.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import type { OperatorMetrics } from '../runtime/metrics.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import type { MemoryReservation } from './memory-pool.ts'
import { spillStore, type SpillExtent, type SpillFile } from './spill-store.ts'

/** A batch that was written. */
export interface SpilledBatch {
  readonly schema: Schema
  readonly rows: number
  /** What it takes in memory, about. */
  readonly bytes: number
  readonly extent: Promise<SpillExtent>
}

/** Batches that may be on their way to the file while their maker goes on. */
const WRITES_AHEAD = 3

/** How large a batch should be that is written, of an operator whose part of the memory is `part`. */
export function chunkBytesFor(part: number): number {
  return Math.max(1024, Math.min(4096, Math.floor(part / 12)), Math.min(1 << 20, Math.floor(part / 64)))
}

/** Batches of one operator in one file, each as a compressed Arrow IPC stream. */
export class Spill {
  readonly #memory: MemoryReservation
  readonly #metrics: OperatorMetrics
  readonly #context: TaskContext
  readonly #writing = new Set<Promise<SpillExtent>>()
  #file: Promise<SpillFile> | null = null
  #failure: unknown = null
  #deleted = false

  constructor(node: ExecutionPlan, memory: MemoryReservation, context: TaskContext) {
    this.#memory = memory
    this.#metrics = context.metricsOf(node)
    this.#context = context
  }

  /**
   * Counts one decision to spill, after `wanted` bytes were refused.
   *
   * @throws VolleyError 53200 where there is nothing to spill to.
   */
  begin(wanted: number): void {
    if (!this.#context.hasService(spillStore)) {
      throw this.#memory.refused(wanted, 'there is no disk to spill to here')
    }
    this.#metrics.add('spill_count', 1)
  }

  /** Writes a batch; its memory is not read any more when this resolves. */
  async write(batch: RecordBatch): Promise<SpilledBatch> {
    await this.#context.giveWay()
    while (this.#writing.size >= WRITES_AHEAD) await Promise.race(this.#writing)
    if (this.#failure !== null) throw this.#failure
    const copy = toIpcRecordBatch(batch)
    const bytes = encodeIpc(copy.schema, [copy])
    const extent = this.#append(bytes)
    this.#writing.add(extent)
    const done = (): void => void this.#writing.delete(extent)
    extent.then(done, (error: unknown) => {
      done()
      this.#failure ??= error
    })
    return { schema: batch.schema, rows: batch.numRows, bytes: bytes.length, extent }
  }

  async #append(bytes: Uint8Array): Promise<SpillExtent> {
    this.#file ??= this.#context.service(spillStore).create()
    const extent = await (await this.#file).append(bytes)
    this.#metrics.add('spilled_bytes', extent.length)
    return extent
  }

  /** The batch again, with one reference, the caller's. */
  async read({ schema, extent }: SpilledBatch): Promise<RecordBatch> {
    await this.#context.giveWay()
    const bytes = await (await this.#file!).read(await extent)
    const [batch] = decodeIpc(bytes).batches
    const region = this.#context.region()
    try {
      return fromArrowRecordBatch(batch!, schema, region)
    } catch (error) {
      region.release()
      throw error
    }
  }

  async delete(): Promise<void> {
    if (this.#deleted) return
    this.#deleted = true
    await Promise.allSettled(this.#writing)
    const file = await this.#file?.catch(() => null)
    await file?.delete()
  }
}
