import { SqlState, VolleyError } from '@volley/core'
import { Cache, Caches } from '@volley/kernels'
import type { ObjectStore, StoreResolver } from '@volley/storage'
import { type Directory, type Index, openIndex } from '@volley/tantivy'
import { BundleDirectory } from '../bundle/bundle-directory.ts'
import { splitError } from '../bundle/split-footer.ts'
import { parseSplitFields, type SplitFieldsEntry } from '../bundle/split-fields.ts'
import type { SplitRef } from '../layout/layout.ts'
import { MatchCache, type SplitMatches } from './match-cache.ts'
import { PathCache, type SplitPaths } from './path-cache.ts'
import { RangeCache } from './range-cache.ts'
import { TermCache } from './term-cache.ts'

/** Decompresses one zstd frame into exactly `length` bytes. */
export type ZstdDecompress = (frame: Uint8Array, length: number) => Uint8Array

export interface SplitIndexOpenerOptions {
  readonly resolver: StoreResolver
  /** URIs under which splits may be opened; every URI when absent. */
  readonly allowedRoots?: readonly string[]
  /** What all that is kept is counted with: an executor's; its own by default. */
  readonly caches?: Caches
  /** Bytes that splits which stay open may hold, their footers and the columns that were read of them: 512 MiB. */
  readonly openBytes?: number
  /** Bytes of what was read of splits, postings and blocks of terms and documents, that are kept: 64 MiB. */
  readonly cacheBytes?: number
  /** Bytes of lists of documents that matched text which are kept: 16 MiB. */
  readonly matchBytes?: number
  /** Bytes of decoded dictionaries of text columns that are kept: 256 MiB. */
  readonly termBytes?: number
  /** Bytes of texts at JSON paths, as they were read from documents, that are kept: 64 MiB. */
  readonly pathBytes?: number
  readonly zstdDecompress?: ZstdDecompress
  /** Wraps each store, as tests do to count or delay reads. */
  readonly wrapStore?: (store: ObjectStore) => ObjectStore
}

/** About what the objects of an open split take, and those of each segment. */
const SPLIT_BYTES = 16 * 1024
const SEGMENT_BYTES = 16 * 1024
const OPEN_BYTES = 512 * 1024 ** 2
const CACHE_BYTES = 64 * 1024 ** 2
const MATCH_BYTES = 16 * 1024 ** 2
const TERM_BYTES = 256 * 1024 ** 2
const PATH_BYTES = 64 * 1024 ** 2

/** An opened split: its index, ready to be searched. */
export class SplitIndex {
  readonly ref: SplitRef
  readonly directory: BundleDirectory
  readonly index: Index
  /** Documents that matched text in it. */
  readonly matches: SplitMatches
  /** Texts at JSON paths of its documents. */
  readonly paths: SplitPaths
  /** Terms of its text columns, kept with those of other splits. */
  readonly terms: TermCache
  readonly #options: SplitIndexOpenerOptions

  constructor(
    ref: SplitRef,
    directory: BundleDirectory,
    index: Index,
    matches: SplitMatches,
    paths: SplitPaths,
    terms: TermCache,
    options: SplitIndexOpenerOptions,
  ) {
    this.ref = ref
    this.directory = directory
    this.index = index
    this.matches = matches
    this.paths = paths
    this.terms = terms
    this.#options = options
  }

  /** An error of reading this split, as one that names it; others stay as they are. */
  errorAbout(error: unknown): unknown {
    return splitError(error, this.directory.uri, this.directory.path)
  }

  /** The same index, its files read through another directory. */
  over(directory: Directory): Promise<Index> {
    const { zstdDecompress } = this.#options
    return openIndex(directory, zstdDecompress ? { zstdDecompress } : {})
  }

  /** Which fields and JSON paths the split has, with their types; null when it does not say. */
  async splitFields(signal?: AbortSignal): Promise<readonly SplitFieldsEntry[] | null> {
    if (!this.directory.has('split_fields')) return null
    const length = this.directory.length('split_fields')
    const bytes = await this.directory.read('split_fields', 0, length, signal)
    try {
      return parseSplitFields(bytes, this.#options.zstdDecompress)
    } catch (error) {
      throw splitError(error, this.directory.uri, this.directory.path, 'split_fields')
    }
  }
}

/**
 * Opens splits and keeps the last ones open, as many as their bytes allow. Opening costs one request where the split's hotcache covers what an index
 * reads when it is opened. Two calls for one split share the work; an abort of one does not disturb the other.
 */
export class SplitIndexOpener {
  readonly #options: SplitIndexOpenerOptions
  readonly #caches: Caches
  readonly #open: Cache<string, Opening>
  readonly #ranges: RangeCache
  readonly #matches: MatchCache
  readonly #terms: TermCache
  readonly #paths: PathCache

  constructor(options: SplitIndexOpenerOptions) {
    const caches = options.caches ?? new Caches()
    this.#options = options
    this.#caches = caches
    this.#open = new Cache(caches, {
      name: 'open splits',
      capacity: options.openBytes ?? OPEN_BYTES,
      dropped({ index }) {
        index?.matches.forget()
        index?.paths.forget()
      },
    })
    this.#ranges = new RangeCache(caches, options.cacheBytes ?? CACHE_BYTES)
    this.#matches = new MatchCache(caches, options.matchBytes ?? MATCH_BYTES)
    this.#terms = new TermCache(caches, options.termBytes ?? TERM_BYTES)
    this.#paths = new PathCache(caches, options.pathBytes ?? PATH_BYTES)
  }

  /**
   * @throws VolleyError `invalidParameterValue` for a URI outside the allowed roots, `undefinedFile` when the split's object
   * is gone, `dataCorrupted` when it is damaged.
   */
  async open(split: SplitRef, signal?: AbortSignal): Promise<SplitIndex> {
    signal?.throwIfAborted()
    const key = keyOf(split)
    const opening = this.#open.get(key) ?? this.#start(key, split)
    if (opening.index !== null) return opening.index
    return signal === undefined ? opening.reading : abortable(opening.reading, signal)
  }

  /** A split that is open, as one that was used now; null for others. */
  opened(split: SplitRef): SplitIndex | null {
    return this.#open.get(keyOf(split))?.index ?? null
  }

  #start(key: string, split: SplitRef): Opening {
    const isOpen = (): boolean => this.#open.peek(key) === opening
    const reading = this.#read(split, (bytes) => {
      opening.bytes += bytes
      if (isOpen()) this.#open.resize(key, opening.bytes)
    })
    const opening: Opening = { reading, index: null, bytes: 0 }
    this.#open.set(key, opening, 0)
    reading.then(
      (index) => (opening.index = index),
      () => isOpen() && this.#open.delete(key),
    )
    return opening
  }

  /** Whether a split is open, or being opened. */
  isOpen(split: SplitRef): boolean {
    return this.#open.peek(keyOf(split)) !== undefined
  }

  /** Number of splits that are open. */
  get size(): number {
    return this.#open.size
  }

  /** Bytes that open splits hold, more or less. */
  get bytes(): number {
    return this.#open.bytes
  }

  /** Forgets all splits. */
  close(): void {
    this.#open.clear()
    this.#ranges.clear()
    this.#matches.clear()
    this.#terms.clear()
    this.#paths.clear()
  }

  async #read(split: SplitRef, hold: (bytes: number) => void): Promise<SplitIndex> {
    this.#checkRoot(split)
    const { resolver, wrapStore, zstdDecompress } = this.#options
    const resolved = resolver.resolve(split.indexUri)
    const store = wrapStore ? wrapStore(resolved) : resolved
    const path = `${split.splitId}.split`
    const range = split.footerEnd > split.footerStart ? { start: split.footerStart, end: split.footerEnd } : undefined
    try {
      const directory = await BundleDirectory.open(store, path, range, this.#ranges, hold)
      const index = await openIndex(directory, { ...(zstdDecompress ? { zstdDecompress } : {}), caches: this.#caches })
      hold(directory.footer.hotcache.length + SPLIT_BYTES + SEGMENT_BYTES * index.segments.length)
      const [matches, paths] = [this.#matches.forSplit(), this.#paths.forSplit()]
      return new SplitIndex(split, directory, index, matches, paths, this.#terms, this.#options)
    } catch (error) {
      throw explained(splitError(error, store.uri, path), split)
    }
  }

  #checkRoot(split: SplitRef): void {
    const { allowedRoots } = this.#options
    if (allowedRoots === undefined || allowedRoots.some((root) => isUnder(split.indexUri, root))) return
    throw new VolleyError(
      `split ${split.splitId} lies under ${split.indexUri}, which is not among the roots that may be opened`,
      {
        code: SqlState.invalidParameterValue,
        split: split.splitId,
        hint: 'add its root to the roots of this worker',
      },
    )
  }
}

/** A split that is open, or being opened. */
interface Opening {
  readonly reading: Promise<SplitIndex>
  index: SplitIndex | null
  bytes: number
}

function keyOf(split: SplitRef): string {
  return `${split.indexUri}\0${split.splitId}`
}

/** Whether a URI is a root or lies below it; steps that climb are never below. */
export function isUnder(uri: string, root: string): boolean {
  const plain = (text: string): string => normalizeUri(text).replace(/\/+$/, '')
  const under = plain(uri)
  if (under.split('/').includes('..')) return false
  return under === plain(root) || under.startsWith(`${plain(root)}/`)
}

function normalizeUri(uri: string): string {
  const path = /^([A-Za-z][A-Za-z0-9+.-]+):/.test(uri) ? uri : `file://${uri}`
  if (!path.startsWith('file://')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Adds what to do when splits are looked for under a placeholder, as in a metastore that was copied. */
function explained(error: unknown, split: SplitRef): unknown {
  if (!(error instanceof VolleyError) || error.code !== SqlState.undefinedFile) return error
  const placeholder = /^file:\/\/\/([A-Z][A-Z0-9_]+)\//.exec(split.indexUri)?.[1]
  if (placeholder === undefined) return error
  return new VolleyError(
    `split ${split.splitId} is looked for under ${split.indexUri}, whose root ${placeholder} is a placeholder: the metastore was copied`,
    {
      code: error.code,
      ...error.subject,
      hint: `put the real directory into index_uri of each metastore.json (install.sh of the fixtures does it)`,
      cause: error,
    },
  )
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
