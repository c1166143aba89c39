import type { BytesColumn } from '../../columnar/column.ts'
import type { PartialResult } from './aggregation-partial.ts'
import type { BlockReader } from './block-reader.ts'
import type { DocBlock } from './doc-block.ts'
import { couponOfTerm, HllSketch } from './hll-sketch.ts'
import { SegmentAggregation } from './segment-aggregation.ts'
import { TupleTable } from './tuple-table.ts'

/**
 * Counts distinct strings: collects the distinct ordinals of each parent, and puts the hashes of their terms into sketches
 * at the end, in ascending order, on which the estimate of one segment depends.
 */
export class CardinalityAggregator extends SegmentAggregation {
  readonly #reader: BlockReader<Uint32Array>
  readonly #coupons: TermCoupons
  /** 1 for each ordinal seen, where there is one parent. */
  readonly #seen: Uint8Array | null
  readonly #pairs: TupleTable = new TupleTable(2)
  #words = new Uint32Array(0)
  #ids = new Uint32Array(0)
  #distinctCounts: Map<number, number> | null = null

  constructor(reader: BlockReader<Uint32Array>, coupons: TermCoupons, nested: boolean) {
    super()
    this.#reader = reader
    this.#coupons = coupons
    this.#seen = nested ? null : new Uint8Array(coupons.size)
  }

  override reserve(): void {}

  override collect(block: DocBlock): void {
    const reader = this.#reader
    reader.read(block)
    const { values, buckets, count } = reader
    if (this.#seen !== null) {
      mark(this.#seen, values, count)
      return
    }
    if (this.#ids.length < count) {
      this.#ids = new Uint32Array(count)
      this.#words = new Uint32Array(2 * count)
    }
    const words = this.#words
    for (let i = 0; i < count; i += 1) {
      words[2 * i] = buckets === null ? 0 : buckets[i]!
      words[2 * i + 1] = values[i]!
    }
    this.#pairs.intern(words, count, this.#ids)
  }

  override async finish(parents: Uint32Array): Promise<PartialResult[]> {
    if (this.#seen !== null) {
      const sketch = new HllSketch()
      for (const coupon of await this.#coupons.couponsOf(marked(this.#seen))) sketch.update(coupon)
      return Array.from(parents, () => sketch.toPartial())
    }
    const { size, words } = this.#pairs
    const seen = new Uint8Array(this.#coupons.size)
    for (let id = 0; id < size; id += 1) seen[words[2 * id + 1]!] = 1
    const ordinals = marked(seen)
    const coupons = await this.#coupons.couponsOf(ordinals)
    const couponAt = new Uint32Array(seen.length)
    for (let k = 0; k < ordinals.length; k += 1) couponAt[ordinals[k]!] = coupons[k]!
    const order = orderByOrdinal(words, size, seen.length)
    const sketches: HllSketch[] = []
    for (const id of order) {
      const sketch = (sketches[words[2 * id]!] ??= new HllSketch())
      sketch.update(couponAt[words[2 * id + 1]!]!)
    }
    return Array.from(parents, (parent) => (sketches[parent] ?? new HllSketch()).toPartial())
  }

  /** The number of distinct values itself. */
  override metric(parent: number): number | null {
    let count = 0
    if (this.#seen !== null) {
      for (const flag of this.#seen) count += flag
      return count
    }
    this.#distinctCounts ??= this.#countPairs()
    return this.#distinctCounts.get(parent) ?? 0
  }

  #countPairs(): Map<number, number> {
    const counts = new Map<number, number>()
    const { size, words } = this.#pairs
    for (let id = 0; id < size; id += 1) counts.set(words[2 * id]!, (counts.get(words[2 * id]!) ?? 0) + 1)
    return counts
  }
}

/** Numbers of pairs by their second word, which is below `bound`. */
function orderByOrdinal(words: Uint32Array, size: number, bound: number): Uint32Array {
  const next = new Uint32Array(bound + 1)
  for (let id = 0; id < size; id += 1) next[words[2 * id + 1]! + 1]! += 1
  for (let k = 0; k < bound; k += 1) next[k + 1]! += next[k]!
  const order = new Uint32Array(size)
  for (let id = 0; id < size; id += 1) {
    const ordinal = words[2 * id + 1]!
    order[next[ordinal]!] = id
    next[ordinal]! += 1
  }
  return order
}

function mark(seen: Uint8Array, ordinals: Uint32Array, count: number): void {
  for (let i = 0; i < count; i += 1) seen[ordinals[i]!] = 1
}

function marked(seen: Uint8Array): Uint32Array {
  const out = new Uint32Array(seen.length)
  let count = 0
  for (let k = 0; k < seen.length; k += 1) {
    out[count] = k
    count += seen[k]!
  }
  return out.subarray(0, count)
}

/** Dictionaries up to which the coupons of all terms stay with an open column, once they were all asked for: 4 MB. */
const MAX_KEPT_COUPONS = 1 << 20
const couponsOfDictionary = new WeakMap<BytesColumn, Uint32Array>()

/** Coupons of strings; the ordinal past the last term stands for missing values. */
export class TermCoupons {
  /** Above every ordinal. */
  readonly size: number
  readonly #column: BytesColumn | null
  readonly #missing: Uint8Array | null
  readonly #signal: AbortSignal | undefined

  constructor(column: BytesColumn | null, missing: Uint8Array | null, signal?: AbortSignal) {
    this.#column = column
    this.#missing = missing
    this.#signal = signal
    this.size = (column?.dictionary.numTerms ?? 0) + (missing === null ? 0 : 1)
  }

  async couponsOf(ordinals: Uint32Array): Promise<Uint32Array> {
    const numTerms = this.#column?.dictionary.numTerms ?? 0
    const coupons = new Uint32Array(ordinals.length)
    let count = ordinals.length
    while (count > 0 && ordinals[count - 1]! >= numTerms) {
      count -= 1
      coupons[count] = couponOfTerm(this.#missing!, 0, this.#missing!.length)
    }
    if (count === 0) return coupons
    const known = couponsOfDictionary.get(this.#column!)
    if (known !== undefined) {
      for (let k = 0; k < count; k += 1) coupons[k] = known[ordinals[k]!]!
      return coupons
    }
    const { offsets, bytes } = await this.#column!.dictionary.termsOf(ordinals.subarray(0, count), this.#signal)
    for (let k = 0; k < count; k += 1) coupons[k] = couponOfTerm(bytes, offsets[k]!, offsets[k + 1]!)
    if (count === numTerms && numTerms <= MAX_KEPT_COUPONS) {
      couponsOfDictionary.set(this.#column!, coupons.slice(0, count))
    }
    return coupons
  }
}
