import { Field, Schema, type DataType } from 'apache-arrow'
import type { AggregateCall } from '../aggregates/aggregate-call.ts'
import type { AggregateState } from '../aggregates/aggregate-state.ts'
import { hashKeys } from '../operators/join-hash-table.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import { runSteps } from '../runtime/run-steps.ts'
import { sliceRows } from '../runtime/slice-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { ListVector } from '../vectors/vector.ts'
import type { MemoryReservation } from './memory-pool.ts'
import { bufferBytesFor, FAN_OUT, partOf, PartitionedSpill, type SpilledPart } from './partitioned-spill.ts'
import { chunkBytesFor, Spill, type SpilledBatch } from './spill.ts'
import { SpilledValues } from './spilled-values.ts'
import { splitLists, type StateColumns } from './split-lists.ts'

/** Rows that are dealt at a time. */
const DEALT_ROWS = 16_384
/** Levels of dealing, after which a hash of 32 bits has no more to tell. */
const MAX_LEVEL = 7
/** Level of dealing from which the values of one group are dealt where they do not fit. */
const COUNTED_LEVEL = 2
const ONE_GROUP = 'what it keeps of one group must fit'

export interface SpilledGroupsOptions {
  readonly keyTypes: readonly DataType[]
  readonly calls: readonly AggregateCall[]
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
    const stateTypes = options.calls.flatMap((call) => call.stateTypes)
    const fields = [...options.keyTypes, ...stateTypes].map((type, i) => new Field(String(i), type, true))
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

  /** The states as they were written, of a group maybe more than one; each batch has one reference, the receiver's. */
  async *batches(): AsyncGenerator<RecordBatch, void, void> {
    await this.#parts!.flush()
    for (const part of this.#parts!.parts) for (const written of part.batches) yield await this.#spill.read(written)
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
      for (const some of sliceRows(all, DEALT_ROWS, this.#context)) {
        try {
          for (const batch of splitLists(some, this.#states, chunkBytesFor(this.#memory.part), this.#context)) {
            try {
              await this.#dealRows(batch, parts, level)
            } finally {
              batch.release()
            }
          }
        } finally {
          some.release()
        }
      }
    } finally {
      state.release()
      region.release()
    }
  }

  /** What it takes to merge a batch into a state whose tables have room. */
  #least(state: AggregateState, written: SpilledBatch): number {
    return state.bytes + 2 * Math.max(written.bytes, this.#memory.part / 12) + this.bufferBytes
  }

  get #states(): StateColumns {
    return { calls: this.#options.calls, first: this.#options.keyTypes.length }
  }

  async #dealRows(batch: RecordBatch, parts: PartitionedSpill, level: number): Promise<void> {
    const rows = allRows(batch.length)
    const hashes = hashKeys(batch.columns.slice(0, this.#options.keyTypes.length), rows)
    for (let k = 0; k < hashes.length; k++) hashes[k] = partOf(hashes[k]!, level)
    await parts.add(batch, rows, hashes)
  }

  /** All groups of a part in one state, though the values of a group for DISTINCT do not fit. */
  async #counted(part: SpilledPart): Promise<AggregateState> {
    const { keyTypes, calls, createState } = this.#options
    const state = createState()
    const values: { readonly column: number; readonly spilled: SpilledValues }[] = []
    let column = keyTypes.length
    for (const [index, { distinctTypes: types, stateTypes }] of calls.entries()) {
      if (types !== null) {
        values.push({ column, spilled: new SpilledValues({ index, types }, this.#spill, this.#memory, this.#context) })
      }
      column += stateTypes.length
    }
    let done = false
    try {
      for (const written of part.batches) {
        await this.#memory.require(this.#least(state, written), ONE_GROUP)
        const batch = await this.#spill.read(written)
        try {
          const groups = state.mergeOthers(batch, batch.columns.slice(0, keyTypes.length), keyTypes.length)
          for (const { column: at, spilled } of values) await spilled.add(batch.columns[at] as ListVector, groups)
        } finally {
          batch.release()
        }
      }
      for (const { spilled } of values) await spilled.countInto(state)
      done = true
      return state
    } finally {
      if (!done) state.release()
      for (const { spilled } of values) spilled.release()
    }
  }

  async *#merged(part: SpilledPart, level: number): AsyncGenerator<AggregateState, void, void> {
    if (part.rows === 0) return
    const { keyTypes, createState } = this.#options
    const distinct = this.#options.calls.some((call) => call.distinctTypes !== null)
    // Dealt often enough, a group that does not fit has few others beside it.
    const countedFrom = keyTypes.length === 0 ? 0 : COUNTED_LEVEL
    let parts: PartitionedSpill | null = null
    let state: AggregateState | null = createState()
    try {
      for (const written of part.batches) {
        const wanted = 2 * (state.bytes + written.bytes) + this.bufferBytes
        const one = level === MAX_LEVEL || state.groupCount <= 1
        if (this.#memory.tryResize(wanted)) {
          // There is room.
        } else if (one && distinct && level >= countedFrom) {
          state.release()
          state = null
          yield await this.#counted(part)
          return
        } else if (one && !distinct) {
          await this.#memory.require(this.#least(state, written), ONE_GROUP)
        } else {
          this.#spill.begin(wanted)
          parts ??= this.#newParts()
          await this.#deal(state, parts, level + 1)
          state = createState()
          await this.#memory.require(this.#least(state, written))
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
