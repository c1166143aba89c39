import type { DataType } from 'apache-arrow'
import { boundIntegers, PlaceTable, Region, type Arena, type FixedColumn, type KeyRange } from '@volley/kernels'
import { typeName } from '../types/data-types.ts'
import type { Steps } from '../runtime/run-steps.ts'
import { allocValues } from '../vectors/build.ts'
import { Operand, wordsOf } from '../vectors/operand.ts'
import { allRows, kernelRows } from '../vectors/selection.ts'
import { takeVector } from '../vectors/take.ts'
import { BoolVector, PrimitiveVector, type PrimitiveArray, type Vector } from '../vectors/vector.ts'
import { GroupWords } from './group-memory.ts'
import type { GroupTable } from './group-table.ts'
import { fixedColumn, keyWordCount } from './key-words.ts'

/** Places that a table may have from the start. */
const FIRST_PLACES = 1 << 16
/** Places that it may have for each row. */
const PLACES_PER_ROW = 2
/** Numbers of a key's own table: to move more groups to another table would keep a query from giving way. */
const MOST_NUMBERS = 1 << 17
/** Groups that go to another table at a time. */
const MOVED = 1 << 16

/** How large tables may become. */
export interface GroupTableHint {
  /** Rows that are expected, of which some may be equal. */
  readonly rows: number
  /** The most places of a table of places, which take 4 bytes each. */
  readonly mostPlaces: number
}

/** A key: a value of a small range, or, of other types, the number that a table of its own gives it. */
interface Part {
  readonly type: DataType
  readonly table: GroupTable | null
  readonly numbers: GroupWords | null
  range: KeyRange
}

interface PartRows {
  /** Null where all rows are NULL. */
  readonly column: FixedColumn | null
  readonly rows: Uint32Array | null
}

/** Whether places can be made of keys of this type. */
export function hasPlaces(type: DataType): boolean {
  return typeName(type) !== 'Float32' && typeName(type) !== 'Float64'
}

/**
 * Groups by the place of their keys in a table of all that the keys' ranges have room for, which are found on the way. Groups
 * go to another table, with the numbers that they have, as soon as the ranges are too large.
 */
export class DenseKeyTable implements GroupTable {
  readonly #arena: Arena
  readonly #parts: readonly Part[]
  readonly #places: PlaceTable
  readonly #hint: GroupTableHint
  readonly #createOther: () => GroupTable
  #other: GroupTable | null = null
  #rows = 0

  constructor(
    types: readonly DataType[],
    arena: Arena,
    places: PlaceTable,
    hint: GroupTableHint,
    createOther: () => GroupTable,
    createOwn: (type: DataType) => GroupTable,
  ) {
    this.#arena = arena
    this.#places = places
    this.#hint = hint
    this.#createOther = createOther
    this.#parts = types.map((type) => {
      const own = keyWordCount(type) === 0
      const range = { least: 0n, size: typeName(type) === 'Bool' ? 2 : 0 }
      return { type, table: own ? createOwn(type) : null, numbers: own ? new GroupWords(arena) : null, range }
    })
    places.resize(placesOf(this.#parts.map(({ range }) => range)), null)
  }

  get count(): number {
    return this.#other?.count ?? this.#places.count
  }

  get bytes(): number {
    if (this.#other !== null) return this.#other.bytes
    return this.#parts.reduce(
      (sum, { table, numbers }) => sum + (table?.bytes ?? 0) + (numbers?.bytes ?? 0),
      this.#places.bytes,
    )
  }

  makeRoom(rows: number): Steps<void> | null {
    return this.#other?.makeRoom?.(rows) ?? null
  }

  assign(keys: readonly Vector[], rows: Uint32Array, count: number, out: Uint32Array): void {
    if (this.#other === null && count > 0) {
      this.#rows += count
      const parts = this.#parts.map((part, i) => rowsOf(part, keys[i]!, rows, count))
      this.#places.begin(count)
      if (this.#add(parts, count) || (this.#grow(parts, count) && this.#add(parts, count))) {
        this.#places.assign(count, out)
        return
      }
      this.#leave()
    }
    if (count > 0) this.#other!.assign(keys, rows, count, out)
  }

  /** Makes the places of the rows; false where a value is out of its range. */
  #add(rows: readonly PartRows[], count: number): boolean {
    let stride = 1
    let inside = true
    for (const [i, { range }] of this.#parts.entries()) {
      const { column, rows: ofColumn } = rows[i]!
      if (column !== null) inside = this.#places.add(column, ofColumn, count, range, stride, i === 0)
      else if (i === 0) this.#places.clear(count)
      if (!inside) return false
      stride *= range.size + 1
    }
    return true
  }

  /** Makes ranges large enough for the rows; false where there would be too many places. */
  #grow(rows: readonly PartRows[], count: number): boolean {
    const exact = this.#parts.map((part, i) => this.#wanted(part, rows[i]!, count))
    if (exact.includes(null)) return false
    const wanted = exact as KeyRange[]
    const roomy = this.#parts.map(({ range }, i) => withRoom(range, wanted[i]!))
    const { rows: expected, mostPlaces } = this.#hint
    const most = Math.min(mostPlaces, Math.max(FIRST_PLACES, PLACES_PER_ROW * Math.max(this.#rows, expected)))
    const ranges = placesOf(roomy) <= most ? roomy : wanted
    if (placesOf(ranges) > most) return false
    this.#places.resize(placesOf(ranges), this.#moved(ranges))
    for (const [i, part] of this.#parts.entries()) part.range = ranges[i]!
    return true
  }

  /** The range that a key has with these rows; null where it is too large for any table. */
  #wanted({ table, range }: Part, { column, rows }: PartRows, count: number): KeyRange | null {
    if (column === null || column.isBits) return range
    if (table !== null)
      return table.count > MOST_NUMBERS ? null : { least: 0n, size: Math.max(range.size, table.count) }
    const bounds = boundIntegers(this.#arena, column, rows, count)
    if (bounds === null) return range
    const last = range.least + BigInt(range.size) - 1n
    const least = range.size === 0 || bounds[0] < range.least ? bounds[0] : range.least
    const size = (range.size === 0 || bounds[1] > last ? bounds[1] : last) - least + 1n
    return size > BigInt(this.#hint.mostPlaces) ? null : { least, size: Number(size) }
  }

  /** The groups' places for other ranges; null where they are what they were. */
  #moved(ranges: readonly KeyRange[]): Uint32Array | null {
    const parts = this.#parts
    const last = parts.length - 1
    const stay = parts.every(
      ({ range: { least, size } }, i) =>
        (size === 0 || least === ranges[i]!.least) && (i === last || size === ranges[i]!.size),
    )
    const { count, places } = this.#places
    if (stay || count === 0) return null
    const moved = new Uint32Array(count)
    let [stride, newStride] = [1, 1]
    for (const [i, { range }] of parts.entries()) {
      const size = range.size + 1
      const shift = range.size === 0 ? 0 : Number(range.least - ranges[i]!.least)
      for (let g = 0; g < count; g++) {
        const at = Math.floor(places[g]! / stride) % size
        moved[g]! += at === 0 ? 0 : (at + shift) * newStride
      }
      stride *= size
      newStride *= ranges[i]!.size + 1
    }
    return moved
  }

  /** Gives the groups to another table. */
  #leave(): void {
    const other = this.#createOther()
    const region = new Region(this.#arena)
    try {
      const { count } = this.#places
      const keys = count === 0 ? [] : this.#keys(region)
      const numbers = new Uint32Array(Math.min(MOVED, count))
      const add = (from: number, to: number): void => {
        for (let start = from; start < to; start += MOVED) {
          const end = Math.min(start + MOVED, to)
          other.assign(keys, allRows(count).subarray(start, end), end - start, numbers)
        }
      }
      // A table of one key may number the NULL of a call before its values.
      const ofNull = this.#parts.length > 1 ? -1 : this.#places.places.subarray(0, count).indexOf(0)
      add(0, ofNull)
      if (ofNull >= 0) add(ofNull, ofNull + 1)
      add(ofNull + 1, count)
    } catch (error) {
      other.release()
      throw error
    } finally {
      region.release()
    }
    this.#releaseParts()
    this.#other = other
  }

  keys(region: Region): Vector[] {
    return this.#other?.keys(region) ?? this.#keys(region)
  }

  #keys(region: Region): Vector[] {
    const { count, places } = this.#places
    let stride = 1
    return this.#parts.map(({ type, table, range }, i) => {
      const size = range.size + 1
      const offsets = offsetsOf(places, count, stride, i === this.#parts.length - 1 ? Infinity : size)
      stride *= size
      if (table !== null) {
        for (let g = 0; g < count; g++) offsets[g]! -= 1
        return takeVector(table.keys(region)[0]!, offsets, count, region)
      }
      return valuesAt(type, offsets, range.least, region)
    })
  }

  #releaseParts(): void {
    for (const { table, numbers } of this.#parts) {
      table?.release()
      numbers?.release()
    }
    this.#places.release()
  }

  release(): void {
    if (this.#other === null) this.#releaseParts()
    else this.#other.release()
  }
}

/** What a key of some rows is made of. */
function rowsOf({ table, numbers }: Part, key: Vector, rows: Uint32Array, count: number): PartRows {
  if (table !== null && numbers !== null) {
    const words = numbers.ensure(count)
    const values = new Uint32Array(words.buffer as ArrayBuffer, words.byteOffset, count)
    table.assign([key], rows, count, values)
    return { column: { values, isBits: false, mask: -1, validity: null }, rows: null }
  }
  const operand = new Operand(key)
  return { column: operand.isAlwaysNull ? null : fixedColumn(operand), rows: kernelRows(rows) }
}

function placesOf(ranges: readonly KeyRange[]): number {
  return ranges.reduce((product, { size }) => product * (size + 1), 1)
}

/** A range that has grown, with room for more on the side where it did: at least twice what it was. */
function withRoom(before: KeyRange, wanted: KeyRange): KeyRange {
  if (before.size === 0 || (before.least === wanted.least && before.size === wanted.size)) return wanted
  const room = Math.max(0, 2 * before.size - wanted.size)
  const size = wanted.size + room
  const least = wanted.least === before.least ? wanted.least : wanted.least - BigInt(room)
  return { least, size }
}

/** The places of a key among those of all, one for each group; `size` is how many places it has. */
function offsetsOf(places: Uint32Array, count: number, stride: number, size: number): Uint32Array {
  const offsets = places.slice(0, count)
  if (stride > 1) for (let g = 0; g < count; g++) offsets[g] = Math.floor(offsets[g]! / stride)
  if (size !== Infinity) for (let g = 0; g < count; g++) offsets[g]! %= size
  return offsets
}

/** The values at places of a range. */
function valuesAt(type: DataType, offsets: Uint32Array, least: bigint, region: Region): Vector {
  const count = offsets.length
  let missing = 0
  for (let g = 0; g < count; g++) missing += +(offsets[g] === 0)
  const validity = missing === 0 ? null : region.bitmap(count, false)
  if (validity !== null) for (let g = 0; g < count; g++) validity[g >>> 3]! |= +(offsets[g] !== 0) << (g & 7)
  if (typeName(type) === 'Bool') {
    const bits = region.bitmap(count, false)
    for (let g = 0; g < count; g++) bits[g >>> 3]! |= +(offsets[g] === 2) << (g & 7)
    return new BoolVector(type, count, validity, bits)
  }
  const values = allocValues(type, count, region)
  const before = least - 1n
  if (values.BYTES_PER_ELEMENT === 8) writeLong(wordsOf(values), offsets, before)
  else writeShort(values, offsets, Number(before))
  return new PrimitiveVector(type, count, validity, values)
}

function writeLong(out: Int32Array, offsets: Uint32Array, before: bigint): void {
  const low = Number(BigInt.asUintN(32, before))
  const high = Number(BigInt.asIntN(32, before >> 32n))
  for (let g = 0; g < offsets.length; g++) {
    const sum = low + offsets[g]!
    out[2 * g] = sum | 0
    out[2 * g + 1] = high + +(sum > 0xffffffff)
  }
}

function writeShort(out: PrimitiveArray, offsets: Uint32Array, before: number): void {
  for (let g = 0; g < offsets.length; g++) (out as Int32Array)[g] = before + offsets[g]!
}
