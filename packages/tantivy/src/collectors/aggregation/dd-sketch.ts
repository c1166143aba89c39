import type { PartialPercentiles, SketchStore } from './aggregation-partial.ts'

/*
 * DDSketch (Masson, Rim, Lee, VLDB 2019) with the parameters of the crate sketches-ddsketch: relative accuracy 1 %, 2048
 * bins of which the lowest collapse, values up to 1e-9 counted as zero.
 */
const ACCURACY = 0.01
const MAX_BINS = 2048
const MIN_VALUE = 1e-9
const GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
const LOG_GAMMA = Math.log(GAMMA)

/** Cells of the table of keys in an octave: narrower than a bin, so that a cell meets at most one bound of bins. */
const CELL_BITS = 7
const CELLS = 1 << CELL_BITS
const keys = new Int32Array(2048 * CELLS)
/** Where in its cell the next key starts. */
const bounds = new Float64Array(2048 * CELLS)
/** Cells [first, last) are computed. */
let firstCell = 0
let lastCell = 0

const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)

function exactKey(value: number): number {
  return Math.floor(Math.log(Math.min(value, Number.MAX_VALUE)) / LOG_GAMMA)
}

/** Computes the key of the start of a cell, and where the next one begins in it. */
function fillCell(cell: number): void {
  scratchWords[0] = 0
  scratchWords[1] = cell << (20 - CELL_BITS)
  let low = scratch[0]!
  const key = exactKey(low)
  keys[cell] = key
  scratchWords[0] = 0xffffffff
  scratchWords[1] = (cell << (20 - CELL_BITS)) | ((1 << (20 - CELL_BITS)) - 1)
  let high = scratch[0]!
  if (exactKey(high) === key) {
    bounds[cell] = Infinity
    return
  }
  for (let middle = (low + high) / 2; low < middle && middle < high; middle = low + (high - low) / 2) {
    if (exactKey(middle) === key) low = middle
    else high = middle
  }
  bounds[cell] = high
}

/** The cell of a positive value, computed as are all between it and those before. */
function cellOf(value: number): number {
  scratch[0] = value
  const cell = scratchWords[1]! >>> (20 - CELL_BITS)
  if (firstCell === lastCell) {
    firstCell = cell
    lastCell = cell
  }
  while (cell < firstCell) {
    firstCell -= 1
    fillCell(firstCell)
  }
  while (cell >= lastCell) {
    fillCell(lastCell)
    lastCell += 1
  }
  return cell
}

/** Key of the bin of a positive value. */
function keyOf(value: number): number {
  const cell = cellOf(value)
  return keys[cell]! + +(value >= bounds[cell]!)
}

/** Counts the keys, less `offset`, of values whose cells are computed. `words` are the halves of the values. */
function countKeys(
  values: Float64Array,
  words: Uint32Array,
  from: number,
  to: number,
  bins: Float64Array,
  offset: number,
): void {
  for (let i = from; i < to; i += 1) {
    const cell = words[2 * i + 1]! >>> (20 - CELL_BITS)
    bins[keys[cell]! + +(values[i]! >= bounds[cell]!) - offset]! += 1
  }
}

/** Values below which each is added by itself. */
const FEW = 16
const extremes = new Float64Array(2)

/** Writes the least and the greatest of values to `extremes`; returns whether all are numbers. */
function findExtremes(values: Float64Array, from: number, to: number): boolean {
  let least = Infinity
  let greatest = -Infinity
  let strange = 0
  for (let i = from; i < to; i += 1) {
    const value = values[i]!
    if (value < least) least = value
    if (value > greatest) greatest = value
    strange += +(value !== value)
  }
  extremes[0] = least
  extremes[1] = greatest
  return strange === 0
}

/** Counts values in bins of exponentially growing width. */
export class DdSketch {
  readonly positive: Bins
  readonly negative: Bins
  zeroCount: number
  min: number
  max: number

  constructor(partial?: PartialPercentiles) {
    this.positive = new Bins(partial?.positive)
    this.negative = new Bins(partial?.negative)
    this.zeroCount = partial?.zeroCount ?? 0
    this.min = partial?.min ?? Infinity
    this.max = partial?.max ?? -Infinity
  }

  get count(): number {
    return this.positive.count + this.negative.count + this.zeroCount
  }

  /** Adds values[from..to). */
  add(values: Float64Array, from: number, to: number): void {
    if (to - from < FEW) {
      for (let i = from; i < to; i += 1) this.#addWithExtremes(values[i]!)
      return
    }
    const numbers = findExtremes(values, from, to)
    const least = extremes[0]!
    const greatest = extremes[1]!
    this.min = Math.min(this.min, least)
    this.max = Math.max(this.max, greatest)
    if (numbers && least > MIN_VALUE && greatest < Infinity) this.positive.addBetween(least, greatest, values, from, to)
    else for (let i = from; i < to; i += 1) this.#addOne(values[i]!)
  }

  #addWithExtremes(value: number): void {
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
    this.#addOne(value)
  }

  #addOne(value: number): void {
    if (value > MIN_VALUE) this.positive.add(keyOf(Math.min(value, Number.MAX_VALUE)))
    else if (value < -MIN_VALUE) this.negative.add(keyOf(Math.min(-value, Number.MAX_VALUE)))
    else this.zeroCount += 1
  }

  merge(other: DdSketch): void {
    this.positive.merge(other.positive)
    this.negative.merge(other.negative)
    this.zeroCount += other.zeroCount
    this.min = Math.min(this.min, other.min)
    this.max = Math.max(this.max, other.max)
  }

  /** The value at a quantile from 0 to 1; null in an empty sketch. */
  quantile(quantile: number): number | null {
    const count = this.count
    if (count === 0) return null
    if (quantile === 0) return this.min
    if (quantile === 1) return this.max
    const rank = Math.trunc(quantile * (count - 1))
    const negatives = this.negative.count
    if (rank < negatives) return -valueOf(this.negative.keyAt(negatives - rank - 1))
    if (rank < negatives + this.zeroCount) return 0
    return valueOf(this.positive.keyAt(rank - this.zeroCount - negatives))
  }

  toPartial(): PartialPercentiles {
    return {
      kind: 'percentiles',
      positive: this.positive.toStore(),
      negative: this.negative.toStore(),
      zeroCount: this.zeroCount,
      min: this.min,
      max: this.max,
    }
  }
}

function valueOf(key: number): number {
  return Math.exp(key * LOG_GAMMA) * ((2 * GAMMA) / (1 + GAMMA))
}

/** Counts by key, without a limit: the lowest bins are collapsed when they are read. */
class Bins {
  count: number
  #offset: number
  #bins: Float64Array

  constructor(store: SketchStore | undefined) {
    this.count = store?.count ?? 0
    this.#offset = store?.offset ?? 0
    this.#bins = store?.bins ?? new Float64Array(0)
  }

  add(key: number): void {
    const at = key - this.#offset
    if (at >= 0 && at < this.#bins.length) this.#bins[at]! += 1
    else this.#addOutside(key, 1)
    this.count += 1
  }

  /** Adds positive values, of which the least and the greatest are given. */
  addBetween(least: number, greatest: number, values: Float64Array, from: number, to: number): void {
    this.#addOutside(keyOf(least), 0)
    this.#addOutside(keyOf(greatest), 0)
    const words = new Uint32Array(values.buffer, values.byteOffset, 2 * to)
    countKeys(values, words, from, to, this.#bins, this.#offset)
    this.count += to - from
  }

  merge(other: Bins): void {
    const { first, last } = other.#used()
    for (let at = first; at <= last; at += 1) {
      const count = other.#bins[at]!
      if (count > 0) this.#addOutside(other.#offset + at, count)
    }
    this.count += other.count
  }

  /** Key of the value of a rank. */
  keyAt(rank: number): number {
    const { first, last } = this.#used()
    const lowest = Math.max(first, last - MAX_BINS + 1)
    let sum = 0
    for (let at = first; at <= last; at += 1) {
      sum += this.#bins[at]!
      if (sum > rank) return this.#offset + Math.max(at, lowest)
    }
    return this.#offset + last
  }

  toStore(): SketchStore {
    const { first, last } = this.#used()
    return { count: this.count, offset: this.#offset + first, bins: this.#bins.slice(first, last + 1) }
  }

  #used(): { first: number; last: number } {
    let first = 0
    let last = this.#bins.length - 1
    while (first <= last && this.#bins[first] === 0) first += 1
    while (last > first && this.#bins[last] === 0) last -= 1
    return { first, last }
  }

  #addOutside(key: number, count: number): void {
    if (this.#bins.length === 0) {
      this.#offset = key - 16
      this.#bins = new Float64Array(32)
    } else if (key < this.#offset || key >= this.#offset + this.#bins.length) {
      const start = Math.min(key - 16, this.#offset)
      const end = Math.max(key + 17, this.#offset + this.#bins.length)
      const grown = new Float64Array(end - start)
      grown.set(this.#bins, this.#offset - start)
      this.#offset = start
      this.#bins = grown
    }
    this.#bins[key - this.#offset]! += count
  }
}
