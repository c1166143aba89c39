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
  readonly bytes: number
}

/** A path whose texts are too many to be kept. */
const REFUSED: Entry = { texts: null, column: null, bytes: ENTRY_BYTES }

/**
 * What documents of open splits have at JSON paths, of those used last: texts as far as documents were read, and a column once
 * all of a part of a segment were. Splits never change, so neither does what was read of them.
 */
export class PathCache {
  readonly #capacity: number
  /** By recency, oldest first. */
  readonly #kept = new Map<string, Entry>()
  #bytes = 0
  #prefixes = 0

  /** `capacity` is in bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get bytes(): number {
    return this.#bytes
  }

  /** What one split that is opened has of it. */
  forSplit(): SplitPaths {
    return new SplitPaths(this, `${this.#prefixes++}/`)
  }

  clear(): void {
    this.#kept.clear()
    this.#bytes = 0
  }

  get(key: string): Entry | null {
    const entry = this.#kept.get(key)
    if (entry === undefined) return null
    this.#kept.delete(key)
    this.#kept.set(key, entry)
    return entry
  }

  set(key: string, entry: Omit<Entry, 'bytes'>, size: number): void {
    this.#delete(key)
    const bytes = ENTRY_BYTES + size
    const kept = bytes > this.#capacity * LARGEST ? REFUSED : { ...entry, bytes }
    this.#kept.set(key, kept)
    this.#bytes += kept.bytes
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#capacity) break
      this.#delete(oldest)
    }
  }

  forget(prefix: string): void {
    for (const key of this.#kept.keys()) if (key.startsWith(prefix)) this.#delete(key)
  }

  #delete(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0
    this.#kept.delete(key)
  }
}

/** The part of a `PathCache` that is of one opened split. */
export class SplitPaths {
  readonly #cache: PathCache
  readonly #prefix: string

  constructor(cache: PathCache, prefix: string) {
    this.#cache = cache
    this.#prefix = prefix
  }

  /** The column of a path of which all documents were read. */
  column(key: string): BytesColumn | null {
    return this.#cache.get(this.#prefix + key)?.column ?? null
  }

  /** The texts that were read; those of `begin` where none were; null where they are too many to be kept. */
  texts(key: string, begin: () => PathTexts | null): PathTexts | null {
    const known = this.#cache.get(this.#prefix + key)
    return known === null ? begin() : known.texts
  }

  /** Keeps texts with what was read by now, as a column of `numDocs` documents once that is everything. */
  keep(key: string, texts: PathTexts, numDocs: number): void {
    if (this.#cache.get(this.#prefix + key)?.column != null) return
    if (!texts.isWhole) {
      this.#cache.set(this.#prefix + key, { texts, column: null }, texts.size)
      return
    }
    const { column, bytes } = texts.column(numDocs)
    this.#cache.set(this.#prefix + key, { texts: null, column }, bytes)
  }

  forget(): void {
    this.#cache.forget(this.#prefix)
  }
}
