import type { DataType } from 'apache-arrow'
import { createGroupTable, type GroupTable } from '../aggregates/group-table.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { typeName } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { hashVector } from '../vectors/hash.ts'
import { Operand } from '../vectors/operand.ts'
import { scalarAt } from '../vectors/scalar-at.ts'
import type { Vector } from '../vectors/vector.ts'
import { BloomFilter } from './bloom-filter.ts'
import { KeyBounds } from './key-bounds.ts'

/** Distinct keys of one expression of a join's build side; NULL is none of them. */
export interface JoinKeySet {
  readonly type: DataType
  /** The keys themselves where there are few; null where there were too many to keep. */
  readonly values: readonly ScalarValue[] | null
  /** Least and greatest key; null where the type has no cheap order, or there is no key. */
  readonly bounds: readonly [low: ScalarValue, high: ScalarValue] | null
  /** Holds every key's hash, and perhaps others; null where `values` say more, or there were too many. */
  readonly bloom: BloomFilter | null
}

/** Hashes that are kept for a Bloom filter, 4 bytes each; with more keys there is none. */
const MAX_HASHES = 4_194_304

/** Types whose keys a list of literals is no good test of: each is compared with each. */
const COMPARED_ONE_BY_ONE: ReadonlySet<string> = new Set(['Decimal', 'Interval', 'List', 'Struct'])
const FEW = 8

/** Gathers the keys of a build side batch by batch: all of them up to `limit`, then their hashes and bounds. */
export class JoinKeyGatherer {
  readonly #type: DataType
  readonly #limit: number
  readonly #context: TaskContext
  readonly #bounds: KeyBounds | null
  #table: GroupTable | null
  #groups = new Uint32Array(0)
  #hashes: Uint32Array | null = new Uint32Array(0)
  #count = 0

  constructor(type: DataType, limit: number, context: TaskContext) {
    this.#type = type
    this.#limit = COMPARED_ONE_BY_ONE.has(typeName(type)) ? FEW : limit
    this.#context = context
    this.#bounds = KeyBounds.of(type)
    this.#table = createGroupTable([type], context.arena)
  }

  add(keys: Vector, rows: Uint32Array): void {
    const present = presentRows(keys, rows)
    if (present.length === 0) return
    this.#bounds?.add(keys, present)
    if (this.#table === null) {
      this.#addHashes(keys, present)
      return
    }
    if (this.#groups.length < present.length) this.#groups = new Uint32Array(present.length)
    this.#table.assign([keys], present, present.length, this.#groups)
    if (this.#table.count > this.#limit) this.#giveUpValues()
  }

  finish(): JoinKeySet {
    const values = this.#table === null ? null : this.#valuesOf(this.#table)
    const hashes = this.#hashes
    const bloom = values === null && hashes !== null ? BloomFilter.of(hashes, this.#count) : null
    return { type: this.#type, values, bounds: this.#bounds?.get() ?? null, bloom }
  }

  release(): void {
    this.#table?.release()
    this.#table = null
  }

  #valuesOf(table: GroupTable): ScalarValue[] {
    const region = this.#context.region()
    try {
      const [keys] = table.keys(region)
      return Array.from({ length: table.count }, (_, i) => scalarAt(keys!, i))
    } finally {
      region.release()
    }
  }

  #giveUpValues(): void {
    const region = this.#context.region()
    try {
      const [keys] = this.#table!.keys(region)
      this.#addHashes(keys!, null)
    } finally {
      region.release()
    }
    this.release()
  }

  #addHashes(keys: Vector, rows: Uint32Array | null): void {
    if (this.#hashes === null) return
    const added = rows?.length ?? keys.length
    const needed = this.#count + added
    if (needed > MAX_HASHES) {
      this.#hashes = null
      return
    }
    if (this.#hashes.length < needed) {
      const grown = new Uint32Array(Math.max(needed, this.#hashes.length * 2))
      grown.set(this.#hashes.subarray(0, this.#count))
      this.#hashes = grown
    }
    hashVector(keys, rows, this.#hashes.subarray(this.#count, needed), false)
    this.#count = needed
  }
}

function presentRows(keys: Vector, rows: Uint32Array): Uint32Array {
  const operand = new Operand(keys)
  if (operand.isAlwaysNull) return rows.subarray(0, 0)
  if (operand.validity === null || operand.isConstant) return rows
  const present = new Uint32Array(rows.length)
  let n = 0
  for (let k = 0; k < rows.length; k++) {
    present[n] = rows[k]!
    n += +operand.isValid(rows[k]!)
  }
  return present.subarray(0, n)
}

/** Whether keys of a type can be gathered: their equality is that of their values. */
export function canGather(type: DataType): boolean {
  const name = typeName(type)
  return name !== 'Json' && name !== 'Null'
}
