import type { SegmentReader } from '../segment/segment-reader.ts'
import { Bm25Weight, idf } from './bm25.ts'
import { formatTerm } from './format-term.ts'
import { PreparedEmpty } from './prepared-sets.ts'
import type { PreparedQuery } from './prepared-query.ts'
import { PreparedTerm } from './prepared-term.ts'
import type { PrepareContext, Query } from './query.ts'
import type { ScoreStatistics } from './score-statistics.ts'

/** Documents with a term. */
export class TermQuery implements Query {
  readonly kind = 'Term'
  readonly field: number
  readonly term: Uint8Array

  constructor(field: number, term: Uint8Array) {
    this.field = field
    this.term = term
  }

  visitTerms(visit: (field: number, term: Uint8Array) => void): void {
    visit(this.field, this.term)
  }

  async prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    const index = await segment.invertedIndex(this.field)
    const entry = await index?.terms.get(this.term, context.signal)
    if (index === null || entry === null || entry === undefined) return new PreparedEmpty()
    const [postings, norms] = await Promise.all([
      index.postings(entry.info, context.signal),
      context.scoring ? segment.fieldNorms(this.field) : null,
    ])
    const { statistics } = context
    const counts =
      statistics === null ? null : { docFreq: statistics.docFreq(this.field, this.term), numDocs: statistics.numDocs }
    const weight = context.scoring && statistics !== null ? this.#weight(statistics, context.boost) : null
    return new PreparedTerm(postings, norms, weight, index.averageLength, String(this), counts)
  }

  /** The dictionary knows how many documents have the term, where none is deleted. */
  async quickCount(segment: SegmentReader, signal: AbortSignal | undefined): Promise<number | null> {
    if (segment.alive !== null) return null
    const index = await segment.invertedIndex(this.field)
    return (await index?.terms.get(this.term, signal))?.info.docFreq ?? 0
  }

  /** The weight: what documents add, their frequencies and lengths, only takes from it. */
  maxScore(statistics: ScoreStatistics, boost: number): number {
    if (statistics.docFreq(this.field, this.term) === 0) return -Infinity
    return Math.max(0, this.#weight(statistics, boost).weight)
  }

  toString(): string {
    return formatTerm(this.field, this.term)
  }

  #weight(statistics: ScoreStatistics, boost: number): Bm25Weight {
    const { numDocs } = statistics
    const docFreq = statistics.docFreq(this.field, this.term)
    return new Bm25Weight(idf(docFreq, numDocs), statistics.totalNumTokens(this.field), numDocs, boost)
  }
}
