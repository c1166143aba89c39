import type { ByteReader } from '../bytes/byte-reader.ts'
import { alignWords, packedBytes, unpackRange, unpackRows, unpackWideRange } from './bit-unpack.ts'
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
  readonly width: number
  /** First word of its data. */
  readonly word: number
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
  readonly #line: Line | null = null
  readonly #blocks: readonly LinearBlock[] = []

  constructor(reader: ByteReader) {
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
      this.#words = this.#packed(reader, this.numValues, this.#width)
    } else if (this.#codec === 1) {
      this.#line = makeLine(reader.vintBig(), reader.vintBig())
      this.#width = this.#readWidth(reader)
      this.#words = this.#packed(reader, this.numValues, this.#width)
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
      const blocks: LinearBlock[] = []
      let word = 0
      let bytes = 0
      for (let i = 0; i < count; i += 1) {
        const line = makeLine(reader.vintBig(), reader.vintBig())
        const width = this.#readWidth(reader)
        blocks.push({ line, width, word })
        word += 16 * width
        bytes += i + 1 < count ? 64 * width : packedBytes(this.numValues - i * LINEAR_BLOCK, width)
      }
      if (bytes > dataEnd - at) throw reader.corrupted('linear blocks are cut off')
      this.#blocks = blocks
      reader.pos = at
      this.#words = alignWords(reader.take(dataEnd - at))
    } else throw reader.corrupted(`column codec ${this.#codec}`)
  }

  /** True when every value fits in 32 bits. */
  get narrow(): boolean {
    return this.max <= 0xffffffffn && this.max >= this.min
  }

  /** Writes the values of rows [start, end) as halves to lo[0...), hi[0...). */
  read(start: number, end: number, lo: Uint32Array, hi: Uint32Array): void {
    const count = end - start
    if (this.#codec === 2) {
      this.#readBlocks(start, end, lo, hi)
      this.#scale(lo, hi, count)
      return
    }
    this.#unpack(this.#words, this.#width, start, end, lo, hi, 0)
    if (this.#line === null) this.#scale(lo, hi, count)
    else addLine(lo, hi, 0, count, start, this.#line)
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

  #packed(reader: ByteReader, count: number, width: number): Uint32Array {
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
    const one = new Uint32Array(1)
    const valueLo = new Uint32Array(1)
    const valueHi = new Uint32Array(1)
    for (let i = 0; i < count; i += 1) {
      const row = rows[i]!
      const number = Math.floor(row / LINEAR_BLOCK)
      const { line, width, word } = this.#blocks[number]!
      one[0] = row - number * LINEAR_BLOCK
      // the block's data start on a word, so that rows can be counted in values of its width
      unpackRows(word === 0 ? this.#words : this.#words.subarray(word), width, one, 1, valueLo, valueHi)
      lo[i] = valueLo[0]!
      hi[i] = valueHi[0]!
      addLine(lo, hi, i, 1, one[0]!, line)
    }
  }
}
