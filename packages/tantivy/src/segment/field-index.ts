import type { Caches } from '@volley/kernels'
import { ByteReader } from '../bytes/byte-reader.ts'
import type { FileSlice } from '../directory/file-slice.ts'
import { PositionsList } from '../postings/positions-list.ts'
import { PostingsList } from '../postings/postings-list.ts'
import { RecentPostings } from '../postings/recent-postings.ts'
import type { FieldEntry, RecordOption } from '../schema/index-schema.ts'
import type { TermDictionary, TermInfo } from '../term-dictionary/term-dictionary.ts'
import type { TermDictionaryKind } from '../term-dictionary/open-term-dictionary.ts'

const HEADER = 8

/** The inverted index of one field in one segment: its terms and where their postings are. */
export class FieldIndex {
  readonly field: FieldEntry
  readonly record: RecordOption
  readonly maxDoc: number
  /** Indexed tokens of the field, those of deleted documents included. */
  readonly totalNumTokens: number
  readonly terms: TermDictionary
  /** null where the segment has no dictionary for the field. */
  readonly kind: TermDictionaryKind | null
  readonly #postings: FileSlice | null
  readonly #positions: FileSlice | null
  readonly #recent: RecentPostings

  constructor(
    field: FieldEntry,
    maxDoc: number,
    totalNumTokens: number,
    dictionary: { kind: TermDictionaryKind | null; terms: TermDictionary },
    postings: FileSlice | null,
    positions: FileSlice | null,
    caches: Caches,
  ) {
    this.field = field
    this.record = field.options.record!
    this.maxDoc = maxDoc
    this.totalNumTokens = totalNumTokens
    this.terms = dictionary.terms
    this.kind = dictionary.kind
    this.#postings = postings
    this.#positions = positions
    this.#recent = new RecentPostings(caches)
  }

  get numTerms(): number {
    return this.terms.numTerms
  }

  /** Average number of tokens of a document of the segment, in f32: what block-max data were chosen by. */
  get averageLength(): number {
    return Math.fround(Math.fround(this.totalNumTokens) / Math.fround(this.maxDoc))
  }

  /** Reads the postings of a term. */
  async postings(info: TermInfo, signal?: AbortSignal): Promise<PostingsList> {
    const recent = this.#recent.get(info.postingsStart)
    if (recent !== undefined) return recent
    const slice = this.#postings!.slice(HEADER + info.postingsStart, HEADER + info.postingsEnd)
    const list = this.#decodePostings(await slice.read(undefined, undefined, signal), slice, info)
    this.#recent.add(info.postingsStart, list)
    return list
  }

  /** Reads the positions of a term whose postings have the record option `position`. */
  async positions(info: TermInfo, signal?: AbortSignal): Promise<PositionsList> {
    const slice = this.#positionsOf(info)
    return new PositionsList(new ByteReader(await slice.read(undefined, undefined, signal), slice.file, slice.start))
  }

  /** Reads the postings of many terms, neighbours in one read; row-aligned. */
  async postingsOf(infos: readonly TermInfo[], signal?: AbortSignal): Promise<PostingsList[]> {
    const order = infos.map((_, i) => i).sort((a, b) => infos[a]!.postingsStart - infos[b]!.postingsStart)
    const lists: PostingsList[] = Array.from({ length: infos.length })
    const runs: number[][] = []
    let end = -1
    for (const i of order) {
      const { postingsStart, postingsEnd } = infos[i]!
      if (end >= 0 && postingsStart - end <= MAX_GAP) runs.at(-1)!.push(i)
      else runs.push([i])
      end = Math.max(end, postingsEnd)
    }
    await Promise.all(
      runs.map(async (run) => {
        const start = infos[run[0]!]!.postingsStart
        const stop = Math.max(...run.map((i) => infos[i]!.postingsEnd))
        const slice = this.#postings!.slice(HEADER + start, HEADER + stop)
        const bytes = await slice.read(undefined, undefined, signal)
        for (const i of run) {
          const info = infos[i]!
          const part = slice.slice(info.postingsStart - start, info.postingsEnd - start)
          lists[i] = this.#decodePostings(
            bytes.subarray(info.postingsStart - start, info.postingsEnd - start),
            part,
            info,
          )
        }
      }),
    )
    return lists
  }

  #decodePostings(bytes: Uint8Array, slice: FileSlice, info: TermInfo): PostingsList {
    return new PostingsList(new ByteReader(bytes, slice.file, slice.start), info.docFreq, this.record, this.maxDoc)
  }

  #positionsOf(info: TermInfo): FileSlice {
    if (this.#positions === null) throw this.#postings!.corrupted(0, `no positions of field ${this.field.name}`)
    return this.#positions.slice(info.positionsStart, info.positionsEnd)
  }
}

/** Bytes between the postings of two wanted terms that are read along rather than asked for apart. */
const MAX_GAP = 4096
