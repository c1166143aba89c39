import { prepare } from '../query/prepare.ts'
import type { PreparedQuery } from '../query/prepared-query.ts'
import type { Query } from '../query/query.ts'
import type { AliveBitset } from '../segment/alive-bitset.ts'
import type { Index } from '../segment/open-index.ts'
import type { SegmentReader } from '../segment/segment-reader.ts'

/** Number of live documents that match, over all segments. */
export async function countDocs(index: Index, query: Query, signal?: AbortSignal): Promise<number> {
  const counts = await Promise.all(index.segments.map((segment) => countInSegment(segment, query, signal)))
  return counts.reduce((sum, count) => sum + count, 0)
}

async function countInSegment(segment: SegmentReader, query: Query, signal?: AbortSignal): Promise<number> {
  const quick = (await query.quickCount?.(segment, signal)) ?? null
  if (quick !== null) return quick
  const prepared = await prepare(query, segment, { scoring: false, ...(signal === undefined ? {} : { signal }) })
  return countAlive(prepared, segment.alive)
}

function countAlive(prepared: PreparedQuery, alive: AliveBitset | null): number {
  if (alive === null) return prepared.count()
  const docs = prepared.docs(0, alive.maxDoc)
  let count = 0
  for (let i = 0; i < docs.length; i += 1) count += (alive.words[docs[i]! >>> 5]! >>> (docs[i]! & 31)) & 1
  return count
}
