import type { Index } from '../segment/open-index.ts'
import type { Explanation } from './explanation.ts'
import { prepare, statisticsOf } from './prepare.ts'
import type { Query } from './query.ts'
import type { ScoreStatistics } from './score-statistics.ts'

/** Explains the score of a document; null if it does not match. Shapes and wording follow tantivy's. */
export async function explain(
  index: Index,
  query: Query,
  address: { readonly segment: number; readonly doc: number },
  options: { readonly statistics?: ScoreStatistics; readonly signal?: AbortSignal } = {},
): Promise<Explanation | null> {
  const { signal } = options
  const segment = index.segments[address.segment]
  if (segment === undefined || !(address.doc >= 0 && address.doc < segment.maxDoc)) {
    throw new RangeError(`no document ${address.segment}.${address.doc}`)
  }
  const statistics = options.statistics ?? (await statisticsOf(index, query, signal))
  const prepared = await prepare(query, segment, {
    scoring: true,
    statistics,
    ...(signal === undefined ? {} : { signal }),
  })
  return prepared.explain(address.doc)
}
