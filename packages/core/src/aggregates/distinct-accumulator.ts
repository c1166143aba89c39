import type { DataType } from 'apache-arrow'
import { KeyTable, Region, type Arena } from '@volley/kernels'
import { RowCodec } from '../runtime/row-codec.ts'
import { BINARY, listType } from '../types/type-factory.ts'
import { Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { takeVector } from '../vectors/take.ts'
import { BytesVector, ListVector, type Vector } from '../vectors/vector.ts'
import { grownBytes, presentRows, type GroupedRows } from './accumulator-rows.ts'
import type { GroupsAccumulator } from './aggregate-function.ts'
import { createGroupTable, type GroupTable } from './group-table.ts'
import { keyWordCount, readKeyWords, writeKeyWords } from './key-words.ts'

/** Rows that are added at a time, so that the tables' rooms for them are small. */
const CHUNK = 1024

const LIST_OF_ROWS: DataType = listType(BINARY)

/**
 * Hands an aggregate each value of a group when it comes for the first time. One table has all pairs of a group and a value:
 * a value of a fixed width stands in it as it is, anything else as the number that a table of its own gives it. The state is
 * a list of encoded rows.
 */
export class DistinctAccumulator implements GroupsAccumulator {
  readonly #arena: Arena
  readonly #types: readonly DataType[]
  readonly #inner: DistinctInner
  readonly #pairs: KeyTable
  /** Words of a pair: the group at 0, the value at `#valueAt` and on. */
  readonly #stride: number
  readonly #valueAt: number
  readonly #numbers: GroupTable | null
  /** Groups that have NULL, where values stand as they are. */
  #hasNull: Uint8Array = new Uint8Array(16)
  #out = new Uint32Array(0)

  /** `inner` is updated with the columns of `types`. Where values are not asked for, it is only that. */
  constructor(inner: DistinctInner, types: readonly DataType[], arena: Arena) {
    this.#arena = arena
    this.#types = types
    this.#inner = inner
    const words = types.length === 1 ? keyWordCount(types[0]!) : 0
    this.#numbers = words === 0 ? createGroupTable(types, arena) : null
    this.#valueAt = words === 2 ? 2 : 1
    this.#stride = words === 2 ? 4 : 2
    this.#pairs = new KeyTable(arena, this.#stride / 2)
  }

  get bytes(): number {
    return this.#inner.bytes + this.#pairs.bytes + (this.#numbers?.bytes ?? 0) + this.#hasNull.byteLength
  }

  update(
    groupCount: number,
    groups: Uint32Array,
    args: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    this.#add(groupCount, args, { groups, rows: rows ?? allRows(count), count })
  }

  merge(
    groupCount: number,
    groups: Uint32Array,
    states: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    const operand = new Operand(states[0]!)
    const lists = presentRows([operand], groups, rows, count)
    if (lists.count === 0) return
    const { offsets, child } = operand.data as ListVector
    const items = child as BytesVector
    let total = 0
    for (let k = 0; k < lists.count; k++) {
      const at = operand.at(lists.rows[k]!)
      total += offsets[at + 1]! - offsets[at]!
    }
    const ofItem = new Uint32Array(total)
    const starts = new Uint32Array(total)
    let n = 0
    for (let k = 0; k < lists.count; k++) {
      const at = operand.at(lists.rows[k]!)
      for (let i = offsets[at]!; i < offsets[at + 1]!; i++) {
        ofItem[n] = lists.groups[k]!
        starts[n++] = items.offsets[i]!
      }
    }
    const region = new Region(this.#arena)
    try {
      const columns = new RowCodec(this.#types, true).decode(items.bytes, starts, total, region)
      this.#add(groupCount, columns, { groups: ofItem, rows: allRows(total), count: total })
    } finally {
      region.release()
    }
  }

  #add(groupCount: number, columns: readonly Vector[], given: GroupedRows): void {
    this.#hasNull = grownBytes(this.#hasNull, groupCount)
    for (let start = 0; start < given.count; start += CHUNK) {
      const end = Math.min(given.count, start + CHUNK)
      const [groups, rows] = [given.groups.subarray(start, end), given.rows.subarray(start, end)]
      this.#addChunk(groupCount, columns, { groups, rows, count: end - start })
    }
  }

  #addChunk(groupCount: number, columns: readonly Vector[], given: GroupedRows): void {
    if (this.#out.length < given.count) this.#out = new Uint32Array(given.count)
    const operand = new Operand(columns[0]!)
    const values = this.#numbers === null ? presentRows([operand], given.groups, given.rows, given.count) : given
    if (values.count < given.count) this.#addNulls(groupCount, columns, operand, given)
    if (values.count === 0) return
    const out = this.#out
    const known = this.#pairs.count
    const space = this.#pairs.space(values.count)
    this.#writeValues(columns, values, space)
    writeGroups(values, space, this.#stride)
    this.#pairs.assign(values.count, out)
    const added = this.#pairs.count - known
    if (added === 0) return
    if (added === values.count) return this.#inner.update(groupCount, values.groups, columns, values.rows, added)
    const fresh = firstOf(values, out, known, added)
    this.#inner.update(groupCount, fresh.groups, columns, fresh.rows, added)
  }

  #writeValues(columns: readonly Vector[], { rows, count }: GroupedRows, space: Uint32Array): void {
    const [at, stride] = [this.#valueAt, this.#stride]
    if (this.#numbers === null) {
      writeKeyWords(new Operand(columns[0]!), rows, count, space, at, stride, at === 2 ? 2 : 1)
    } else {
      this.#numbers.assign(columns, rows, count, this.#out)
      for (let k = 0, to = at; k < count; k++, to += stride) space[to] = this.#out[k]!
    }
  }

  #addNulls(
    groupCount: number,
    columns: readonly Vector[],
    operand: Operand,
    { groups, rows, count }: GroupedRows,
  ): void {
    const fresh = { groups: new Uint32Array(count), rows: new Uint32Array(count) }
    let n = 0
    for (let k = 0; k < count; k++) {
      const group = groups[k]!
      if (this.#hasNull[group] === 1 || operand.isValid(rows[k]!)) continue
      this.#hasNull[group] = 1
      fresh.groups[n] = group
      fresh.rows[n++] = rows[k]!
    }
    if (n > 0) this.#inner.update(groupCount, fresh.groups, columns, fresh.rows.subarray(0, n), n)
  }

  mergeGroup(groupCount: number, into: number, from: number): void {
    const region = new Region(this.#arena)
    try {
      const { offsets, order, columns } = this.#listed(groupCount, region)
      const rows = order.slice(offsets[from]!, offsets[from + 1]!)
      this.#add(groupCount, columns, { groups: new Uint32Array(rows.length).fill(into), rows, count: rows.length })
    } finally {
      region.release()
    }
  }

  /** The pairs' values and, behind them, a NULL if any group has one; those of group g are `order[offsets[g]]` and on. */
  #listed(
    groupCount: number,
    region: Region,
  ): { offsets: Uint32Array; order: Uint32Array; columns: readonly Vector[] } {
    this.#hasNull = grownBytes(this.#hasNull, groupCount)
    const { count, words } = this.#pairs
    const stride = this.#stride
    const offsets = new Uint32Array(groupCount + 1)
    for (let i = 0; i < count; i++) offsets[words[i * stride]! + 1]!++
    for (let g = 0; g < groupCount; g++) offsets[g + 1]! += this.#hasNull[g]! + offsets[g]!
    const cursors = offsets.slice()
    const order = new Uint32Array(offsets[groupCount]!)
    for (let i = 0; i < count; i++) order[cursors[words[i * stride]!]!++] = i
    for (let g = 0; g < groupCount; g++) if (this.#hasNull[g] === 1) order[cursors[g]!] = count
    return { offsets, order, columns: this.#values(region) }
  }

  #values(region: Region): readonly Vector[] {
    const { count, words } = this.#pairs
    const [at, stride] = [this.#valueAt, this.#stride]
    if (this.#numbers === null) {
      const validity = region.bitmap(count + 1, true)
      validity[count >>> 3]! &= ~(1 << (count & 7))
      // The row of NULL takes the words of the first pair, which may be none.
      return [readKeyWords(this.#types[0]!, count + 1, validity, words, { skipped: count, at, stride }, region)]
    }
    const numbers = new Uint32Array(count)
    for (let i = 0; i < count; i++) numbers[i] = words[i * stride + at]!
    return this.#numbers.keys(region).map((column) => takeVector(column, numbers, count, region))
  }

  state(groupCount: number, region: Region): Vector[] {
    const { offsets, order, columns } = this.#listed(groupCount, region)
    const encoded = new RowCodec(this.#types, true).encode(columns, order, order.length)
    const itemOffsets = region.i32(order.length + 1)
    itemOffsets.set(encoded.offsets.subarray(0, order.length + 1))
    const bytes = region.u8(encoded.offsets[order.length]!)
    bytes.set(encoded.bytes.subarray(0, bytes.length))
    const listOffsets = region.i32(groupCount + 1)
    listOffsets.set(offsets)
    const items = new BytesVector(BINARY, order.length, null, itemOffsets, bytes)
    return [new ListVector(LIST_OF_ROWS, groupCount, null, listOffsets, items)]
  }

  evaluate(groupCount: number, region: Region): Vector {
    return this.#inner.evaluate!(groupCount, region)
  }

  /** Hands on values that are known to be new, without looking for them; there may be none. */
  addNew(
    groupCount: number,
    groups: Uint32Array,
    args: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    this.#inner.update(groupCount, groups, args, rows, count)
  }

  release(): void {
    this.#inner.release()
    this.#pairs.release()
    this.#numbers?.release()
  }
}

/** What takes the values of groups, each once. */
export type DistinctInner = Pick<GroupsAccumulator, 'update' | 'bytes' | 'release'> & Partial<GroupsAccumulator>

function writeGroups({ groups, count }: GroupedRows, space: Uint32Array, stride: number): void {
  if (stride === 2) for (let k = 0; k < count; k++) space[2 * k] = groups[k]!
  else {
    for (let k = 0; k < count; k++) {
      space[4 * k] = groups[k]!
      space[4 * k + 1] = 0
    }
  }
}

/** The rows whose numbers are from `known` on, each at its first appearance; there are `added`. */
function firstOf(
  { groups, rows, count }: GroupedRows,
  numbers: Uint32Array,
  known: number,
  added: number,
): GroupedRows {
  const fresh = { groups: new Uint32Array(added), rows: new Uint32Array(added), count: added }
  let n = 0
  for (let k = 0; n < added && k < count; k++) {
    if (numbers[k] !== known + n) continue
    fresh.groups[n] = groups[k]!
    fresh.rows[n++] = rows[k]!
  }
  return fresh
}
