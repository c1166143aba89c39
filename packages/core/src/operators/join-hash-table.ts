import type { Region } from '@volley/kernels'
import type { Steps } from '../runtime/run-steps.ts'
import { ColumnComparator } from '../vectors/compare.ts'
import { hashVector, spread } from '../vectors/hash.ts'
import { Operand } from '../vectors/operand.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { PrimitiveVector, Vector } from '../vectors/vector.ts'
import { denseKey, denseSlots, KeyBits, type DenseKey } from './dense-keys.ts'
import type { KeyTest } from './probe-filters.ts'
import type { PairSource } from './pair-join.ts'

/** Hashes of the selected rows of key columns. */
export function hashKeys(keys: readonly Vector[], rows: Uint32Array): Uint32Array {
  const hashes = new Uint32Array(rows.length)
  for (const [i, key] of keys.entries()) hashVector(key, rows, hashes, i > 0)
  return hashes
}

/** Rows among `rows` where some key is NULL. */
export function rowsWithNull(keys: readonly Vector[], rows: Uint32Array): Uint32Array {
  const operands = keys.map((key) => new Operand(key)).filter((key) => key.validity !== null || key.isAlwaysNull)
  const out = new Uint32Array(operands.length === 0 ? 0 : rows.length)
  let n = 0
  for (let k = 0; k < out.length; k++) {
    const row = rows[k]!
    out[n] = row
    n += +anyNull(operands, row)
  }
  return out.subarray(0, n)
}

/** Whether one of the keys of a row is NULL. */
export function anyNull(operands: readonly Operand[], row: number): boolean {
  for (let i = 0; i < operands.length; i++) if (!operands[i]!.isValid(row)) return true
  return false
}

/** Rows that are entered into a table without giving way. */
const INSERTED = 262_144

interface TableParts {
  readonly keys: readonly Vector[]
  readonly dense: DenseKey | null
  readonly unique: boolean
  readonly hashes: Uint32Array
  readonly heads: Uint32Array
  readonly next: Uint32Array
  readonly shift: number
  readonly nullRows: Uint32Array
  readonly region: Region
}

/**
 * Rows by their keys: `heads[slot]` is the first row of a chain plus 1 (0 is none), `next[row]` the one after plus 1. A
 * chain holds ascending rows. Slots are the values of a key of small integers (`dense`), with one more that stays empty;
 * else of the hash of all keys, where `hashes` tells the rows of a slot apart.
 */
export class JoinHashTable {
  readonly keys: readonly Vector[]
  readonly dense: DenseKey | null
  /** No slot has two rows: a probed row has one partner at most. */
  readonly unique: boolean
  readonly hashes: Uint32Array
  readonly heads: Uint32Array
  readonly next: Uint32Array
  readonly shift: number
  readonly #tests = new Map<number, KeyTest | null>()
  readonly #region: Region
  /** Rows with a NULL key, ascending. They are in no chain, unless NULLs are equal. */
  readonly nullRows: Uint32Array

  private constructor(parts: TableParts) {
    this.keys = parts.keys
    this.dense = parts.dense
    this.unique = parts.unique
    this.hashes = parts.hashes
    this.heads = parts.heads
    this.next = parts.next
    this.shift = parts.shift
    this.nullRows = parts.nullRows
    this.#region = parts.region
  }

  /** Builds the table of all rows of a batch, in steps. Its memory is the region's. */
  static *build(
    keys: readonly Vector[],
    batch: RecordBatch,
    nullEqualsNull: boolean,
    region: Region,
  ): Steps<JoinHashTable> {
    const { length } = batch
    const rows = allRows(length)
    const bits = Math.max(4, 32 - Math.clz32(length))
    const shift = 32 - bits
    const nullRows = rowsWithNull(keys, rows)
    const skipped = nullEqualsNull ? new Uint32Array(0) : nullRows
    const dense = nullEqualsNull ? null : denseKey(keys, length)
    const next = region.u32(length)
    const hashes = region.u32(dense === null ? length : 0)
    const heads = region.u32(dense === null ? 2 ** bits : dense.slots + 1)
    yield
    heads.fill(0)
    let slots: Uint32Array
    if (dense !== null) slots = denseSlots(dense, keys[dense.index]!, rows, length)
    else {
      for (const [i, key] of keys.entries()) {
        hashVector(key, rows, hashes, i > 0)
        yield
      }
      slots = hashSlots(hashes, length, shift)
    }
    yield
    let taken = 0
    for (let end = length; end > 0; end -= INSERTED) {
      taken |= insertRows(slots, Math.max(0, end - INSERTED), end, skipped, heads, next)
      yield
    }
    return new JoinHashTable({ keys, dense, unique: taken === 0, hashes, heads, next, shift, nullRows, region })
  }

  /** What rows can be tested by before they are probed with: of the key of that position, its values; null where it has none. */
  testOf(position: number): KeyTest | null {
    if (this.keys[position] === undefined) return null
    let test = this.#tests.get(position)
    if (test === undefined) {
      const key = this.keys[position]
      test = KeyBits.of(key, allRows(key.length), this.#region)
      this.#tests.set(position, test)
    }
    return test
  }

  get bytes(): number {
    return this.hashes.byteLength + this.heads.byteLength + this.next.byteLength
  }
}

function hashSlots(hashes: Uint32Array, count: number, shift: number): Uint32Array {
  const out = new Uint32Array(count)
  for (let k = 0; k < count; k++) out[k] = spread(hashes[k]!) >>> shift
  return out
}

/**
 * Enters rows `start` to `end` (exclusive) last to first, so that chains ascend; `skipped` (ascending) are left out.
 * Returns 0 where each is alone in its slot.
 */
function insertRows(
  slots: Uint32Array,
  start: number,
  end: number,
  skipped: Uint32Array,
  heads: Uint32Array,
  next: Uint32Array,
): number {
  let s = countBelow(skipped, end) - 1
  let taken = 0
  for (let row = end - 1; row >= start; row--) {
    if (s >= 0 && skipped[s] === row) {
      s--
      continue
    }
    const slot = slots[row]!
    const head = heads[slot]!
    next[row] = head
    taken |= head
    heads[slot] = row + 1
  }
  return taken
}

/** How many of ascending numbers are below a limit. */
function countBelow(numbers: Uint32Array, limit: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numbers[middle]! < limit) low = middle + 1
    else high = middle
  }
  return low
}

/** Pairs of equal keys, for the selected rows of one right batch. */
export class HashPairs implements PairSource {
  readonly #table: JoinHashTable
  readonly #rows: Uint32Array
  readonly #slots: Uint32Array
  /** Null where the slot says all that a hash would. */
  readonly #hashes: Uint32Array | null
  readonly #comparators: readonly ColumnComparator[]
  readonly #nullEqualsNull: boolean
  readonly unique: boolean
  #at = 0
  /** Rest of the chain of row `#at`, plus 1; -1 when it was not begun. */
  #link = -1

  /** With `any`, one partner of each row is enough. What it needs to know of the rows is in the region. */
  constructor(
    table: JoinHashTable,
    keys: readonly Vector[],
    rows: Uint32Array,
    nullEqualsNull: boolean,
    any: boolean,
    region: Region,
  ) {
    const { dense } = table
    this.#table = table
    this.#rows = rows
    this.#hashes = dense === null ? hashKeys(keys, rows) : null
    this.#slots =
      dense === null
        ? hashSlots(this.#hashes!, rows.length, table.shift)
        : denseSlots(dense, keys[dense.index]!, rows, rows.length, region.u32(rows.length))
    this.#comparators = table.keys.flatMap((key, i) =>
      i === dense?.index ? [] : [new ColumnComparator(key, keys[i]!)],
    )
    this.#nullEqualsNull = nullEqualsNull
    this.unique = table.unique || (any && dense !== null && keys.length === 1)
  }

  next(leftRows: Uint32Array, rightRows: Uint32Array, capacity: number): number {
    while (this.#at < this.#rows.length) {
      let count = this.unique
        ? this.#singles(leftRows, rightRows, capacity)
        : this.#candidates(leftRows, rightRows, capacity)
      for (const comparator of this.#comparators) {
        count = this.#nullEqualsNull
          ? keepNotDistinct(comparator, leftRows, rightRows, count)
          : keepEqual(comparator, leftRows, rightRows, count)
      }
      if (count > 0) return count
    }
    return 0
  }

  /** The one candidate of each of the next rows that has one. */
  #singles(leftRows: Uint32Array, rightRows: Uint32Array, capacity: number): number {
    const { heads } = this.#table
    const rows = this.#rows
    const slots = this.#slots
    const end = Math.min(rows.length, this.#at + capacity)
    let n = 0
    for (let k = this.#at; k < end; k++) {
      const head = heads[slots[k]!]!
      leftRows[n] = head - 1
      rightRows[n] = rows[k]!
      n += +(head !== 0)
    }
    this.#at = end
    return n
  }

  #candidates(leftRows: Uint32Array, rightRows: Uint32Array, capacity: number): number {
    return this.#hashes === null
      ? this.#chained(leftRows, rightRows, capacity)
      : this.#hashed(this.#hashes, leftRows, rightRows, capacity)
  }

  #chained(leftRows: Uint32Array, rightRows: Uint32Array, capacity: number): number {
    const { heads, next } = this.#table
    const rows = this.#rows
    const slots = this.#slots
    let n = 0
    let link = this.#link
    let at = this.#at
    for (; at < rows.length; at++, link = -1) {
      if (link === -1) link = heads[slots[at]!]!
      while (link !== 0) {
        if (n === capacity) {
          this.#at = at
          this.#link = link
          return n
        }
        leftRows[n] = link - 1
        rightRows[n++] = rows[at]!
        link = next[link - 1]!
      }
    }
    this.#at = at
    this.#link = -1
    return n
  }

  #hashed(rowHashes: Uint32Array, leftRows: Uint32Array, rightRows: Uint32Array, capacity: number): number {
    const { heads, next, hashes } = this.#table
    const rows = this.#rows
    const slots = this.#slots
    let n = 0
    let link = this.#link
    let at = this.#at
    for (; at < rows.length; at++, link = -1) {
      const hash = rowHashes[at]!
      if (link === -1) link = heads[slots[at]!]!
      while (link !== 0) {
        if (n === capacity) {
          this.#at = at
          this.#link = link
          return n
        }
        leftRows[n] = link - 1
        rightRows[n] = rows[at]!
        n += +(hashes[link - 1] === hash)
        link = next[link - 1]!
      }
    }
    this.#at = at
    this.#link = -1
    return n
  }
}

/** Keeps pairs whose values are there and equal. */
function keepEqual(comparator: ColumnComparator, left: Uint32Array, right: Uint32Array, count: number): number {
  if (isPlain64(comparator.left) && isPlain64(comparator.right)) {
    return keepEqual64(comparator.left.words, comparator.right.words, left, right, count)
  }
  let n = 0
  for (let k = 0; k < count; k++) {
    const i = left[k]!
    const j = right[k]!
    left[n] = i
    right[n] = j
    n += +(!comparator.leftIsNull(i) && !comparator.rightIsNull(j) && comparator.compareValues(i, j) === 0)
  }
  return n
}

/** Whether a column has a 64-bit integer in every row. */
function isPlain64(operand: Operand): boolean {
  if (operand.isConstant || operand.validity !== null || operand.data.encoding !== 'primitive') return false
  const { values } = operand.data as PrimitiveVector
  return values instanceof BigInt64Array || values instanceof BigUint64Array
}

function keepEqual64(a: Int32Array, b: Int32Array, left: Uint32Array, right: Uint32Array, count: number): number {
  let n = 0
  for (let k = 0; k < count; k++) {
    const i = left[k]!
    const j = right[k]!
    left[n] = i
    right[n] = j
    n += +(((a[i << 1]! ^ b[j << 1]!) | (a[(i << 1) + 1]! ^ b[(j << 1) + 1]!)) === 0)
  }
  return n
}

/** Keeps pairs whose values are equal or both NULL. */
function keepNotDistinct(comparator: ColumnComparator, left: Uint32Array, right: Uint32Array, count: number): number {
  let n = 0
  for (let k = 0; k < count; k++) {
    const i = left[k]!
    const j = right[k]!
    left[n] = i
    right[n] = j
    n += +(comparator.compare(i, j) === 0)
  }
  return n
}

/** Every pair of a left row below `length` and a right row. */
export class CrossPairs implements PairSource {
  readonly #length: number
  readonly #rows: Uint32Array
  #left = 0
  #right = 0

  constructor(length: number, rows: Uint32Array) {
    this.#length = length
    this.#rows = rows
  }

  next(leftRows: Uint32Array, rightRows: Uint32Array, capacity: number): number {
    let n = 0
    while (n < capacity && this.#right < this.#rows.length && this.#length > 0) {
      leftRows[n] = this.#left
      rightRows[n++] = this.#rows[this.#right]!
      if (++this.#left === this.#length) {
        this.#left = 0
        this.#right++
      }
    }
    return n
  }
}

/**
 * Pairs that a NULL key leaves open: each right row with a NULL key beside all left rows, each other one beside the left
 * rows with a NULL key; keys that are there on both sides are equal.
 */
export class OpenPairs implements PairSource {
  readonly #table: JoinHashTable
  readonly #rows: Uint32Array
  readonly #keys: readonly Operand[]
  readonly #comparators: readonly ColumnComparator[]
  readonly #all: Uint32Array
  #left = 0
  #right = 0

  constructor(table: JoinHashTable, keys: readonly Vector[], rows: Uint32Array, length: number) {
    this.#table = table
    this.#rows = rows
    this.#keys = keys.map((key) => new Operand(key))
    this.#comparators = table.keys.map((key, i) => new ColumnComparator(key, keys[i]!))
    this.#all = allRows(length)
  }

  next(leftRows: Uint32Array, rightRows: Uint32Array, capacity: number): number {
    let n = 0
    while (this.#right < this.#rows.length) {
      const row = this.#rows[this.#right]!
      const partners = anyNull(this.#keys, row) ? this.#all : this.#table.nullRows
      for (; this.#left < partners.length; this.#left++) {
        if (n === capacity) return n
        leftRows[n] = partners[this.#left]!
        rightRows[n] = row
        n += +this.#mayMatch(partners[this.#left]!, row)
      }
      this.#left = 0
      this.#right++
    }
    return n
  }

  #mayMatch(i: number, j: number): boolean {
    for (const keys of this.#comparators) {
      if (!keys.leftIsNull(i) && !keys.rightIsNull(j) && keys.compareValues(i, j) !== 0) return false
    }
    return true
  }
}
