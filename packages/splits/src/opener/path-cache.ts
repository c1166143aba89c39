import { Cache, type Caches } from '@volley/kernels'
import type { BytesColumn } from '@volley/tantivy'
import { PathTexts } from './path-texts.ts'

/** What would take more than this share of a cache is not kept. */
const LARGEST = 1 / 4
/** Bytes that an entry has beside its texts, about. */
const ENTRY_BYTES = 512

interface Entry {
  /** While documents are left to be read. */
  readonly texts: PathTexts | null
  readonly column: BytesColumn | null
}

/** A path whose texts are too many to be kept. */
const REFUSED: Entry = { texts: null, column: null }

/**
 * What documents of open splits have at JSON paths, of those used last: texts as far as documents were read, and a column once
 * all of a part of a segment were. Splits never change, so neither does what was read of them.
 */
export class PathCache {
  readonly #kept: Cache<string, Entry>
  #splits = 0

  /** `capacity` is in bytes. */
  constructor(caches: Caches, capacity: number) {
    this.#kept = new Cache(caches, { name: 'JSON paths', capacity, largest: LARGEST })
  }

  get bytes(): number {
    return this.#kept.bytes
  }

  /** What one split that is opened has of it. */
  forSplit(): SplitPaths {
    return new SplitPaths(this.#kept, `${this.#splits++}/`)
  }

  clear(): void {
    this.#kept.clear()
  }
}

/** The part of a `PathCache` that is of one opened split. */
export class SplitPaths {
  readonly #kept: Cache<string, Entry>
  readonly #prefix: string

  /** `prefix` begins the keys of the split, and of no other. */
  constructor(kept: Cache<string, Entry>, prefix: string) {
    this.#kept = kept
    this.#prefix = prefix
  }

  /** The column of a path of which all documents were read. */
  column(key: string): BytesColumn | null {
    return this.#kept.get(this.#prefix + key)?.column ?? null
  }

  /** The texts that were read; those of `begin` where none were; null where they are too many to be kept. */
  texts(key: string, begin: () => PathTexts | null): PathTexts | null {
    const known = this.#kept.get(this.#prefix + key)
    return known === undefined ? begin() : known.texts
  }

  /** Keeps texts with what was read by now, as a column of `numDocs` documents once that is everything. */
  keep(key: string, texts: PathTexts, numDocs: number): void {
    if (this.#kept.get(this.#prefix + key)?.column != null) return
    if (!texts.isWhole) {
      this.#set(key, { texts, column: null }, texts.size)
      return
    }
    const { column, bytes } = texts.column(numDocs)
    this.#set(key, { texts: null, column }, bytes)
  }

  #set(key: string, entry: Entry, size: number): void {
    const bytes = ENTRY_BYTES + size
    const isKept = this.#kept.takes(bytes)
    this.#kept.set(this.#prefix + key, isKept ? entry : REFUSED, isKept ? bytes : ENTRY_BYTES)
  }

  forget(): void {
    this.#kept.forget((key) => key.startsWith(this.#prefix))
  }
}
