import type { NumericArray } from './column.ts'
import { highHalf, lowHalf } from './u64-kernels.ts'
import type { U64Values } from './u64-values.ts'
import { CHUNK, type ValueDecoder } from './value-decoder.ts'

const MAPPINGS = { i64: 'signed', date: 'signed', u64: 'none', f64: 'float' } as const

const lo = new Uint32Array(CHUNK)
const hi = new Uint32Array(CHUNK)

/** Decodes i64, u64, f64, bool and date columns. */
export class NumericDecoder implements ValueDecoder<NumericArray> {
  readonly numValues: number
  readonly #values: U64Values
  readonly #type: 'i64' | 'u64' | 'f64' | 'bool' | 'date'
  #raw: { from: number; to: number } | null = null
  #min = 0n
  #max = 0n

  constructor(values: U64Values, type: 'i64' | 'u64' | 'f64' | 'bool' | 'date') {
    this.#values = values
    this.#type = type
    this.numValues = values.numValues
  }

  load(start: number, end: number): void {
    this.#values.read(start, end, lo, hi)
    this.#unmap(end - start)
  }

  loadRows(rows: Uint32Array, count: number): void {
    this.#values.readRows(rows, count, lo, hi)
    this.#unmap(count)
  }

  store(out: NumericArray, at: number, count: number): void {
    if (this.#type === 'bool') {
      const flags = out as Uint8Array
      for (let i = 0; i < count; i += 1) flags[at + i] = +(lo[i] !== 0)
      return
    }
    interleave(halvesOf(out), at, count)
  }

  scatter(out: NumericArray, at: number, slots: Uint32Array, count: number): void {
    if (this.#type === 'bool') {
      const flags = out as Uint8Array
      for (let i = 0; i < count; i += 1) flags[at + slots[i]!] = +(lo[i] !== 0)
      return
    }
    scatterHalves(halvesOf(out), at, slots, count)
  }

  copy(start: number, end: number, out: NumericArray, at: number): boolean {
    if (this.#type === 'bool') return false
    const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength)
    return this.#values.readWide(start, end, MAPPINGS[this.#type], bytes, at)
  }

  copyListed(rows: Uint32Array, count: number, out: NumericArray, at: number): boolean {
    if (this.#type === 'bool') return false
    const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength)
    return this.#values.readListedWide(rows, count, MAPPINGS[this.#type], bytes, at)
  }

  copyPresent(
    start: number,
    rows: number,
    bits: Uint32Array,
    first: number,
    count: number,
    out: NumericArray,
    at: number,
  ): boolean {
    if (this.#type === 'bool') return false
    const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength)
    return this.#values.readPresent(start, rows, bits, first, count, MAPPINGS[this.#type], bytes, at)
  }

  spread(out: NumericArray, at: number, slots: Uint32Array, found: number, count: number): void {
    const halves = halvesOf(out)
    let to = 2 * (at + count - 1)
    for (let i = found - 1; i >= 0; i -= 1) {
      const place = 2 * (at + slots[i]!)
      for (; to > place; to -= 2) {
        halves[to] = 0
        halves[to + 1] = 0
      }
      const from = 2 * (at + i)
      halves[to] = halves[from]!
      halves[to + 1] = halves[from + 1]!
      to -= 2
    }
    if (to >= 2 * at) halves.fill(0, 2 * at, to + 2)
  }

  find(start: number, end: number, first: number, out: Uint32Array, at: number): number {
    return this.#values.matchRows(start, end, this.#min, this.#max, first, out, at)
  }

  findListed(rows: Uint32Array, names: Uint32Array, count: number, out: Uint32Array, at: number): number {
    return this.#values.matchListed(rows, names, count, this.#min, this.#max, out, at)
  }

  findSpans(spans: Uint32Array, out: Uint32Array): number {
    return this.#values.matchSpans(spans, this.#min, this.#max, out)
  }

  matchListed(rows: Uint32Array, count: number, flags: Uint8Array): void {
    this.#values.readRows(rows, count, lo, hi)
    matchHalves(count, this.#min, this.#max, flags)
  }

  clear(out: NumericArray, at: number, count: number): void {
    if (this.#type === 'bool') (out as Uint8Array).fill(0, at, at + count)
    else halvesOf(out).fill(0, 2 * at, 2 * (at + count))
  }

  /** Sets the range of order-preserving u64 values that `match` looks for. */
  setRange(min: bigint, max: bigint): void {
    this.#min = min
    this.#max = max
    this.#raw = this.#values.rawRange(min, max)
  }

  match(start: number, end: number, flags: Uint8Array): void {
    const count = end - start
    if (this.#raw !== null) {
      const { from, to } = this.#raw
      if (from > to) {
        flags.fill(0, 0, count)
        return
      }
      this.#values.readRaw(start, end, lo)
      matchWords(lo, count, from, to, flags)
      return
    }
    this.#values.read(start, end, lo, hi)
    matchHalves(count, this.#min, this.#max, flags)
  }

  allocate(count: number): NumericArray {
    if (this.#type === 'bool') return new Uint8Array(count)
    if (this.#type === 'f64') return new Float64Array(count)
    return this.#type === 'u64' ? new BigUint64Array(count) : new BigInt64Array(count)
  }

  /** Undoes the order-preserving mapping in the scratch. */
  #unmap(count: number): void {
    if (this.#type === 'i64' || this.#type === 'date') for (let i = 0; i < count; i += 1) hi[i]! ^= 0x80000000
    else if (this.#type === 'f64') unmapFloats(count)
  }
}

function halvesOf(out: NumericArray): Uint32Array {
  return new Uint32Array(out.buffer, out.byteOffset, out.length * 2)
}

function interleave(out: Uint32Array, at: number, count: number): void {
  let to = 2 * at
  for (let i = 0; i < count; i += 1) {
    out[to] = lo[i]!
    out[to + 1] = hi[i]!
    to += 2
  }
}

function scatterHalves(out: Uint32Array, at: number, slots: Uint32Array, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const to = 2 * (at + slots[i]!)
    out[to] = lo[i]!
    out[to + 1] = hi[i]!
  }
}

function unmapFloats(count: number): void {
  for (let i = 0; i < count; i += 1) {
    // all ones where the sign bit is clear: a negative number, whose bits were inverted
    const negative = ~(hi[i]! >> 31)
    lo[i] = lo[i]! ^ negative
    hi[i] = hi[i]! ^ (negative | 0x80000000)
  }
}

/** flags[i] = from <= words[i] <= to, by one unsigned comparison. */
export function matchWords(words: Uint32Array, count: number, from: number, to: number, flags: Uint8Array): void {
  const width = to - from
  for (let i = 0; i < count; i += 1) flags[i] = +((words[i]! - from) >>> 0 <= width)
}

function matchHalves(count: number, min: bigint, max: bigint, flags: Uint8Array): void {
  const minLo = lowHalf(min)
  const minHi = highHalf(min)
  const maxLo = lowHalf(max)
  const maxHi = highHalf(max)
  for (let i = 0; i < count; i += 1) {
    const l = lo[i]!
    const h = hi[i]!
    flags[i] = +((h > minHi || (h === minHi && l >= minLo)) && (h < maxHi || (h === maxHi && l <= maxLo)))
  }
}
