import type { PartialCardinality } from './aggregation-partial.ts'
import { COUNT_STRIDE, RAW_ESTIMATES } from './hll-table.ts'
import { hashWords, murmur3 } from './murmur3.ts'

/*
 * The HyperLogLog sketch of Apache DataSketches with 2048 registers, as tantivy uses it. Coupons (26 bits of a slot, 6 of
 * a value) are kept as long as there are at most 192.
 */
const LG_K = 11
const K = 1 << LG_K
const SLOT_BITS = 26
const SLOT_MASK = (1 << SLOT_BITS) - 1
/** Three quarters of the largest hash table that DataSketches keeps coupons in. */
const MAX_COUPONS = (3 * (K >> 3)) / 4

/** Salts of numeric values by column type: the codes of tantivy's columns. */
export const TYPE_SALTS = { i64: 0, u64: 1, f64: 2, bool: 5, ip: 6, date: 7 } as const

const words = new Int32Array(5)
const bytesOfWords = new Uint8Array(words.buffer)

function couponOfHash(): number {
  const zeros = hashWords[3] === 0 ? 32 + Math.clz32(hashWords[2]!) : Math.clz32(hashWords[3]!)
  return (((Math.min(zeros, 62) + 1) << SLOT_BITS) | (hashWords[0]! & SLOT_MASK)) >>> 0
}

/** Coupon of a value in its order-preserving u64 form, given as halves. */
export function couponOfNumber(salt: number, lo: number, hi: number): number {
  words[0] = (lo << 8) | salt
  words[1] = (hi << 8) | (lo >>> 24)
  words[2] = hi >>> 24
  words[3] = 0
  murmur3(words, 9)
  return couponOfHash()
}

/** Coupon of an address of 16 big-endian bytes. */
export function couponOfAddress(bytes: Uint8Array, at: number): number {
  words.fill(0)
  bytesOfWords[0] = TYPE_SALTS.ip
  for (let i = 0; i < 16; i += 1) bytesOfWords[1 + i] = bytes[at + 15 - i]!
  murmur3(words, 17)
  return couponOfHash()
}

let termWords = new Int32Array(64)
let bytesOfTerm = new Uint8Array(termWords.buffer)

/** Coupon of the bytes [from, to) of a term. */
export function couponOfTerm(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from
  if (length + 32 > bytesOfTerm.length) {
    termWords = new Int32Array(((length + 32) >> 2) * 2)
    bytesOfTerm = new Uint8Array(termWords.buffer)
  }
  termWords[0] = length
  termWords[1] = 0
  for (let i = 0; i < length; i += 1) bytesOfTerm[8 + i] = bytes[from + i]!
  bytesOfTerm.fill(0, 8 + length, 8 + length + 16)
  murmur3(termWords, 8 + length)
  return couponOfHash()
}

/** Counts distinct values approximately. */
export class HllSketch {
  #coupons: Set<number> | null = new Set()
  #registers: Uint8Array | null = null
  #hip: number | null = null
  #zeros = K
  /** Sums of 2^-register, of registers below 32 and of the others. */
  #low = K
  #high = 0

  static from(partial: PartialCardinality): HllSketch {
    const sketch = new HllSketch()
    if (partial.registers === null) {
      for (const coupon of partial.coupons!) sketch.#coupons!.add(coupon)
      return sketch
    }
    sketch.#coupons = null
    sketch.#registers = partial.registers
    sketch.#hip = partial.hip
    sketch.#rebuild()
    return sketch
  }

  update(coupon: number): void {
    const coupons = this.#coupons
    if (coupons === null) {
      this.#updateRegister(coupon)
      return
    }
    coupons.add(coupon)
    if (coupons.size > MAX_COUPONS) this.#promote()
  }

  /** Adds what another sketch counted. The history of registers is lost by that. */
  merge(other: HllSketch): void {
    if (other.#coupons?.size === 0) return
    if (this.#coupons !== null && other.#registers !== null) {
      const coupons = this.#coupons
      this.#coupons = null
      this.#registers = other.#registers.slice()
      this.#hip = coupons.size === 0 ? other.#hip : null
      this.#rebuild()
      for (const coupon of coupons) this.#updateRegister(coupon)
      return
    }
    if (other.#coupons !== null) for (const coupon of other.#coupons) this.update(coupon)
    else {
      const registers = this.#registers!
      for (let k = 0; k < K; k += 1) if (other.#registers![k]! > registers[k]!) registers[k] = other.#registers![k]!
      this.#rebuild()
    }
    this.#hip = null
  }

  estimate(): number {
    if (this.#coupons !== null) return couponEstimate(this.#coupons.size)
    return this.#hip ?? compositeEstimate(this.#low + this.#high, this.#zeros)
  }

  toPartial(): PartialCardinality {
    return {
      kind: 'cardinality',
      coupons: this.#coupons === null ? null : Uint32Array.from(this.#coupons),
      registers: this.#registers,
      hip: this.#hip,
    }
  }

  #promote(): void {
    const coupons = this.#coupons!
    this.#coupons = null
    this.#registers = new Uint8Array(K)
    for (const coupon of coupons) this.#updateRegister(coupon)
    this.#hip = couponEstimate(coupons.size)
  }

  #updateRegister(coupon: number): void {
    const registers = this.#registers!
    const slot = coupon & (K - 1)
    const value = coupon >>> SLOT_BITS
    const old = registers[slot]!
    if (value <= old) return
    if (this.#hip !== null) this.#hip += K / (this.#low + this.#high)
    if (old < 32) this.#low -= 2 ** -old
    else this.#high -= 2 ** -old
    if (value < 32) this.#low += 2 ** -value
    else this.#high += 2 ** -value
    registers[slot] = value
    if (old === 0) this.#zeros -= 1
  }

  #rebuild(): void {
    this.#zeros = 0
    this.#low = 0
    this.#high = 0
    for (const value of this.#registers!) {
      if (value === 0) this.#zeros += 1
      if (value < 32) this.#low += 2 ** -value
      else this.#high += 2 ** -value
    }
  }
}

/** Coupons collide: the expected number of values behind `count` of them. */
function couponEstimate(count: number): number {
  const x = [0, 1, 20, 400, 8000]
  const y = [0, 1, 20.000_000_943_740_26, 400.000_396_371_338_4, 8_000.158_929_460_209]
  let at = 0
  while (at < 3 && x[at + 1]! <= count) at += 1
  const from = Math.max(0, at - 1)
  return Math.max(count, interpolate(x, y, from, count))
}

/** The cubic through four points from entry `from` on. */
function interpolate(x: ArrayLike<number>, y: ArrayLike<number>, from: number, at: number): number {
  let sum = 0
  for (let i = from; i < from + 4; i += 1) {
    let numerator = 1
    let denominator = 1
    for (let j = from; j < from + 4; j += 1) {
      if (i === j) continue
      numerator *= at - x[j]!
      denominator *= x[i]! - x[j]!
    }
    sum += (y[i]! * numerator) / denominator
  }
  return sum
}

/** The estimate from registers alone, where their history is not known. */
function compositeEstimate(inverseSum: number, zeros: number): number {
  const raw = ((0.7213 / (1 + 1.079 / K)) * K * K) / inverseSum
  const last = RAW_ESTIMATES.length - 1
  if (raw < RAW_ESTIMATES[0]!) return 0
  if (raw > RAW_ESTIMATES[last]!) return raw * ((COUNT_STRIDE * last) / RAW_ESTIMATES[last]!)
  let low = 0
  let high = last
  while (low + 1 < high) {
    const middle = (low + high) >> 1
    if (RAW_ESTIMATES[middle]! <= raw) low = middle
    else high = middle
  }
  const from = Math.min(Math.max(0, low - 1), last - 3)
  const counts = Float64Array.from({ length: last + 1 }, (_, k) => COUNT_STRIDE * k)
  const adjusted = raw === RAW_ESTIMATES[last] ? COUNT_STRIDE * last : interpolate(RAW_ESTIMATES, counts, from, raw)
  if (adjusted > 3 * K) return adjusted
  const linear = zeros === 0 ? K * Math.log(K / 0.5) : K * (harmonic(K) - harmonic(zeros))
  return (adjusted + linear) / 2 > 0.64 * K ? adjusted : linear
}

/** 1 + 1/2 + ... + 1/n. */
function harmonic(n: number): number {
  if (n < 25) {
    let sum = 0
    for (let k = 1; k <= n; k += 1) sum += 1 / k
    return sum
  }
  const square = 1 / (n * n)
  const correction = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))
  return Math.log(n) + 0.577_215_664_901_532_9 + 1 / (2 * n) - correction
}
