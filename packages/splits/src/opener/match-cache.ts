import { Cache, type Caches } from '@volley/kernels'

/** Lists above this share of a cache are not kept. */
const LARGEST = 1 / 32
/** Bytes that an entry has beside its documents, about. */
const ENTRY_BYTES = 256

/** Documents that matched text in open splits, last used ones; those of a split go when it is closed. */
export class MatchCache {
  readonly #lists: Cache<string, Uint32Array>
  #splits = 0

  /** `capacity` is in bytes. */
  constructor(caches: Caches, capacity: number) {
    this.#lists = new Cache(caches, { name: 'matching documents', capacity, largest: LARGEST })
  }

  get bytes(): number {
    return this.#lists.bytes
  }

  /** What one split that is opened has of it. */
  forSplit(): SplitMatches {
    return new SplitMatches(this.#lists, `${this.#splits++}/`)
  }

  clear(): void {
    this.#lists.clear()
  }
}

/** The part of a `MatchCache` that is of one opened split. */
export class SplitMatches {
  readonly #lists: Cache<string, Uint32Array>
  readonly #prefix: string

  /** `prefix` begins the keys of the split, and of no other. */
  constructor(lists: Cache<string, Uint32Array>, prefix: string) {
    this.#lists = lists
    this.#prefix = prefix
  }

  /** Not to be written to. */
  get(key: string): Uint32Array | null {
    return this.#lists.get(this.#prefix + key) ?? null
  }

  /** Keeps a copy: a list may be a part of a larger buffer. */
  add(key: string, docs: Uint32Array): void {
    const bytes = ENTRY_BYTES + docs.byteLength
    if (this.#lists.takes(bytes)) this.#lists.set(this.#prefix + key, docs.slice(), bytes)
  }

  forget(): void {
    this.#lists.forget((key) => key.startsWith(this.#prefix))
  }
}
