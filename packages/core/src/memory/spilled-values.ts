import { Field, Schema, type DataType } from 'apache-arrow'
import { DistinctAccumulator, type DistinctInner } from '../aggregates/distinct-accumulator.ts'
import type { AggregateState } from '../aggregates/aggregate-state.ts'
import { hashKeys } from '../operators/join-hash-table.ts'
import { RowCodec } from '../runtime/row-codec.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { BINARY, UINT32 } from '../types/type-factory.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { BytesVector, ListVector, PrimitiveVector, type Vector } from '../vectors/vector.ts'
import type { MemoryReservation } from './memory-pool.ts'
import { FAN_OUT, partOf, PartitionedSpill, type SpilledPart } from './partitioned-spill.ts'
import type { Spill } from './spill.ts'

/** Number of the group, and a value as it is encoded. */
const SCHEMA = new Schema([new Field('group', UINT32, false), new Field('value', BINARY, false)])

/** Levels of dealing, after which a hash of 32 bits has no more to tell. */
const MAX_LEVEL = 7
/** What it takes to tell apart the values of a part, for each byte of them, about. */
const TABLE_FACTOR = 6

/** Which call of a state the values are of. */
interface DistinctCall {
  readonly index: number
  readonly types: readonly DataType[]
}

/**
 * The values that groups have for one DISTINCT call, where those of one group do not fit: dealt to parts on disk by the hash
 * of group and value, and counted in part by part. Equal values of a group are in one part.
 */
export class SpilledValues {
  readonly #call: DistinctCall
  readonly #memory: MemoryReservation
  readonly #context: TaskContext
  readonly #spill: Spill
  readonly #parts: PartitionedSpill

  constructor(call: DistinctCall, spill: Spill, memory: MemoryReservation, context: TaskContext) {
    this.#call = call
    this.#memory = memory
    this.#context = context
    this.#spill = spill
    this.#parts = this.#newParts()
  }

  #newParts(): PartitionedSpill {
    return new PartitionedSpill(SCHEMA, FAN_OUT, this.#spill, this.#memory.part, this.#context)
  }

  /** Takes the lists of a column of states; `groups` are the numbers of their rows' groups. */
  async add(states: ListVector, groups: Uint32Array): Promise<void> {
    const { offsets, child } = states
    const { offsets: starts, bytes } = child as BytesVector
    const [from, to] = [offsets[0]!, offsets[states.length]!]
    const region = this.#context.region()
    try {
      const numbers = region.u32(to - from)
      for (let row = 0; row < states.length; row++)
        numbers.fill(groups[row]!, offsets[row]! - from, offsets[row + 1]! - from)
      const items = new BytesVector(BINARY, to - from, null, starts.subarray(from, to + 1), bytes)
      const group = new PrimitiveVector(UINT32, to - from, null, numbers)
      const batch = new RecordBatch(SCHEMA, [group, items], to - from, null, region)
      await deal(batch, this.#parts, 0)
    } finally {
      region.release()
    }
  }

  /** Counts all values into the call's aggregate of a state that has their groups. */
  async countInto(state: AggregateState): Promise<void> {
    await this.#parts.flush()
    for (const part of this.#parts.parts) await this.#count(part, 0, state)
  }

  async #count(part: SpilledPart, level: number, state: AggregateState): Promise<void> {
    if (part.rows === 0) return
    const wanted = state.bytes + TABLE_FACTOR * (part.bytes + 8 * part.rows)
    if (level < MAX_LEVEL && !this.#memory.tryResize(wanted)) {
      const parts = this.#newParts()
      try {
        for (const written of part.batches) {
          const batch = await this.#spill.read(written)
          try {
            await deal(batch, parts, level + 1)
          } finally {
            batch.release()
          }
        }
        await parts.flush()
      } finally {
        parts.release()
      }
      for (const each of parts.parts) await this.#count(each, level + 1, state)
      return
    }
    await this.#memory.require(wanted)
    await this.#countAll(part, state)
  }

  async #countAll(part: SpilledPart, state: AggregateState): Promise<void> {
    const { index, types } = this.#call
    const codec = new RowCodec(types, true)
    const values = new DistinctAccumulator(new FirstSeen(state, index), types, this.#context.arena)
    try {
      for (const written of part.batches) {
        const batch = await this.#spill.read(written)
        const region = this.#context.region()
        try {
          const [group, value] = batch.columns as [PrimitiveVector, BytesVector]
          const starts = Uint32Array.from(value.offsets.subarray(0, batch.length))
          const columns = codec.decode(value.bytes, starts, batch.length, region)
          values.update(state.groupCount, group.values as Uint32Array, columns, null, batch.length)
        } finally {
          region.release()
          batch.release()
        }
      }
    } finally {
      values.release()
    }
  }

  release(): void {
    this.#parts.release()
  }
}

async function deal(batch: RecordBatch, parts: PartitionedSpill, level: number): Promise<void> {
  const rows = allRows(batch.length)
  const hashes = hashKeys(batch.columns, rows)
  for (let k = 0; k < hashes.length; k++) hashes[k] = partOf(hashes[k]!, level)
  await parts.add(batch, rows, hashes)
}

/** Hands on values that are met for the first time to a state's call, which is another's. */
class FirstSeen implements DistinctInner {
  readonly #state: AggregateState
  readonly #index: number
  readonly bytes = 0

  constructor(state: AggregateState, index: number) {
    this.#state = state
    this.#index = index
  }

  update(
    _groupCount: number,
    groups: Uint32Array,
    columns: readonly Vector[],
    rows: Uint32Array | null,
    count: number,
  ): void {
    this.#state.addDistinct(this.#index, groups, columns, rows, count)
  }

  release(): void {}
}
