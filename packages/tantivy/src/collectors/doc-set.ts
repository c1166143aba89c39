import { prepare } from '../query/prepare.ts'
import type { Query } from '../query/query.ts'
import type { Index } from '../segment/open-index.ts'

/** Live documents that match, ascending: one list a segment. */
export async function collectDocSets(index: Index, query: Query, signal?: AbortSignal): Promise<Uint32Array[]> {
  return Promise.all(
    index.segments.map(async (segment) => {
      const prepared = await prepare(query, segment, { scoring: false, ...(signal === undefined ? {} : { signal }) })
      const docs = prepared.docs(0, segment.maxDoc)
      return segment.alive === null ? docs : docs.subarray(0, segment.alive.filter(docs, docs.length))
    }),
  )
}
