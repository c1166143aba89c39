import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { RowCodec } from '../runtime/row-codec.ts'
import type { Steps } from '../runtime/run-steps.ts'
import { BINARY, listType } from '../types/type-factory.ts'
import { equalBytes } from '../vectors/bytes-kernels.ts'
import { combineHashes, hashBytes, spread } from '../vectors/hash.ts'
import { Operand } from '../vectors/operand.ts'
import { BytesVector, ListVector, type Vector } from '../vectors/vector.ts'
import { grownBytes, type GroupedRows } from './accumulator-rows.ts'

/** Rows that are copied without giving way. */
const COPIED = 65_536

const LIST_OF_ROWS: DataType = listType(BINARY)

function grown(array: Uint32Array, length: number): Uint32Array {
  if (array.length >= length) return array
  const copy = new Uint32Array(Math.max(length, array.length * 2))
  copy.set(array)
  return copy
}

/** The rows of all groups, those of group g being `offsets[g]` to `offsets[g + 1]` of each column. */
export interface ListedRows {
  readonly offsets: Uint32Array
  readonly columns: readonly Vector[]
}

/**
 * A list of rows (of the given column types) for each group, in the order they came, encoded one after the other. Rows are
 * linked: `next` is the entry after an entry plus 1, `first` and `last` are entries plus 1, 0 being none.
 */
export class RowLists {
  readonly #codec: RowCodec
  #heap: Uint8Array = new Uint8Array(1024)
  #heapEnd = 0
  #count = 0
  #starts: Uint32Array = new Uint32Array(64)
  #ends: Uint32Array = new Uint32Array(64)
  #next: Uint32Array = new Uint32Array(64)
  #first: Uint32Array = new Uint32Array(16)
  #last: Uint32Array = new Uint32Array(16)
  /** Distinct rows only: slots that hold entry + 1 (0 is free), at most half full, by the hash of group and bytes. */
  #slots: Uint32Array
  #hashes: Uint32Array = new Uint32Array(0)
  #groups: Uint32Array = new Uint32Array(0)

  constructor(types: readonly DataType[], distinct: boolean) {
    this.#codec = new RowCodec(types, distinct)
    this.#slots = new Uint32Array(distinct ? 64 : 0)
  }

  get bytes(): number {
    return this.#heap.byteLength + this.#starts.byteLength * 3 + this.#first.byteLength * 2 + this.#slots.byteLength * 2
  }

  ensure(groupCount: number): void {
    this.#first = grown(this.#first, groupCount)
    this.#last = grown(this.#last, groupCount)
  }

  add(columns: readonly Vector[], { groups, rows, count }: GroupedRows): void {
    const { offsets, bytes } = this.#codec.encode(columns, rows, count)
    for (let k = 0; k < count; k++) this.#append(groups[k]!, bytes, offsets[k]!, offsets[k + 1]!)
  }

  /** Adds rows as `state` gives them. */
  merge(state: Vector, { groups, rows, count }: GroupedRows): void {
    const operand = new Operand(state)
    if (operand.isAlwaysNull) return
    const { offsets, child } = operand.data as ListVector
    const items = child as BytesVector
    for (let k = 0; k < count; k++) {
      if (!operand.isValid(rows[k]!)) continue
      const at = operand.at(rows[k]!)
      for (let i = offsets[at]!; i < offsets[at + 1]!; i++) {
        this.#append(groups[k]!, items.bytes, items.offsets[i]!, items.offsets[i + 1]!)
      }
    }
  }

  #append(group: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#isDuplicate(group, bytes, start, end)) return
    this.#heap = grownBytes(this.#heap, this.#heapEnd + end - start)
    this.#heap.set(bytes.subarray(start, end), this.#heapEnd)
    const entry = this.#entry(this.#heapEnd, this.#heapEnd + end - start)
    this.#heapEnd += end - start
    const last = this.#last[group]!
    if (last === 0) this.#first[group] = entry + 1
    else this.#next[last - 1] = entry + 1
    this.#last[group] = entry + 1
  }

  /** Whether the group has the row; else the next entry is entered as it. */
  #isDuplicate(group: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#slots.length === 0) return false
    if ((this.#count + 1) * 2 > this.#slots.length) this.#rehash()
    const hash = combineHashes(hashBytes(bytes, start, end), group)
    const mask = this.#slots.length - 1
    let slot = spread(hash) & mask
    for (let link = this.#slots[slot]!; link !== 0; link = this.#slots[slot]!) {
      const entry = link - 1
      if (this.#hashes[entry] === hash && this.#groups[entry] === group) {
        if (equalBytes(this.#heap, this.#starts[entry]!, this.#ends[entry]!, bytes, start, end)) return true
      }
      slot = (slot + 1) & mask
    }
    this.#slots[slot] = this.#count + 1
    this.#hashes = grown(this.#hashes, this.#count + 1)
    this.#groups = grown(this.#groups, this.#count + 1)
    this.#hashes[this.#count] = hash
    this.#groups[this.#count] = group
    return false
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let entry = 0; entry < this.#count; entry++) {
      let slot = spread(this.#hashes[entry]!) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = entry + 1
    }
    this.#slots = slots
  }

  #entry(start: number, end: number): number {
    const entry = this.#count++
    this.#starts = grown(this.#starts, this.#count)
    this.#ends = grown(this.#ends, this.#count)
    this.#next = grown(this.#next, this.#count)
    this.#starts[entry] = start
    this.#ends[entry] = end
    return entry
  }

  /** Puts the rows of `from` before those of `into`; the bytes are shared. */
  prepend(into: number, from: number): void {
    let first = 0
    let previous = 0
    for (let link = this.#first[from]!; link !== 0; link = this.#next[link - 1]!) {
      const start = this.#starts[link - 1]!
      const end = this.#ends[link - 1]!
      if (this.#isDuplicate(into, this.#heap, start, end)) continue
      const entry = this.#entry(start, end)
      if (previous === 0) first = entry + 1
      else this.#next[previous - 1] = entry + 1
      previous = entry + 1
    }
    if (first === 0) return
    this.#next[previous - 1] = this.#first[into]!
    this.#first[into] = first
    if (this.#last[into] === 0) this.#last[into] = previous
  }

  /** Entries of all groups in order, and where each group's begin. */
  #listed(groupCount: number): { offsets: Uint32Array; entries: Uint32Array } {
    this.ensure(groupCount)
    const offsets = new Uint32Array(groupCount + 1)
    const entries = new Uint32Array(this.#count)
    let n = 0
    for (let g = 0; g < groupCount; g++) {
      offsets[g] = n
      for (let link = this.#first[g]!; link !== 0; link = this.#next[link - 1]!) entries[n++] = link - 1
    }
    offsets[groupCount] = n
    return { offsets, entries: entries.subarray(0, n) }
  }

  /** One list of encoded rows per group, in steps. */
  *state(groupCount: number, region: Region): Steps<Vector> {
    const { offsets, entries } = this.#listed(groupCount)
    const itemOffsets = region.i32(entries.length + 1)
    let end = 0
    for (let i = 0; i < entries.length; i++) {
      itemOffsets[i] = end
      end += this.#ends[entries[i]!]! - this.#starts[entries[i]!]!
    }
    itemOffsets[entries.length] = end
    const bytes = region.u8(end)
    for (let i = 0; i < entries.length; i++) {
      if (i % COPIED === 0) yield
      bytes.set(this.#heap.subarray(this.#starts[entries[i]!]!, this.#ends[entries[i]!]!), itemOffsets[i])
    }
    const items = new BytesVector(BINARY, entries.length, null, itemOffsets, bytes)
    const listOffsets = region.i32(groupCount + 1)
    listOffsets.set(offsets)
    return new ListVector(LIST_OF_ROWS, groupCount, null, listOffsets, items)
  }

  /** The rows of all groups, in steps. */
  *rows(groupCount: number, region: Region): Steps<ListedRows> {
    const { offsets, entries } = this.#listed(groupCount)
    yield
    const starts = new Uint32Array(entries.length)
    for (let i = 0; i < starts.length; i++) starts[i] = this.#starts[entries[i]!]!
    yield
    return { offsets, columns: yield* this.#codec.decodeSteps(this.#heap, starts, entries.length, region) }
  }
}
