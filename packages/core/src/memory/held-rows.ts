import type { ExecutionPlan } from '../plan/execution-plan.ts'
import { batchBytes } from '../runtime/batch-bytes.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import type { MemoryReservation } from './memory-pool.ts'
import { Spill, type SpilledBatch } from './spill.ts'

/** Batches that are read any number of times: in memory, and on disk those for which there was none. */
export class HeldRows {
  readonly #memory: MemoryReservation
  readonly #spill: Spill
  readonly #batches: (RecordBatch | SpilledBatch)[] = []
  #bytes = 0
  #spills = false

  /** What is in memory is reserved in `memory`, beside what others have there. */
  constructor(node: ExecutionPlan, memory: MemoryReservation, context: TaskContext) {
    this.#memory = memory
    this.#spill = new Spill(node, memory, context)
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0
  }

  /** Takes a batch without selection; the reference is its own then. */
  async add(batch: RecordBatch): Promise<void> {
    const bytes = batchBytes(batch)
    if (this.#memory.tryResize(this.#memory.bytes + bytes)) {
      this.#bytes += bytes
      this.#batches.push(batch)
      return
    }
    try {
      if (!this.#spills) this.#spill.begin(this.#memory.bytes + bytes)
      this.#spills = true
      this.#batches.push(await this.#spill.write(batch))
    } finally {
      batch.release()
    }
  }

  /** All batches, each with one reference, the receiver's. */
  async *read(): AsyncGenerator<RecordBatch, void, void> {
    for (const batch of this.#batches) yield 'extent' in batch ? await this.#spill.read(batch) : batch.retain()
  }

  async release(): Promise<void> {
    for (const batch of this.#batches.splice(0)) if (!('extent' in batch)) batch.release()
    this.#memory.tryResize(this.#memory.bytes - this.#bytes)
    this.#bytes = 0
    await this.#spill.delete()
  }
}
