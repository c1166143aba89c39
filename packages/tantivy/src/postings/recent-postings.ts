import type { Cache, CacheOptions, Caches } from '@volley/kernels'
import type { PostingsList } from './postings-list.ts'

/** Lists of fewer documents are decoded again: that costs little. */
const MIN_DOCS = 1024

interface Place {
  readonly lists: Map<number, PostingsList>
  readonly at: number
}

const POSTINGS: CacheOptions<PostingsList, Place> = {
  name: 'postings',
  capacity: 16 * 1024 * 1024,
  largest: 1 / 4,
  dropped: ({ lists, at }) => lists.delete(at),
}

/**
 * The lists of frequent terms of one field that were decoded last: their skip lists, and their blocks as words. Those of all
 * fields share a bound.
 */
export class RecentPostings {
  readonly #lists = new Map<number, PostingsList>()
  readonly #kept: Cache<PostingsList, Place>

  constructor(caches: Caches) {
    this.#kept = caches.shared(POSTINGS)
  }

  /** The list that begins at a byte of the field's postings; undefined where it is not kept. */
  get(at: number): PostingsList | undefined {
    const list = this.#lists.get(at)
    if (list !== undefined) this.#kept.get(list)
    return list
  }

  add(at: number, list: PostingsList): void {
    if (list.docFreq < MIN_DOCS || this.#lists.has(at)) return
    this.#lists.set(at, list)
    this.#kept.set(list, { lists: this.#lists, at }, list.byteLength)
  }
}
