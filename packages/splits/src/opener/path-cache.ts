import type { Caches } from '@volley/kernels'
import type { BytesColumn } from '@volley/tantivy'
import { PathTexts } from './path-texts.ts'
import { SplitCache, type SplitPart } from './split-cache.ts'

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

/** What documents of open splits have at JSON paths: texts as far as documents were read, a column once all of a part of a segment were. */
export class PathCache extends SplitCache<Entry> {
  /** `capacity` is in bytes. */
  constructor(caches: Caches, capacity: number) {
    super(caches, { name: 'JSON paths', capacity, largest: LARGEST })
  }

  /** What one split that is opened has of it. */
  forSplit(): SplitPaths {
    return new SplitPaths(this.part())
  }
}

/** The part of a `PathCache` that is of one opened split. */
export class SplitPaths {
  readonly #kept: SplitPart<Entry>

  constructor(kept: SplitPart<Entry>) {
    this.#kept = kept
  }

  /** The column of a path of which all documents were read. */
  column(key: string): BytesColumn | null {
    return this.#kept.get(key)?.column ?? null
  }

  /** The texts that were read; those of `begin` where none were; null where they are too many to be kept. */
  texts(key: string, begin: () => PathTexts | null): PathTexts | null {
    const known = this.#kept.get(key)
    return known === undefined ? begin() : known.texts
  }

  /** Keeps texts with what was read by now, as a column of `numDocs` documents once that is everything. */
  keep(key: string, texts: PathTexts, numDocs: number): void {
    if (this.#kept.get(key)?.column != null) return
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
    this.#kept.set(key, isKept ? entry : REFUSED, isKept ? bytes : ENTRY_BYTES)
  }

  forget(): void {
    this.#kept.forget()
  }
}
