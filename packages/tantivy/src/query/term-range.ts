import type { TermMatcher } from '../automaton/term-matcher.ts'
import { DocBuffer } from '../columnar/column-rows.ts'
import type { SegmentReader } from '../segment/segment-reader.ts'
import { entryOf, type TermBound, type TermInfo } from '../term-dictionary/term-dictionary.ts'
import { docsOf } from './prepared-term.ts'
import { PreparedDocs, PreparedEmpty } from './prepared-sets.ts'
import type { PreparedQuery } from './prepared-query.ts'
import type { PrepareContext } from './query.ts'

/** Postings that are read at a time. */
const TERMS_PER_READ = 1024

/** A growing set of the documents of a segment. */
export class DocBitset {
  readonly #words: Uint32Array

  constructor(maxDoc: number) {
    this.#words = new Uint32Array(Math.ceil(maxDoc / 32))
  }

  addAll(docs: Uint32Array): void {
    const words = this.#words
    for (let i = 0; i < docs.length; i += 1) words[docs[i]! >>> 5]! |= 1 << (docs[i]! & 31)
  }

  toArray(): Uint32Array {
    const out = new DocBuffer()
    const words = this.#words
    for (let k = 0; k < words.length; k += 1) {
      let word = words[k]!
      while (word !== 0) {
        const low = word & -word
        out.push(32 * k + 31 - Math.clz32(low))
        word ^= low
      }
    }
    return out.finish()
  }
}

/** Documents with any term between two bounds (that a matcher accepts), by the dictionary; the score is the boost. */
export async function prepareTermRange(
  segment: SegmentReader,
  field: number,
  lower: TermBound,
  upper: TermBound,
  context: PrepareContext,
  matcher: TermMatcher | null = null,
): Promise<PreparedQuery> {
  const index = await segment.invertedIndex(field)
  if (index === null) return new PreparedEmpty()
  const docs = new DocBitset(segment.maxDoc)
  let infos: TermInfo[] = []
  const flush = async (): Promise<void> => {
    for (const postings of await index.postingsOf(infos, context.signal)) {
      docs.addAll(docsOf(postings, 0, segment.maxDoc))
    }
    infos = []
  }
  for await (const batch of index.terms.range(lower, upper, context.signal)) {
    for (let k = 0; k < batch.count; k += 1) {
      if (matcher === null || matcher.accepts(batch.bytes, batch.offsets[k]!, batch.offsets[k + 1]!)) {
        infos.push(entryOf(batch, k).info)
      }
    }
    if (infos.length >= TERMS_PER_READ) await flush()
  }
  await flush()
  return new PreparedDocs(docs.toArray(), context.boost)
}

/** Documents with any of some terms of a field. */
export async function docsOfTerms(
  segment: SegmentReader,
  field: number,
  terms: readonly Uint8Array[],
  docs: DocBitset,
  signal: AbortSignal | undefined,
): Promise<void> {
  const index = await segment.invertedIndex(field)
  if (index === null) return
  const entries = await index.terms.getMany(terms, signal)
  const infos = entries.filter((entry) => entry !== null).map((entry) => entry.info)
  for (const postings of await index.postingsOf(infos, signal)) docs.addAll(docsOf(postings, 0, segment.maxDoc))
}
