import type { PartialResult } from './aggregation-partial.ts'
import type { DocBlock } from './doc-block.ts'
import { grow, SegmentAggregation, type SubAggregations } from './segment-aggregation.ts'

/** Documents that match a query. */
export class FilterAggregator extends SegmentAggregation {
  /** Bit i of word k is document 32 k + i. */
  readonly #matches: Uint32Array
  readonly #subs: SubAggregations
  #counts = new Float64Array(1)
  #docs = new Uint32Array(0)
  #parents = new Uint32Array(0)

  constructor(matches: Uint32Array, subs: SubAggregations) {
    super()
    this.#matches = matches
    this.#subs = subs
  }

  override reserve(count: number): void {
    this.#counts = grow(this.#counts, count)
  }

  override collect({ docs, start, count, buckets }: DocBlock): void {
    if (this.#docs.length < count) {
      this.#docs = new Uint32Array(count)
      this.#parents = new Uint32Array(count)
    }
    let kept = 0
    for (let i = 0; i < count; i += 1) {
      const doc = docs === null ? start + i : docs[i]!
      this.#docs[kept] = doc
      if (buckets !== null) this.#parents[kept] = buckets[i]!
      kept += (this.#matches[doc >>> 5]! >>> (doc & 31)) & 1
    }
    if (buckets === null) this.#counts[0]! += kept
    else for (let i = 0; i < kept; i += 1) this.#counts[this.#parents[i]!]! += 1
    if (this.#subs.isEmpty) return
    const parents = buckets === null ? null : this.#parents
    this.#subs.collect({ docs: this.#docs, start: 0, count: kept, buckets: parents }, this.#counts.length)
  }

  override async finish(parents: Uint32Array): Promise<PartialResult[]> {
    const subs = await this.#subs.finish(parents)
    return Array.from(parents, (parent, k) => ({ kind: 'filter', count: this.#counts[parent]!, sub: subs[k]! }))
  }
}

/** A bitmap of documents. */
export function bitmapOf(docs: Uint32Array, maxDoc: number): Uint32Array {
  const words = new Uint32Array((maxDoc + 31) >>> 5)
  for (const doc of docs) words[doc >>> 5]! |= 1 << (doc & 31)
  return words
}
