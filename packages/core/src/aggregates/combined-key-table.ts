import type { Arena, Region } from '@volley/kernels'
import { GrowableBuffer } from '../runtime/growable-buffer.ts'
import { takeVector } from '../vectors/take.ts'
import type { Vector } from '../vectors/vector.ts'
import { spread } from './bytes-table.ts'
import type { GroupTable } from './group-table.ts'

/** Cells of a dense table of pairs, at most. */
const MAX_CELLS = 1 << 18
const FIRST_SIDE = 16

/**
 * Groups of several keys: each key is numbered by a table of its own, which knows the fast way for its type, and the
 * numbers are combined pair by pair. No key is ever encoded to bytes for the others' sake.
 */
export class CombinedKeyTable implements GroupTable {
  readonly #tables: readonly GroupTable[]
  readonly #pairs: readonly PairTable[]
  #left = new Uint32Array(0)
  #right = new Uint32Array(0)

  constructor(tables: readonly GroupTable[], arena: Arena) {
    this.#tables = tables
    this.#pairs = tables.slice(1).map(() => new PairTable(arena))
  }

  get count(): number {
    return this.#pairs.at(-1)!.count
  }

  get bytes(): number {
    return [...this.#tables, ...this.#pairs].reduce((sum, table) => sum + table.bytes, 0)
  }

  assign(keys: readonly Vector[], rows: Uint32Array, count: number, out: Uint32Array): void {
    if (this.#left.length < count) {
      this.#left = new Uint32Array(Math.max(1024, count))
      this.#right = new Uint32Array(Math.max(1024, count))
    }
    this.#tables[0]!.assign([keys[0]!], rows, count, this.#left)
    for (const [k, pairs] of this.#pairs.entries()) {
      this.#tables[k + 1]!.assign([keys[k + 1]!], rows, count, this.#right)
      pairs.assign(this.#left, this.#right, count, k === this.#pairs.length - 1 ? out : this.#left)
    }
  }

  keys(region: Region): Vector[] {
    const { count } = this
    const columns: Vector[] = []
    let groups: Uint32Array | null = null
    for (let k = this.#pairs.length - 1; k >= 0; k--) {
      const pairs = this.#pairs[k]!
      columns.unshift(taken(this.#tables[k + 1]!, pairs.numbers(1, groups, count), region))
      groups = pairs.numbers(0, groups, count)
    }
    columns.unshift(taken(this.#tables[0]!, groups!, region))
    return columns
  }

  release(): void {
    for (const table of this.#tables) table.release()
    for (const pairs of this.#pairs) pairs.release()
  }
}

function taken(table: GroupTable, numbers: Uint32Array, region: Region): Vector {
  return takeVector(table.keys(region)[0]!, numbers, numbers.length, region)
}

/**
 * Pairs of numbers, numbered by first appearance: in a dense table while it is small, else by open addressing over slots
 * that hold the pair's number + 1, at most half full.
 */
class PairTable {
  readonly #arena: Arena
  /** Pair g is `pairs[2g], pairs[2g + 1]`. */
  readonly #pairs: GrowableBuffer
  #slots: GrowableBuffer
  #count = 0
  /** Numbers below which the dense table holds; 0 once slots are hashed. */
  #width = FIRST_SIDE
  #height = FIRST_SIDE
  #shift = 0

  constructor(arena: Arena) {
    this.#arena = arena
    this.#pairs = new GrowableBuffer(arena, 1024)
    this.#slots = zeros(arena, FIRST_SIDE * FIRST_SIDE)
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#pairs.bytes + this.#slots.bytes
  }

  /** `out` may be `left`. */
  assign(left: Uint32Array, right: Uint32Array, count: number, out: Uint32Array): void {
    this.#pairs.ensure((this.#count + count) * 8)
    if (this.#width > 0) this.#widen(left, right, count)
    if (this.#width > 0) this.#assignDense(left, right, count, out)
    else this.#assignHashed(left, right, count, out)
  }

  /** One side of the pairs with these numbers (all, when null). */
  numbers(side: 0 | 1, groups: Uint32Array | null, count: number): Uint32Array {
    const pairs = this.#pairs.u32
    const out = new Uint32Array(count)
    for (let g = 0; g < count; g++) out[g] = pairs[2 * (groups === null ? g : groups[g]!) + side]!
    return out
  }

  release(): void {
    this.#pairs.release()
    this.#slots.release()
  }

  /** Makes the dense table hold the numbers, or gives it up. */
  #widen(left: Uint32Array, right: Uint32Array, count: number): void {
    const width = sideFor(left, count, this.#width)
    const height = sideFor(right, count, this.#height)
    if (width === this.#width && height === this.#height) return
    this.#slots.release()
    if (width * height <= MAX_CELLS) {
      this.#width = width
      this.#height = height
      this.#slots = zeros(this.#arena, width * height)
      const cells = this.#slots.u32
      const pairs = this.#pairs.u32
      for (let g = 0; g < this.#count; g++) cells[pairs[2 * g]! * height + pairs[2 * g + 1]!] = g + 1
      return
    }
    this.#width = 0
    this.#slots = zeros(this.#arena, 1)
    this.#rehash(this.#count + count)
  }

  #assignDense(left: Uint32Array, right: Uint32Array, count: number, out: Uint32Array): void {
    const cells = this.#slots.u32
    const pairs = this.#pairs.u32
    const height = this.#height
    let groups = this.#count
    for (let k = 0; k < count; k++) {
      const a = left[k]!
      const b = right[k]!
      const cell = a * height + b
      let entry = cells[cell]!
      if (entry === 0) {
        pairs[2 * groups] = a
        pairs[2 * groups + 1] = b
        entry = ++groups
        cells[cell] = entry
      }
      out[k] = entry - 1
    }
    this.#count = groups
  }

  #assignHashed(left: Uint32Array, right: Uint32Array, count: number, out: Uint32Array): void {
    this.#rehash(this.#count + count)
    const slots = this.#slots.u32
    const pairs = this.#pairs.u32
    const shift = this.#shift
    const mask = 2 ** (32 - shift) - 1
    let groups = this.#count
    for (let k = 0; k < count; k++) {
      const a = left[k]!
      const b = right[k]!
      let slot = hashPair(a, b) >>> shift
      let entry = slots[slot]!
      while (entry !== 0 && (pairs[2 * entry - 2] !== a || pairs[2 * entry - 1] !== b)) {
        slot = (slot + 1) & mask
        entry = slots[slot]!
      }
      if (entry === 0) {
        pairs[2 * groups] = a
        pairs[2 * groups + 1] = b
        entry = ++groups
        slots[slot] = entry
      }
      out[k] = entry - 1
    }
    this.#count = groups
  }

  /** Slots for at least twice so many pairs. */
  #rehash(pairCount: number): void {
    const size = 2 ** Math.ceil(Math.log2(Math.max(16, pairCount * 2)))
    if (size * 4 <= this.#slots.bytes && this.#shift > 0) return
    this.#slots.release()
    this.#slots = zeros(this.#arena, size)
    this.#shift = 32 - Math.log2(size)
    const slots = this.#slots.u32
    const pairs = this.#pairs.u32
    const mask = size - 1
    for (let g = 0; g < this.#count; g++) {
      let slot = hashPair(pairs[2 * g]!, pairs[2 * g + 1]!) >>> this.#shift
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = g + 1
    }
  }
}

function hashPair(a: number, b: number): number {
  const h = Math.imul(a ^ Math.imul(b, 0x85ebca6b), 0xc2b2ae35)
  return spread(h ^ (h >>> 15))
}

function zeros(arena: Arena, cells: number): GrowableBuffer {
  const buffer = new GrowableBuffer(arena, cells * 4)
  buffer.u32.fill(0)
  return buffer
}

/** The side, doubled until it is above all numbers. */
function sideFor(numbers: Uint32Array, count: number, side: number): number {
  let most = 0
  for (let k = 0; k < count; k++) if (numbers[k]! > most) most = numbers[k]!
  let wide = side
  while (wide <= most) wide *= 2
  return wide
}
