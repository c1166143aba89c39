import { collectBatch } from '../runtime/collect-batch.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'

/** What joins keep of their left side. */
export interface BuildSide {
  readonly batch: RecordBatch
  release(): void
}

/**
 * The left side of a join, collected once for all partitions that probe it.
 *
 * Each partition enters, and leaves in two steps: `abandon` when it is closed (the last one stops the collecting), `leave`
 * when it will not touch the memory again (the last one frees it). `finish` tells the partition that saw the last right
 * row; a partition that was closed before its end keeps that from happening.
 */
export class SharedBuild<T extends BuildSide> {
  readonly #partitions: number
  readonly #input: BatchStream
  readonly #context: TaskContext
  readonly #make: (batch: RecordBatch) => T
  #collected: Promise<T> | null = null
  #finished = 0
  #abandoned = 0
  #left = 0
  #freed = false

  constructor(partitions: number, input: BatchStream, context: TaskContext, make: (batch: RecordBatch) => T) {
    this.#partitions = partitions
    this.#input = input
    this.#context = context
    this.#make = make
    context.onClose(() => this.#free())
  }

  get(): Promise<T> {
    return (this.#collected ??= this.#collect())
  }

  async #collect(): Promise<T> {
    const batch = await collectBatch(this.#input, this.#context)
    try {
      await this.#input.close()
      return this.#make(batch)
    } catch (error) {
      batch.release()
      throw error
    }
  }

  /** Whether this was the last partition, and every other one came to its end. */
  finish(): boolean {
    return ++this.#finished === this.#partitions
  }

  async abandon(): Promise<void> {
    if (++this.#abandoned === this.#partitions) await this.#input.close()
  }

  async leave(): Promise<void> {
    if (++this.#left === this.#partitions) await this.#free()
  }

  async #free(): Promise<void> {
    if (this.#freed) return
    this.#freed = true
    await this.#input.close()
    const collected = await this.#collected?.catch(() => null)
    collected?.release()
  }

  /** An input of the partition's stream whose closing abandons the build. */
  handle(): BatchStream {
    let closing: Promise<void> | null = null
    return {
      schema: this.#input.schema,
      next: () => Promise.resolve(null),
      close: () => (closing ??= this.abandon()),
    }
  }
}
