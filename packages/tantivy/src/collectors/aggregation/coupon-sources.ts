import type { Cardinality, DocRows, IpColumn, NumericArray, NumericColumn } from '../../columnar/column.ts'
import { couponOfAddress, couponOfNumber, TYPE_SALTS } from './hll-sketch.ts'
import { ConvertedNumbers, type RowSource } from './row-sources.ts'

/** Values whose coupons are remembered, by some of their bits: most columns have the same values again and again. */
const REMEMBERED = 4096

/** Coupons of numbers. */
export class NumberCoupons extends ConvertedNumbers<Uint32Array> {
  readonly #lows = new Uint32Array(REMEMBERED)
  readonly #highs = new Uint32Array(REMEMBERED)
  /** 0: nothing is remembered here. */
  readonly #coupons = new Uint32Array(REMEMBERED)

  /** Coupon of a value given as its two words. */
  couponOf(low: number, high: number): number {
    const at = (Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) >>> 20) & (REMEMBERED - 1)
    const known = this.#coupons[at]!
    if (known !== 0 && this.#lows[at] === low && this.#highs[at] === high) return known
    const coupon = couponOfWords(this.column.type, low, high)
    this.#lows[at] = low
    this.#highs[at] = high
    this.#coupons[at] = coupon
    return coupon
  }

  protected override convert(raw: NumericArray, count: number, out: Uint32Array): void {
    if (raw instanceof Uint8Array) {
      for (let i = 0; i < count; i += 1) out[i] = this.couponOf(raw[i]!, 0)
      return
    }
    const words = new Uint32Array(raw.buffer, raw.byteOffset, 2 * count)
    for (let i = 0; i < count; i += 1) out[i] = this.couponOf(words[2 * i]!, words[2 * i + 1]!)
  }

  protected override allocateOut(count: number): Uint32Array {
    return new Uint32Array(count)
  }
}

/** Coupon of a value of two words in a column's type: the hash is that of the order-preserving form. */
export function couponOfWords(type: NumericColumn['type'], low: number, high: number): number {
  if (type === 'i64' || type === 'date') return couponOfNumber(TYPE_SALTS[type], low, high ^ 0x80000000)
  if (type !== 'f64') return couponOfNumber(TYPE_SALTS[type], low, high)
  const negative = high >> 31
  return couponOfNumber(TYPE_SALTS.f64, low ^ negative, high ^ (negative | 0x80000000))
}

/** Coupons of addresses. */
export class AddressCoupons implements RowSource<Uint32Array> {
  readonly cardinality: Cardinality
  readonly #column: IpColumn
  #raw = new Uint8Array(0)

  constructor(column: IpColumn) {
    this.#column = column
    this.cardinality = column.cardinality
  }

  readRange(start: number, end: number, out: Uint32Array, validity: Uint8Array): number {
    const nulls = this.#column.readRange(start, end, this.#rawOf(end - start), validity)
    convertAddresses(this.#raw, end - start, out)
    return nulls
  }

  readDocs(docs: Uint32Array, count: number, out: Uint32Array, validity: Uint8Array): number {
    const nulls = this.#column.readDocs(docs, count, this.#rawOf(count), validity)
    convertAddresses(this.#raw, count, out)
    return nulls
  }

  readLists(rows: DocRows): { readonly offsets: Int32Array; readonly values: Uint32Array } {
    const { offsets, values } = this.#column.readLists(rows)
    const out = new Uint32Array(values.length / 16)
    convertAddresses(values, out.length, out)
    return { offsets, values: out }
  }

  #rawOf(count: number): Uint8Array {
    if (this.#raw.length < 16 * count) this.#raw = new Uint8Array(16 * count)
    return this.#raw
  }
}

function convertAddresses(raw: Uint8Array, count: number, out: Uint32Array): void {
  for (let i = 0; i < count; i += 1) out[i] = couponOfAddress(raw, 16 * i)
}
