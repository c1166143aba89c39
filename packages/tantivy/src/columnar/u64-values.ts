import {
  boundPackedValues,
  countPackedValues,
  matchColumnFlags,
  matchColumnLine,
  matchColumnRowFlags,
  matchColumnRows,
  matchColumnValues,
  sumPackedValues,
  type PackedValues,
  unpackColumnValues,
  unpackListedValues,
  unpackPresentValues,
  type ValueLine,
  type ValueMapping,
} from '@volley/kernels'
import type { NarrowValues } from './near-values.ts'
import type { ByteReader } from '../bytes/byte-reader.ts'
import { alignWords, packedBytes, unpackRange, unpackRows, unpackWideRange } from './bit-unpack.ts'
import { gatherLow, gatherWide, matchRaw, matchSpans, type ScaledValues, scaledValues } from './gather-rows.ts'
import { addConstant, addLine, highHalf, type Line, lowHalf, makeLine, multiplyConstant } from './u64-kernels.ts'

const U64 = 64
const LINEAR_BLOCK = 512

/** Number of significant bits, where 57 to 63 are stored as 64 (section 1.4). */
function bitsOf(value: bigint): number {
  const bits = value === 0n ? 0 : value.toString(2).length
  return bits > 56 ? 64 : bits
}

interface LinearBlock {
  readonly line: Line
  readonly wide: ValueLine
  readonly width: number
  /** First word of its data. */
  readonly word: number
  readonly packed: PackedValues
}

/** Rows that are matched in one call. */
const MATCH_ROWS = 16384

const RISE = 1n << 31n
/** What makes unsigned integers that order as signed ones do of these. */
const SIGN = 1n << 63n
/** A line stands for the values themselves. */
const PLAIN = { gcd: 1n, min: 0n }

/** Values that are packed already, with another scale. */
interface Rescaled {
  readonly of: U64Values
  readonly min: bigint
  readonly max: bigint
  readonly gcd: bigint
}

/** The values of a column as u64, by row (section 9.5): bit-packed, linear, or block-wise linear. */
export class U64Values {
  readonly numValues: number
  /** Bounds of the values; 0 in an empty column. */
  readonly min: bigint
  readonly max: bigint
  readonly gcd: bigint
  readonly #codec: number
  readonly #width: number = 0
  readonly #words: Uint32Array = new Uint32Array(3)
  readonly #packed: PackedValues
  readonly #line: Line | null = null
  readonly #wide: ValueLine | null = null
  readonly #blocks: readonly LinearBlock[] = []
  #bounds: BigUint64Array | null = null
  /** Bounds of unscaled values by runs of rows, which all scales share. */
  readonly #runs: { raw: Uint32Array | null } = { raw: null }
  /** Without a sign, and with one. */
  readonly #listed: ({ readonly values: ScaledValues | null } | undefined)[] = [undefined, undefined]

  constructor(source: ByteReader | Rescaled) {
    if ('of' in source) {
      const { of } = source
      this.min = source.min
      this.max = source.max
      this.gcd = source.gcd
      this.numValues = of.numValues
      this.#codec = of.#codec
      this.#width = of.#width
      this.#words = of.#words
      this.#packed = of.#packed
      this.#blocks = of.#blocks
      this.#runs = of.#runs
      return
    }
    const reader = source
    this.#codec = reader.u8()
    this.min = reader.vintBig()
    this.gcd = reader.vintBig()
    const range = reader.vintBig()
    this.numValues = reader.vint()
    this.max = BigInt.asUintN(U64, this.min + this.gcd * range)
    if (this.numValues > 0xffffffff) throw reader.corrupted(`column of ${this.numValues} values`)
    const at = reader.pos
    if (this.#codec === 0) {
      this.#width = bitsOf(range)
      this.#words = this.#take(reader, this.numValues, this.#width)
    } else if (this.#codec === 1) {
      this.#wide = { slope: reader.vintBig(), intercept: reader.vintBig() }
      this.#line = makeLine(this.#wide.slope, this.#wide.intercept)
      this.#width = this.#readWidth(reader)
      this.#words = this.#take(reader, this.numValues, this.#width)
    } else if (this.#codec === 2) {
      const end = reader.end
      reader.pos = end
      if (end - at < 4) throw reader.corrupted('linear codec is cut off')
      reader.pos = end - 4
      const tableLength = reader.u32()
      if (tableLength > end - 4 - at) throw reader.corrupted(`block table of ${tableLength} bytes`)
      reader.pos = end - 4 - tableLength
      const dataEnd = reader.pos
      const count = Math.ceil(this.numValues / LINEAR_BLOCK)
      // a block has at least 3 bytes in the table
      if (count > tableLength / 3) throw reader.corrupted(`block table of ${tableLength} bytes`)
      const blocks: Omit<LinearBlock, 'packed'>[] = []
      let word = 0
      let bytes = 0
      for (let i = 0; i < count; i += 1) {
        const wide = { slope: reader.vintBig(), intercept: reader.vintBig() }
        const width = this.#readWidth(reader)
        blocks.push({ line: makeLine(wide.slope, wide.intercept), wide, width, word })
        word += 16 * width
        bytes += i + 1 < count ? 64 * width : packedBytes(this.numValues - i * LINEAR_BLOCK, width)
      }
      if (bytes > dataEnd - at) throw reader.corrupted('linear blocks are cut off')
      reader.pos = at
      this.#words = alignWords(reader.take(dataEnd - at))
      const data = new Uint8Array(this.#words.buffer)
      this.#blocks = blocks.map((block) => ({
        ...block,
        packed: { bytes: data.subarray(4 * block.word), width: block.width },
      }))
    } else throw reader.corrupted(`column codec ${this.#codec}`)
    this.#packed = { bytes: new Uint8Array(this.#words.buffer), width: this.#width }
  }

  /**
   * The same values as signed integers divided by a positive number, where each is a multiple of it, as is known by the
   * scale of packed ones; null where that is not known.
   */
  divided(divisor: bigint): U64Values | null {
    const [min, max] = [BigInt.asIntN(U64, this.min ^ SIGN), BigInt.asIntN(U64, this.max ^ SIGN)]
    if (this.#codec === 1 || this.gcd === 0n || [min, max, this.gcd].some((each) => each % divisor !== 0n)) return null
    const mapped = (value: bigint): bigint => BigInt.asUintN(U64, value / divisor) ^ SIGN
    return new U64Values({ of: this, min: mapped(min), max: mapped(max), gcd: this.gcd / divisor })
  }

  /** True when every value fits in 32 bits. */
  get narrow(): boolean {
    return this.max <= 0xffffffffn && this.max >= this.min
  }

  /**
   * Writes the values of rows [start, end), unmapped, to the 64-bit entries out[at...); false, and nothing is done, where
   * only halves can be read.
   */
  readWide(start: number, end: number, mapping: ValueMapping, out: Uint8Array, at: number): boolean {
    const scale = this.#codec === 1 ? PLAIN : this
    if (this.#codec !== 2) {
      return unpackColumnValues(this.#packed, start, end - start, scale, this.#wide, start, mapping, out, at)
    }
    for (let row = start; row < end;) {
      const number = Math.floor(row / LINEAR_BLOCK)
      const { wide, packed } = this.#blocks[number]!
      const x = row - number * LINEAR_BLOCK
      const count = Math.min(end - row, LINEAR_BLOCK - x)
      if (!unpackColumnValues(packed, x, count, scale, wide, x, mapping, out, at + row - start)) return false
      row += count
    }
    return true
  }

  /**
   * Writes, unmapped, a value for each document of [first, first + count) that is in a set of bits, and 0 for the others; the
   * values are `rows` rows from `start` on. False, and nothing is done, where it cannot.
   */
  readPresent(
    start: number,
    rows: number,
    bits: Uint32Array,
    first: number,
    count: number,
    mapping: ValueMapping,
    out: Uint8Array,
    at: number,
  ): boolean {
    if (this.#codec !== 0) return false
    return unpackPresentValues(this.#packed, start, rows, bits, first, count, this, mapping, out, at)
  }

  /**
   * Writes first + i, for rows start + i of [start, end) whose value is in [min, max], to out[at...); returns their number,
   * -1, and nothing is done, where rows can be read as halves only. `min` is not above `max`.
   */
  matchRows(start: number, end: number, min: bigint, max: bigint, first: number, out: Uint32Array, at: number): number {
    if (this.#codec === 1 || this.max < this.min) return -1
    const from = min > this.min ? min : this.min
    const to = max < this.max ? max : this.max
    const [rawFrom, rawTo] = this.#rawBounds(min, max)
    if (from > to || rawFrom > rawTo) return 0
    let found = 0
    if (this.#codec === 0) {
      for (let row = start; row < end; row += MATCH_ROWS) {
        const count = Math.min(MATCH_ROWS, end - row)
        const doc = first + row - start
        const more = matchColumnValues(this.#packed, row, count, rawFrom, rawTo, doc, out, at + found)
        if (more < 0) return -1
        found += more
      }
      return found
    }
    const bounds = this.#blockBounds()
    for (let row = start; row < end;) {
      const number = Math.floor(row / LINEAR_BLOCK)
      const { wide, packed } = this.#blocks[number]!
      const x = row - number * LINEAR_BLOCK
      const count = Math.min(end - row, LINEAR_BLOCK - x)
      const doc = first + row - start
      const [least, most] = [bounds[2 * number]!, bounds[2 * number + 1]!]
      if (least >= rawFrom && most <= rawTo) {
        for (let i = 0; i < count; i += 1) out[at + found + i] = doc + i
        found += count
      } else if (least <= rawTo && most >= rawFrom) {
        const more = matchColumnLine(packed, x, count, this, wide, x, from, to, doc, out, at + found)
        if (more < 0) return -1
        found += more
      }
      row += count
    }
    return found
  }

  /**
   * Writes names[k] to out[at...) for each k below `count` whose row rows[k] (ascending) has a value in [min, max]; returns
   * their number, -1, and nothing is done, where the rows are to be read. `min` is not above `max`.
   */
  matchListed(
    rows: Uint32Array,
    names: Uint32Array,
    count: number,
    min: bigint,
    max: bigint,
    out: Uint32Array,
    at: number,
  ): number {
    if (this.#codec !== 0 || this.max < this.min) return -1
    const [from, to] = this.#rawBounds(min, max)
    if (min > this.max || max < this.min || from > to) return 0
    const found = matchColumnRows(this.#packed, rows, names, count, from, to, out, at)
    if (found >= 0) return found
    const scaled = this.#scaled(false)
    return scaled === null ? -1 : matchRaw(scaled, rows, names, count, from, to, out, at)
  }

  /**
   * Writes the rows of some spans, each a start and an end, ascending, whose value is in [min, max], to out; returns their number,
   * -1, and nothing is done, where they are to be read. `min` is not above `max`.
   */
  matchSpans(spans: Uint32Array, min: bigint, max: bigint, out: Uint32Array): number {
    const scaled = this.#codec === 0 && this.max >= this.min ? this.#scaled(false) : null
    if (scaled === null) return -1
    const [from, to] = this.#rawBounds(min, max)
    if (min > this.max || max < this.min || from > to) return 0
    return matchSpans(scaled, spans, from, to, out)
  }

  /** What matchRows does, by flags of values: flags[value] = 1. */
  matchFlags(start: number, end: number, flags: Uint8Array, first: number, out: Uint32Array, at: number): number {
    if (!this.#plain) return -1
    return matchColumnFlags(this.#packed, start, end, this.min, flags, first, out, at)
  }

  /** What matchListed does, by flags of values. */
  matchListedFlags(
    rows: Uint32Array,
    names: Uint32Array,
    count: number,
    flags: Uint8Array,
    out: Uint32Array,
    at: number,
  ): number {
    if (!this.#plain) return -1
    return matchColumnRowFlags(this.#packed, rows, names, count, this.min, flags, out, at)
  }

  /** Whether a value is the least one and what is packed, in 32 bits. */
  get #plain(): boolean {
    return this.#codec === 0 && this.gcd === 1n && this.#width <= 32 && this.min <= 0xffffffffn
  }

  /** Least and greatest packed value of a range of values that meets those of the column. */
  #rawBounds(min: bigint, max: bigint): readonly [bigint, bigint] {
    const gcd = this.gcd || 1n
    const from = min > this.min ? min : this.min
    const to = max < this.max ? max : this.max
    return [(from - this.min + gcd - 1n) / gcd, (to - this.min) / gcd]
  }

  /**
   * Adds to counts[v] the number of rows of [start, end) with the value v; returns the number of rows that no count is for, -1,
   * and nothing is done, where rows are not just packed.
   */
  countRows(start: number, end: number, counts: Uint32Array): number {
    if (this.#codec !== 0 || this.gcd !== 1n || this.#width > 32 || this.min > 0xffffffffn) return -1
    return countPackedValues(this.#packed, start, end - start, Number(this.min), counts)
  }

  /** The sum of the values of rows [start, end); null where they are not just packed. */
  sumRows(start: number, end: number): bigint | null {
    if (this.#codec !== 0) return null
    return BigInt(end - start) * this.min + this.gcd * sumPackedValues(this.#packed, start, end - start)
  }

  /** Bounds of the unscaled values of each block, by its line and width: least, most, least, most, ... */
  #blockBounds(): BigUint64Array {
    if (this.#bounds !== null) return this.#bounds
    const bounds = new BigUint64Array(2 * this.#blocks.length)
    for (const [k, { wide, width }] of this.#blocks.entries()) {
      const slope = BigInt.asIntN(U64, wide.slope)
      const rise = (slope * BigInt(LINEAR_BLOCK - 1)) >> 32n
      const [low, high] = rise < 0n ? [wide.intercept + rise, wide.intercept] : [wide.intercept, wide.intercept + rise]
      const most = high + (1n << BigInt(width)) - 1n
      // a line that leaves the 32 bits of its rise, or the 64 of a value, may be anywhere
      const known = rise >= -RISE && rise < RISE && low >= 0n && most < 1n << 64n
      bounds[2 * k] = known ? low : 0n
      bounds[2 * k + 1] = known ? most : (1n << 64n) - 1n
    }
    this.#bounds = bounds
    return bounds
  }

  /**
   * The least and the greatest value of rows [starts[k], starts[k + 1]) of each run, which are `counts[k]`: low and high half of
   * each, four words a run; all ones and 0 where there are no rows. The runs are the same at each call.
   */
  boundRuns(starts: Uint32Array, counts: Uint32Array): Uint32Array {
    this.#runs.raw ??= this.#boundRaw(starts)
    const bounds = this.#runs.raw.slice()
    if (this.#codec === 1) return bounds
    const [lo, hi] = [new Uint32Array(2 * counts.length), new Uint32Array(2 * counts.length)]
    for (let i = 0; i < lo.length; i += 1) {
      lo[i] = bounds[2 * i]!
      hi[i] = bounds[2 * i + 1]!
    }
    this.#scale(lo, hi, lo.length)
    for (let i = 0; i < lo.length; i += 1) {
      if (counts[i >>> 1] === 0) continue
      bounds[2 * i] = lo[i]!
      bounds[2 * i + 1] = hi[i]!
    }
    return bounds
  }

  #boundRaw(starts: Uint32Array): Uint32Array {
    const found = new BigUint64Array(2 * (starts.length - 1))
    const bounds = new Uint32Array(found.buffer)
    if (this.#codec === 0 && boundPackedValues(this.#packed, starts, found)) return bounds
    let lo = new Uint32Array(0)
    let hi = lo
    for (let k = 0; k + 1 < starts.length; k += 1) {
      const [from, to] = [starts[k]!, starts[k + 1]!]
      if (to - from > lo.length) [lo, hi] = [new Uint32Array(to - from), new Uint32Array(to - from)]
      this.#readUnscaled(from, to, lo, hi)
      boundHalves(lo, hi, to - from, bounds, 4 * k)
    }
    return bounds
  }

  /** Writes the values of rows [start, end) as halves to lo[0...), hi[0...). */
  read(start: number, end: number, lo: Uint32Array, hi: Uint32Array): void {
    this.#readUnscaled(start, end, lo, hi)
    if (this.#codec !== 1) this.#scale(lo, hi, end - start)
  }

  #readUnscaled(start: number, end: number, lo: Uint32Array, hi: Uint32Array): void {
    if (this.#codec === 2) {
      this.#readBlocks(start, end, lo, hi)
      return
    }
    this.#unpack(this.#words, this.#width, start, end, lo, hi, 0)
    if (this.#line !== null) addLine(lo, hi, 0, end - start, start, this.#line)
  }

  /** Writes the low halves of rows [start, end) to out[at...): the values themselves in a narrow column. */
  readLow(start: number, end: number, out: Uint32Array, at: number): void {
    if (this.#codec === 0 && this.#width <= 32) {
      unpackRange(this.#words, this.#width, start, end, out, at)
      const gcd = lowHalf(this.gcd)
      const min = lowHalf(this.min)
      const to = at + end - start
      if (gcd !== 1) for (let i = at; i < to; i += 1) out[i] = Math.imul(out[i]!, gcd) + min
      else if (min !== 0) for (let i = at; i < to; i += 1) out[i]! += min
      return
    }
    const step = 2048
    const lo = new Uint32Array(Math.min(step, end - start))
    const hi = new Uint32Array(lo.length)
    for (let from = start; from < end; from += step) {
      const to = Math.min(end, from + step)
      this.read(from, to, lo, hi)
      out.set(to - from === lo.length ? lo : lo.subarray(0, to - from), at + from - start)
    }
  }

  /** The packed data where they are bit-packed in at most 32 bits, with the least value as `min`; else null. */
  narrowValues(min: number): NarrowValues | null {
    if (this.#codec !== 0 || this.#width > 32 || this.#words.length >= 2 ** 27) return null
    return { words: this.#words, width: this.#width, min, gcd: Number(this.gcd) }
  }

  /**
   * Writes the values of `count` rows, in any order, unmapped, to the 64-bit entries out[at...); false, and nothing is done,
   * where halves are to be read.
   */
  readListedWide(rows: Uint32Array, count: number, mapping: ValueMapping, out: Uint8Array, at: number): boolean {
    if (this.#codec !== 0) return false
    const scaled = mapping === 'float' ? null : this.#scaled(mapping === 'signed')
    if (scaled !== null) {
      gatherWide(scaled, rows, count, new Uint32Array(out.buffer, out.byteOffset, out.byteLength >> 2), at)
      return true
    }
    return unpackListedValues(this.#packed, rows, count, this, mapping, out, at)
  }

  /** Writes the low halves of `count` rows, in any order, to out[at...); false, and nothing is done, as above. */
  readListedLow(rows: Uint32Array, count: number, out: Uint32Array, at: number): boolean {
    const scaled = this.#codec === 0 && this.#width <= 32 ? this.#scaled(false) : null
    if (scaled === null) return false
    gatherLow(scaled, rows, count, out, at)
    return true
  }

  /** Writes the values of `count` rows, in any order, as halves. */
  readRows(rows: Uint32Array, count: number, lo: Uint32Array, hi: Uint32Array): void {
    if (this.#codec === 2) {
      this.#readBlockRows(rows, count, lo, hi)
      this.#scale(lo, hi, count)
      return
    }
    unpackRows(this.#words, this.#width, rows, count, lo, hi)
    if (this.#line === null) this.#scale(lo, hi, count)
    else for (let i = 0; i < count; i += 1) addLine(lo, hi, i, 1, rows[i]!, this.#line)
  }

  /** The values for single rows; null where they are to be read in another way. */
  #scaled(signed: boolean): ScaledValues | null {
    const k = +signed
    this.#listed[k] ??= { values: scaledValues(this.#words, this.#width, this.min + (signed ? SIGN : 0n), this.gcd) }
    return this.#listed[k].values
  }

  /**
   * The range of raw (unscaled) values that stands for the u64 range [min, max], for a bit-packed column of at most 32
   * bits; null for other columns; `from > to` when nothing can match.
   */
  rawRange(min: bigint, max: bigint): { from: number; to: number } | null {
    if (this.#codec !== 0 || this.#width > 32) return null
    if (min > this.max || max < this.min || min > max) return { from: 1, to: 0 }
    const from = min <= this.min ? 0n : (min - this.min + this.gcd - 1n) / (this.gcd || 1n)
    const to = ((max < this.max ? max : this.max) - this.min) / (this.gcd || 1n)
    return { from: Number(from), to: Number(to) }
  }

  /** Raw values of rows [start, end), for a column that has a raw range. */
  readRaw(start: number, end: number, out: Uint32Array): void {
    unpackRange(this.#words, this.#width, start, end, out, 0)
  }

  #readWidth(reader: ByteReader): number {
    const width = reader.u8()
    if (width > 56 && width !== 64) throw reader.corrupted(`values of ${width} bits`)
    return width
  }

  #take(reader: ByteReader, count: number, width: number): Uint32Array {
    return alignWords(reader.take(packedBytes(count, width)))
  }

  #scale(lo: Uint32Array, hi: Uint32Array, count: number): void {
    multiplyConstant(lo, hi, count, lowHalf(this.gcd), highHalf(this.gcd))
    addConstant(lo, hi, count, lowHalf(this.min), highHalf(this.min))
  }

  #unpack(
    words: Uint32Array,
    width: number,
    start: number,
    end: number,
    lo: Uint32Array,
    hi: Uint32Array,
    at: number,
  ): void {
    if (width > 32) unpackWideRange(words, width, start, end, lo, hi, at)
    else {
      unpackRange(words, width, start, end, lo, at)
      hi.fill(0, at, at + end - start)
    }
  }

  #readBlocks(start: number, end: number, lo: Uint32Array, hi: Uint32Array): void {
    let row = start
    while (row < end) {
      const number = Math.floor(row / LINEAR_BLOCK)
      const { line, width, word } = this.#blocks[number]!
      const x = row - number * LINEAR_BLOCK
      const to = Math.min(end - number * LINEAR_BLOCK, LINEAR_BLOCK)
      this.#unpack(this.#words.subarray(word), width, x, to, lo, hi, row - start)
      addLine(lo, hi, row - start, to - x, x, line)
      row += to - x
    }
  }

  #readBlockRows(rows: Uint32Array, count: number, lo: Uint32Array, hi: Uint32Array): void {
    const words = this.#words
    for (let i = 0; i < count; i += 1) {
      const row = rows[i]!
      const x = row & (LINEAR_BLOCK - 1)
      const { line, width, word } = this.#blocks[row >>> 9]!
      const bit = x * width
      const at = word + (bit >>> 5)
      const shift = bit & 31
      let low = words[at]!
      let high = words[at + 1]!
      if (shift > 0) {
        low = (low >>> shift) | (high << (32 - shift))
        high = (high >>> shift) | (words[at + 2]! << (32 - shift))
      }
      lo[i] = width >= 32 ? low : low & ((1 << width) - 1)
      hi[i] = width === 64 ? high : width > 32 ? high & ((1 << (width - 32)) - 1) : 0
      addLine(lo, hi, i, 1, x, line)
    }
  }
}

/** Writes the least and the greatest of `count` values to four words of `bounds`. */
function boundHalves(lo: Uint32Array, hi: Uint32Array, count: number, bounds: Uint32Array, at: number): void {
  let [leastLow, leastHigh, mostLow, mostHigh] = [0xffffffff, 0xffffffff, 0, 0]
  for (let i = 0; i < count; i += 1) {
    const l = lo[i]!
    const h = hi[i]!
    if (h < leastHigh || (h === leastHigh && l < leastLow)) {
      leastLow = l
      leastHigh = h
    }
    if (h > mostHigh || (h === mostHigh && l > mostLow)) {
      mostLow = l
      mostHigh = h
    }
  }
  bounds[at] = leastLow
  bounds[at + 1] = leastHigh
  bounds[at + 2] = mostLow
  bounds[at + 3] = mostHigh
}
