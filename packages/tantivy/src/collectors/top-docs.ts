import { prepare, statisticsOf } from '../query/prepare.ts'
import type { Query } from '../query/query.ts'
import { TopScores } from '../query/top-scores.ts'
import type { Index } from '../segment/open-index.ts'
import type { SearchOptions } from './search-options.ts'

/** A document by its address and f32 score. */
export interface ScoredDoc {
  /** Position of its segment in the index. */
  readonly segment: number
  readonly doc: number
  readonly score: number
}

export interface TopDocs {
  /** Best first; ties by segment, then document. */
  readonly docs: readonly ScoredDoc[]
  /** Number of documents whose score was computed: what pruning left. */
  readonly scored: number
}

/**
 * The best `limit` live documents by score, over all segments: the same as by scoring every match. Blocks of postings that
 * cannot hold one are skipped where the query allows it.
 */
export async function collectTopDocs(
  index: Index,
  query: Query,
  limit: number,
  options: SearchOptions = {},
): Promise<TopDocs> {
  const { signal } = options
  const statistics = options.statistics ?? (await statisticsOf(index, query, signal))
  const prepared = await Promise.all(
    index.segments.map((segment) =>
      prepare(query, segment, { scoring: true, statistics, ...(signal === undefined ? {} : { signal }) }),
    ),
  )
  const top = new TopScores(limit)
  for (const [k, segment] of index.segments.entries()) {
    signal?.throwIfAborted()
    top.startSegment(segment.ord)
    prepared[k]!.collectTop(top, segment.alive)
  }
  return { docs: top.finish(), scored: top.scored }
}
