import type { ObjectStore } from '@volley/storage'
import type { Directory } from '@volley/tantivy'
import { Hotcache } from '../hotcache/hotcache.ts'
import type { RangeCache } from '../opener/range-cache.ts'
import { type SplitFooter, readSplitFooter, splitError } from './split-footer.ts'

/** What a column takes with the zones that may be made of it. */
const WITH_ZONES = 9 / 8

/**
 * The files of a split as a directory of tantivy's: from the hotcache where one slice of it holds what is asked for, from
 * what was read before where it is kept, else by a ranged read of the split. A file that is bundled but not in the hotcache
 * exists here.
 */
export class BundleDirectory implements Directory {
  readonly path: string
  readonly footer: SplitFooter
  readonly #store: ObjectStore
  readonly #hotcache: Hotcache
  readonly #cache: RangeCache | null
  /** Begins the keys of this split's ranges in the cache. */
  readonly #prefix: string
  readonly #held: (bytes: number) => void
  readonly #columns: Set<string> = new Set()

  /** `held` is told of bytes that stay with what is open: columns that were read, and what is made of files. */
  constructor(
    store: ObjectStore,
    path: string,
    footer: SplitFooter,
    cache: RangeCache | null = null,
    held: (bytes: number) => void = () => {},
  ) {
    this.#store = store
    this.#cache = cache
    this.#held = held
    this.#prefix = cache?.newPrefix() ?? ''
    this.path = path
    this.footer = footer
    try {
      this.#hotcache = Hotcache.parse(footer.hotcache)
    } catch (error) {
      throw splitError(error, store.uri, path)
    }
  }

  /** Opens a split: one request when the range of its footer is known. */
  static async open(
    store: ObjectStore,
    path: string,
    range?: { readonly start: number; readonly end: number },
    cache: RangeCache | null = null,
    held?: (bytes: number) => void,
  ): Promise<BundleDirectory> {
    return new BundleDirectory(store, path, await readSplitFooter(store, path, range), cache, held)
  }

  /** Root of the store that the split is in. */
  get uri(): string {
    return this.#store.uri
  }

  list(): readonly string[] {
    return [...this.footer.files.keys()]
  }

  has(name: string): boolean {
    return this.footer.files.has(name) || this.#hotcache.length(name) !== null
  }

  length(name: string): number {
    const file = this.footer.files.get(name)
    const length = file ? file.end - file.start : this.#hotcache.length(name)
    if (length === null) throw this.#missing(name)
    return length
  }

  peek(name: string, start: number, end: number): Uint8Array | null {
    return this.#hotcache.peek(name, start, end) ?? this.#cache?.get(this.#key(name, start, end)) ?? null
  }

  async read(name: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    const cached = this.peek(name, start, end)
    if (cached !== null) return cached
    const file = this.footer.files.get(name)
    if (file === undefined) throw this.#missing(name)
    if (start < 0 || end < start || file.start + end > file.end) {
      const why = new RangeError(`bytes ${start} to ${end} of a file of ${file.end - file.start} are asked for`)
      throw splitError(why, this.#store.uri, this.path, name)
    }
    try {
      const bytes = await this.#store.getRange(this.path, file.start + start, file.start + end, signal)
      const key = this.#key(name, start, end)
      this.#cache?.add(key, bytes)
      if (name.endsWith('.fast') && !this.#columns.has(key)) {
        this.#columns.add(key)
        this.held(Math.ceil(bytes.length * WITH_ZONES))
      }
      return bytes
    } catch (error) {
      throw splitError(error, this.#store.uri, this.path, name)
    }
  }

  held(bytes: number): void {
    this.#held(bytes)
  }

  #key(name: string, start: number, end: number): string {
    return `${this.#prefix}${name}/${start}-${end}`
  }

  #missing(name: string): unknown {
    return splitError(new RangeError('the split has no such file'), this.#store.uri, this.path, name)
  }
}
