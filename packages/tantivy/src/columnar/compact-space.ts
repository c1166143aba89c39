import type { ByteReader } from '../bytes/byte-reader.ts'
import { alignWords, packedBytes, unpackRange, unpackRows } from './bit-unpack.ts'
import { matchWords } from './numeric-decoder.ts'
import { CHUNK, type ValueDecoder } from './value-decoder.ts'

const U128 = 128
const codes = new Uint32Array(CHUNK)
const high = new Uint32Array(CHUNK)

/** The 128-bit values of an IP column: 32-bit codes that number the addresses of a list of ranges (section 9.6). */
export class CompactSpace implements ValueDecoder<Uint8Array> {
  readonly numValues: number
  readonly min: bigint
  readonly max: bigint
  readonly #width: number
  readonly #words: Uint32Array
  readonly #rangeStarts: readonly bigint[]
  readonly #rangeEnds: readonly bigint[]
  readonly #firstCodes: Float64Array
  /** Starts of the ranges as four big-endian words each. */
  readonly #startWords: Uint32Array
  readonly #reader: ByteReader
  #matches: (readonly [number, number])[] = []

  constructor(reader: ByteReader) {
    this.#reader = reader
    const count = reader.vint()
    if (reader.u8() !== 1) throw reader.corrupted('unknown codec of 128-bit values')
    const at = reader.pos
    const end = reader.end
    if (end - at < 4) throw reader.corrupted('compact space is cut off')
    reader.pos = end - 4
    const length = reader.u32()
    if (length > end - 4 - at) throw reader.corrupted(`compact space of ${length} bytes`)
    reader.pos = end - 4 - length
    reader.skip(8)
    this.min = reader.vintBig(U128)
    this.max = reader.vintBig(U128)
    this.numValues = Number(reader.vintBig(U128))
    this.#width = reader.u8()
    const ranges = reader.vint()
    if (this.numValues !== count) throw reader.corrupted('two counts of values')
    if (this.#width > 32) throw reader.corrupted(`codes of ${this.#width} bits`)
    if (ranges < 1 || ranges > reader.remaining / 2) throw reader.corrupted(`compact space of ${ranges} ranges`)
    const starts: bigint[] = []
    const ends: bigint[] = []
    this.#firstCodes = new Float64Array(ranges)
    this.#startWords = new Uint32Array(4 * ranges)
    let value = 0n
    let code = 1
    for (let i = 0; i < ranges; i += 1) {
      value += reader.vintBig(U128)
      starts.push(value)
      this.#firstCodes[i] = code
      for (let k = 0; k < 4; k += 1) this.#startWords[4 * i + k] = Number((value >> BigInt(96 - 32 * k)) & 0xffffffffn)
      const size = reader.vintBig(U128)
      value += size
      ends.push(value)
      code += Number(size) + 1
      if (code > 2 ** 32 || value >= 1n << 128n) throw reader.corrupted('compact space is too large')
    }
    this.#rangeStarts = starts
    this.#rangeEnds = ends
    reader.pos = at
    this.#words = alignWords(reader.take(packedBytes(count, this.#width)))
    if (at + packedBytes(count, this.#width) > end - 4 - length) throw reader.corrupted('compact codes are cut off')
  }

  load(start: number, end: number): void {
    unpackRange(this.#words, this.#width, start, end, codes, 0)
  }

  loadRows(rows: Uint32Array, count: number): void {
    unpackRows(this.#words, this.#width, rows, count, codes, high)
  }

  store(out: Uint8Array, at: number, count: number): void {
    const view = new DataView(out.buffer, out.byteOffset, out.byteLength)
    for (let i = 0; i < count; i += 1) this.#write(view, 16 * (at + i), codes[i]!)
  }

  scatter(out: Uint8Array, at: number, slots: Uint32Array, count: number): void {
    const view = new DataView(out.buffer, out.byteOffset, out.byteLength)
    for (let i = 0; i < count; i += 1) this.#write(view, 16 * (at + slots[i]!), codes[i]!)
  }

  clear(out: Uint8Array, at: number, count: number): void {
    out.fill(0, 16 * at, 16 * (at + count))
  }

  /** Sets the range of addresses that `match` looks for. */
  setRange(min: bigint, max: bigint): void {
    this.#matches = []
    for (let i = 0; i < this.#rangeStarts.length; i += 1) {
      const start = this.#rangeStarts[i]!
      const from = min > start ? min : start
      const to = max < this.#rangeEnds[i]! ? max : this.#rangeEnds[i]!
      if (from > to) continue
      const first = this.#firstCodes[i]!
      const codeFrom = first + Number(from - start)
      const codeTo = first + Number(to - start)
      const previous = this.#matches.at(-1)
      // codes of neighbouring ranges are consecutive
      if (previous !== undefined && previous[1] + 1 === codeFrom) {
        this.#matches[this.#matches.length - 1] = [previous[0], codeTo]
      } else this.#matches.push([codeFrom, codeTo])
    }
  }

  match(start: number, end: number, flags: Uint8Array): void {
    const only = this.#matches[0]
    if (only === undefined) {
      flags.fill(0, 0, end - start)
      return
    }
    this.load(start, end)
    matchWords(codes, end - start, only[0], only[1], flags)
  }

  allocate(count: number): Uint8Array {
    return new Uint8Array(16 * count)
  }

  #write(view: DataView, at: number, code: number): void {
    const firsts = this.#firstCodes
    let low = 0
    let top = firsts.length
    while (low < top) {
      const middle = (low + top) >> 1
      if (firsts[middle]! <= code) low = middle + 1
      else top = middle
    }
    if (low === 0) throw this.#reader.corrupted(`compact code ${code}`)
    const range = low - 1
    const words = this.#startWords
    let add = code - firsts[range]!
    for (let k = 3; k >= 0; k -= 1) {
      const sum = words[4 * range + k]! + add
      view.setUint32(at + 4 * k, sum, false)
      add = sum > 0xffffffff ? 1 : 0
    }
  }
}
