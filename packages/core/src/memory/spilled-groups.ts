import { Field, Schema, type DataType } from 'apache-arrow'
import type { AggregateState } from '../aggregates/aggregate-state.ts'
import { hashKeys } from '../operators/join-hash-table.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import { runSteps } from '../runtime/run-steps.ts'
import { sliceRows } from '../runtime/slice-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { MemoryReservation } from './memory-pool.ts'
import { bufferBytesFor, FAN_OUT, partOf, PartitionedSpill, type SpilledPart } from './partitioned-spill.ts'
import { Spill } from './spill.ts'

/** Rows that are dealt at a time. */
const DEALT_ROWS = 16_384
/** Levels of dealing, after which a hash of 32 bits has no more to tell. */
const MAX_LEVEL = 7

export interface SpilledGroupsOptions {
  readonly keyTypes: readonly DataType[]
  readonly stateTypes: readonly DataType[]
  readonly createState: () => AggregateState
}

/**
 * Partial states of groups on disk, dealt to parts by the hash of their keys. Later, part by part, those of each group are
 * merged in the order in which they were written; a part whose groups do not fit is dealt again.
 */
export class SpilledGroups {
  readonly #options: SpilledGroupsOptions
  readonly #schema: Schema
  readonly #memory: MemoryReservation
  readonly #context: TaskContext
  readonly #spill: Spill
  #parts: PartitionedSpill | null = null

  constructor(node: ExecutionPlan, options: SpilledGroupsOptions, memory: MemoryReservation, context: TaskContext) {
    const fields = [...options.keyTypes, ...options.stateTypes].map((type, i) => new Field(String(i), type, true))
    this.#options = options
    this.#schema = new Schema(fields)
    this.#memory = memory
    this.#context = context
    this.#spill = new Spill(node, memory, context)
  }

  get isEmpty(): boolean {
    return this.#parts === null
  }

  /** What rows on their way to the disk take, from the first spill on. */
  get bufferBytes(): number {
    return this.#parts === null ? 0 : bufferBytesFor(this.#memory.part)
  }

  /** Writes all groups of a state, and releases it. `wanted` is what was refused. */
  async add(state: AggregateState, wanted: number): Promise<void> {
    this.#spill.begin(wanted)
    this.#parts ??= this.#newParts()
    await this.#deal(state, this.#parts, 0)
  }

  /** States that hold all groups, each group in one; the receiver releases each before it asks for the next. */
  async *states(): AsyncGenerator<AggregateState, void, void> {
    await this.#parts!.flush()
    for (const part of this.#parts!.parts) yield* this.#merged(part, 0)
  }

  #newParts(): PartitionedSpill {
    return new PartitionedSpill(this.#schema, FAN_OUT, this.#spill, this.#memory.part, this.#context)
  }

  async #deal(state: AggregateState, parts: PartitionedSpill, level: number): Promise<void> {
    const region = this.#context.region()
    try {
      const columns = [...state.keys(region), ...(await runSteps(state.states(region), this.#context))]
      const count = state.groupCount
      state.release()
      const all = new RecordBatch(this.#schema, columns, count, null, region)
      for (const batch of sliceRows(all, DEALT_ROWS, this.#context)) {
        try {
          const rows = allRows(batch.length)
          const hashes = hashKeys(batch.columns.slice(0, this.#options.keyTypes.length), rows)
          for (let k = 0; k < hashes.length; k++) hashes[k] = partOf(hashes[k]!, level)
          await parts.add(batch, rows, hashes)
        } finally {
          batch.release()
        }
      }
    } finally {
      state.release()
      region.release()
    }
  }

  async *#merged(part: SpilledPart, level: number): AsyncGenerator<AggregateState, void, void> {
    if (part.rows === 0) return
    const { keyTypes, createState } = this.#options
    let parts: PartitionedSpill | null = null
    let state: AggregateState | null = createState()
    try {
      for (const written of part.batches) {
        const wanted = 2 * (state.bytes + written.bytes) + this.bufferBytes
        if (level === MAX_LEVEL || state.groupCount <= 1) {
          await this.#memory.require(wanted, 'what it keeps of one group must fit')
        } else if (!this.#memory.tryResize(wanted)) {
          this.#spill.begin(wanted)
          parts ??= this.#newParts()
          await this.#deal(state, parts, level + 1)
          state = createState()
          await this.#memory.require(2 * (state.bytes + written.bytes) + this.bufferBytes)
        }
        const batch = await this.#spill.read(written)
        try {
          state.merge(batch, batch.columns.slice(0, keyTypes.length), keyTypes.length)
        } finally {
          batch.release()
        }
      }
      if (parts === null) {
        const whole: AggregateState = state
        // Whoever receives it releases it.
        state = null
        yield whole
        return
      }
      await this.#deal(state, parts, level + 1)
      state = null
      await parts.flush()
      for (const sub of parts.parts) yield* this.#merged(sub, level + 1)
    } finally {
      state?.release()
      parts?.release()
    }
  }

  async delete(): Promise<void> {
    this.#parts?.release()
    await this.#spill.delete()
  }
}
