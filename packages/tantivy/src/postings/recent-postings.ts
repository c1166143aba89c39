import type { PostingsList } from './postings-list.ts'

/** Lists of fewer documents are decoded again: that costs little. */
const MIN_DOCS = 1024
/** Bytes that all lists together may hold. */
const MAX_BYTES = 16 * 1024 * 1024

interface Known {
  readonly of: Map<number, Known>
  readonly at: number
  readonly list: PostingsList
}

/** All that are kept, those first that were asked for least recently. */
const known = new Set<Known>()
let bytes = 0

/**
 * The lists of frequent terms of one field that were decoded last: their skip lists, and their blocks as words. Those of all
 * fields share a bound.
 */
export class RecentPostings {
  readonly #lists = new Map<number, Known>()

  /** The list that begins at a byte of the field's postings; undefined where it is not kept. */
  get(at: number): PostingsList | undefined {
    const found = this.#lists.get(at)
    if (found === undefined) return undefined
    known.delete(found)
    known.add(found)
    return found.list
  }

  add(at: number, list: PostingsList): void {
    if (list.docFreq < MIN_DOCS || list.byteLength > MAX_BYTES / 4 || this.#lists.has(at)) return
    const entry = { of: this.#lists, at, list }
    this.#lists.set(at, entry)
    known.add(entry)
    bytes += list.byteLength
    for (const oldest of known) {
      if (bytes <= MAX_BYTES) return
      known.delete(oldest)
      oldest.of.delete(oldest.at)
      bytes -= oldest.list.byteLength
    }
  }
}
