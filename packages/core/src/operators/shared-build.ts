import type { BatchStream } from '../runtime/batch-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'

/** What joins keep of their left side, in memory or on disk. */
export interface BuildSide {
  release(): void | Promise<void>
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
  readonly #collectFrom: (input: BatchStream) => Promise<T>
  #collected: Promise<T> | null = null
  #finished = 0
  #abandoned = 0
  #left = 0
  #freed = false

  /** `collect` reads the input to its end, and closes it. */
  constructor(
    partitions: number,
    input: BatchStream,
    context: TaskContext,
    collect: (input: BatchStream) => Promise<T>,
  ) {
    this.#partitions = partitions
    this.#input = input
    this.#collectFrom = collect
    context.onClose(() => this.#free())
  }

  get(): Promise<T> {
    return (this.#collected ??= this.#collectFrom(this.#input))
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
    await collected?.release()
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
