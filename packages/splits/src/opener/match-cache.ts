/** Lists above this share of a cache are not kept. */
const LARGEST = 1 / 32
/** Bytes that an entry has beside its documents, about. */
const ENTRY_BYTES = 256

/**
 * Documents that matched text in open splits, last used ones. Splits never change, so neither do the documents that a query
 * finds in one; those of a split go when it is closed.
 */
export class MatchCache {
  readonly #capacity: number
  /** By recency, oldest first. */
  readonly #lists = new Map<string, Uint32Array>()
  #splits = 0
  #bytes = 0

  /** `capacity` is in bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get bytes(): number {
    return this.#bytes
  }

  /** What one split that is opened has of it. */
  forSplit(): SplitMatches {
    return new SplitMatches(this, `${this.#splits++}/`)
  }

  get(key: string): Uint32Array | null {
    const docs = this.#lists.get(key)
    if (docs === undefined) return null
    this.#lists.delete(key)
    this.#lists.set(key, docs)
    return docs
  }

  add(key: string, docs: Uint32Array): void {
    const bytes = ENTRY_BYTES + docs.byteLength
    if (bytes > this.#capacity * LARGEST || this.#lists.has(key)) return
    // A list may be a part of a larger buffer.
    this.#lists.set(key, docs.slice())
    this.#bytes += bytes
    for (const oldest of this.#lists.keys()) {
      if (this.#bytes <= this.#capacity) break
      this.#delete(oldest)
    }
  }

  /** Forgets what keys that begin so have. */
  forget(prefix: string): void {
    for (const key of this.#lists.keys()) if (key.startsWith(prefix)) this.#delete(key)
  }

  clear(): void {
    this.#lists.clear()
    this.#bytes = 0
  }

  #delete(key: string): void {
    this.#bytes -= ENTRY_BYTES + this.#lists.get(key)!.byteLength
    this.#lists.delete(key)
  }
}

/** The part of a `MatchCache` that is of one opened split. */
export class SplitMatches {
  readonly #cache: MatchCache
  readonly #prefix: string

  constructor(cache: MatchCache, prefix: string) {
    this.#cache = cache
    this.#prefix = prefix
  }

  /** Not to be written to. */
  get(key: string): Uint32Array | null {
    return this.#cache.get(this.#prefix + key)
  }

  add(key: string, docs: Uint32Array): void {
    this.#cache.add(this.#prefix + key, docs)
  }

  forget(): void {
    this.#cache.forget(this.#prefix)
  }
}
