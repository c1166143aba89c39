import type { Caches } from '@volley/kernels'
import { SplitCache, type SplitPart } from './split-cache.ts'

/** Lists above this share of a cache are not kept. */
const LARGEST = 1 / 32
/** Bytes that an entry has beside its documents, about. */
const ENTRY_BYTES = 256

/** Documents that matched text in open splits. */
export class MatchCache extends SplitCache<Uint32Array> {
  /** `capacity` is in bytes. */
  constructor(caches: Caches, capacity: number) {
    super(caches, { name: 'matching documents', capacity, largest: LARGEST })
  }

  /** What one split that is opened has of it. */
  forSplit(): SplitMatches {
    return new SplitMatches(this.part())
  }
}

/** The part of a `MatchCache` that is of one opened split. */
export class SplitMatches {
  readonly #lists: SplitPart<Uint32Array>

  constructor(lists: SplitPart<Uint32Array>) {
    this.#lists = lists
  }

  /** Not to be written to. */
  get(key: string): Uint32Array | null {
    return this.#lists.get(key) ?? null
  }

  /** Keeps a copy: a list may be a part of a larger buffer. */
  add(key: string, docs: Uint32Array): void {
    const bytes = ENTRY_BYTES + docs.byteLength
    if (this.#lists.takes(bytes)) this.#lists.set(key, docs.slice(), bytes)
  }

  forget(): void {
    this.#lists.forget()
  }
}
