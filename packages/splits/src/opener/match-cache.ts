import { ByteCache } from './byte-cache.ts'

/** Lists above this share of a cache are not kept. */
const LARGEST = 1 / 32
/** Bytes that an entry has beside its documents, about. */
const ENTRY_BYTES = 256

/** Documents that matched text in open splits, last used ones; those of a split go when it is closed. */
export class MatchCache {
  readonly #lists: ByteCache<Uint32Array>

  /** `capacity` is in bytes. */
  constructor(capacity: number) {
    this.#lists = new ByteCache(capacity, LARGEST, ENTRY_BYTES)
  }

  get bytes(): number {
    return this.#lists.bytes
  }

  /** What one split that is opened has of it. */
  forSplit(): SplitMatches {
    return new SplitMatches(this.#lists)
  }

  clear(): void {
    this.#lists.clear()
  }
}

/** The part of a `MatchCache` that is of one opened split. */
export class SplitMatches {
  readonly #lists: ByteCache<Uint32Array>
  readonly #prefix: string

  constructor(lists: ByteCache<Uint32Array>) {
    this.#lists = lists
    this.#prefix = lists.newPrefix()
  }

  /** Not to be written to. */
  get(key: string): Uint32Array | null {
    return this.#lists.get(this.#prefix + key)
  }

  /** Keeps a copy: a list may be a part of a larger buffer. */
  add(key: string, docs: Uint32Array): void {
    this.#lists.add(this.#prefix + key, docs.byteLength, () => docs.slice())
  }

  forget(): void {
    this.#lists.forget(this.#prefix)
  }
}
