import type { Index } from '../segment/open-index.ts'
import type { SegmentReader } from '../segment/segment-reader.ts'
import { termKey } from './format-term.ts'
import type { PreparedQuery } from './prepared-query.ts'
import type { Query } from './query.ts'
import type { ScoreStatistics } from './score-statistics.ts'

export interface PrepareOptions {
  readonly scoring: boolean
  /** Needed when scoring; see statisticsOf. */
  readonly statistics?: ScoreStatistics
  readonly signal?: AbortSignal
}

/** Reads what a query needs of a segment: dictionary blocks, postings, positions and columns. What follows is synchronous. */
export async function prepare(query: Query, segment: SegmentReader, options: PrepareOptions): Promise<PreparedQuery> {
  const { scoring, statistics = null, signal } = options
  if (scoring && statistics === null) throw new TypeError('scoring needs statistics: see statisticsOf')
  signal?.throwIfAborted()
  return query.prepare(segment, { scoring, statistics, boost: 1, signal })
}

/** Gathers the numbers that scores of a query need, over all segments of an index. */
export async function statisticsOf(index: Index, query: Query, signal?: AbortSignal): Promise<ScoreStatistics> {
  const terms = new Map<number, Map<string, Uint8Array>>()
  query.visitTerms((field, term) => {
    let known = terms.get(field)
    if (known === undefined) terms.set(field, (known = new Map()))
    known.set(termKey(field, term), term)
  })
  const docFreqs = new Map<string, number>()
  const tokens = new Map<number, number>()
  let numDocs = 0
  for (const segment of index.segments) numDocs += segment.maxDoc
  await Promise.all(
    index.segments.flatMap((segment) =>
      [...terms].map(async ([field, known]) => {
        const inverted = await segment.invertedIndex(field)
        if (inverted === null) return
        tokens.set(field, (tokens.get(field) ?? 0) + inverted.totalNumTokens)
        const entries = await inverted.terms.getMany([...known.values()], signal)
        for (const [k, key] of [...known.keys()].entries()) {
          docFreqs.set(key, (docFreqs.get(key) ?? 0) + (entries[k]?.info.docFreq ?? 0))
        }
      }),
    ),
  )
  return {
    numDocs,
    totalNumTokens: (field) => tokens.get(field) ?? 0,
    docFreq: (field, term) => docFreqs.get(termKey(field, term)) ?? 0,
  }
}
