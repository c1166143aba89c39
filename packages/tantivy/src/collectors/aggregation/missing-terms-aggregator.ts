import type { Column } from '../../columnar/column.ts'
import type { PartialBucket, PartialResult } from './aggregation-partial.ts'
import type { TermsAggregation } from './aggregation-request.ts'
import { bitmapOf } from './filter-aggregator.ts'
import { FilterAggregator } from './filter-aggregator.ts'
import { SegmentAggregation, type SubAggregations } from './segment-aggregation.ts'
import type { DocBlock } from './doc-block.ts'
import { encodeMissing } from './multi-terms.ts'

/** The bucket of documents that have no value in any column of a field. */
export class MissingTermsAggregator extends SegmentAggregation {
  readonly #request: TermsAggregation
  readonly #filter: FilterAggregator

  constructor(request: TermsAggregation, columns: readonly Column[], maxDoc: number, subs: SubAggregations) {
    super()
    this.#request = request
    const missing = bitmapOf(new Uint32Array(0), maxDoc).fill(0xffffffff)
    for (const column of columns) {
      const present = bitmapOf(column.docsWithValue(0, maxDoc), maxDoc)
      for (let word = 0; word < missing.length; word += 1) missing[word]! &= ~present[word]!
    }
    this.#filter = new FilterAggregator(missing, subs)
  }

  override reserve(count: number): void {
    this.#filter.reserve(count)
  }

  override collect(block: DocBlock): void {
    this.#filter.collect(block)
  }

  override async finish(parents: Uint32Array): Promise<PartialResult[]> {
    const key = encodeMissing(this.#request.missing!)
    return (await this.#filter.finish(parents)).map((result) => {
      const { count, sub } = result as PartialBucket & PartialResult & { readonly kind: 'filter' }
      const kept = count > 0 || this.#request.minDocCount === 0
      return { kind: 'terms', buckets: new Map(kept ? [[key, { count, sub }]] : []), sumOther: 0, errorBound: 0 }
    })
  }
}
