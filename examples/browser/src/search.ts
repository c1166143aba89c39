import { buildQuery, checkQuery, parseQuickwitQuery, SourceRenderer, type SplitRef } from '@volley/splits'
import { prepare, statisticsOf, TopScores, type StoredValue } from '@volley/tantivy'
import type { Library, OpenIndex } from './library.ts'

export interface Hit {
  readonly splitId: string
  readonly doc: number
  readonly score: number
  /** The stored document as Quickwit answers it: JSON text. */
  readonly source: string
}

export interface Found {
  readonly count: number
  readonly hits: readonly Hit[]
}

/**
 * Searches splits of an index with Quickwit's query language: the number of matches, and the documents of the best `limit`
 * by BM25 score.
 *
 * @throws VolleyError for text that is no query, or a field that the index does not have.
 */
export async function search(
  library: Library,
  index: OpenIndex,
  splits: readonly SplitRef[],
  text: string,
  limit: number,
  signal?: AbortSignal,
): Promise<Found> {
  const { mapping } = index
  const ast = parseQuickwitQuery(text.trim() === '' ? '*' : text, mapping.defaultSearchFields)
  checkQuery(ast, mapping)
  const options = signal === undefined ? {} : { signal }
  const parts = await Promise.all(
    splits.map(async (ref) => {
      const split = await library.open(ref, signal)
      const query = buildQuery(ast, split, mapping)
      const statistics = await statisticsOf(split.index, query, signal)
      const top = new TopScores(limit)
      let count = 0
      for (const segment of split.index.segments) {
        // Quickwit deletes no single documents: what matches is what counts.
        const prepared = await prepare(query, segment, { scoring: true, statistics, ...options })
        count += prepared.count()
        top.startSegment(segment.ord)
        prepared.collectTop(top, segment.alive)
      }
      return { split, count, docs: top.finish().map((hit) => ({ split, hit })) }
    }),
  )
  const best = parts
    .flatMap((part) => part.docs)
    .sort((a, b) => b.hit.score - a.hit.score)
    .slice(0, limit)

  const sources = new Map<string, string>()
  const key = (splitId: string, segment: number, doc: number): string => `${splitId}/${segment}/${doc}`
  await Promise.all(
    parts.map(async ({ split }) => {
      const renderer = new SourceRenderer(split.index.schema, mapping)
      for (const segment of split.index.segments) {
        const docs = best.filter((each) => each.split === split && each.hit.segment === segment.ord)
        if (docs.length === 0) continue
        const store = await segment.store()
        await store.warm(Uint32Array.from(docs.map((each) => each.hit.doc)).sort(), signal)
        for (const { hit } of docs) {
          const values = new Map<number, StoredValue[]>()
          for (const [field, value] of store.document(hit.doc)) values.set(field, [...(values.get(field) ?? []), value])
          sources.set(key(split.ref.splitId, segment.ord, hit.doc), renderer.render(values))
        }
      }
    }),
  )
  return {
    count: parts.reduce((sum, part) => sum + part.count, 0),
    hits: best.map(({ split, hit }) => ({
      splitId: split.ref.splitId,
      doc: hit.doc,
      score: hit.score,
      source: sources.get(key(split.ref.splitId, hit.segment, hit.doc))!,
    })),
  }
}
