import type { SegmentReader } from '../segment/segment-reader.ts'
import { compareBytes } from '../bytes/compare.ts'
import { formatTerm } from './format-term.ts'
import { PreparedDocs } from './prepared-sets.ts'
import type { PreparedQuery } from './prepared-query.ts'
import type { PrepareContext, Query } from './query.ts'
import { DocBitset, docsOfTerms } from './term-range.ts'

/** Documents with any of a set of terms; the score is 1. */
export class TermSetQuery implements Query {
  readonly kind = 'TermSet'
  readonly terms: ReadonlyMap<number, readonly Uint8Array[]>

  constructor(terms: ReadonlyMap<number, readonly Uint8Array[]>) {
    this.terms = new Map(
      [...terms].map(([field, list]) => {
        const sorted = list.toSorted(compareBytes)
        return [field, sorted.filter((term, k) => k === 0 || compareBytes(term, sorted[k - 1]!) !== 0)]
      }),
    )
  }

  visitTerms(): void {}

  async prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    const docs = new DocBitset(segment.maxDoc)
    await Promise.all([...this.terms].map(([field, list]) => docsOfTerms(segment, field, list, docs, context.signal)))
    return new PreparedDocs(docs.toArray(), context.boost)
  }

  toString(): string {
    const terms = [...this.terms].flatMap(([field, list]) => list.map((term) => formatTerm(field, term)))
    return `any(${terms.join(', ')})`
  }
}
