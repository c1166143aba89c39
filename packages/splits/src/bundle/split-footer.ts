import { SqlState, VolleyError } from '@volley/core'
import { type ObjectStore, StorageError } from '@volley/storage'
import { ByteReader } from './byte-reader.ts'

/** Where a file lies in its split: bytes [start, end) of the object. */
export interface BundledFile {
  readonly start: number
  readonly end: number
}

/** The end of a split: which files it bundles, and its hotcache. */
export interface SplitFooter {
  readonly files: ReadonlyMap<string, BundledFile>
  readonly hotcache: Uint8Array
  /** Offset of the footer in the object: the bodies end here. */
  readonly footerStart: number
  /** Whether the split ends in the 16-byte trailer. */
  readonly trailer: boolean
}

export const BUNDLE_MAGIC = 403_881_646
export const BUNDLE_VERSION = 1
export const TRAILER_MAGIC = 0x54465751 // `QWFT`, little-endian
const TRAILER_LENGTH = 16

/**
 * Reads the footer of a split (formats/quickwit-split.md §2): in one request when the metastore's `range` is given, else
 * by the split's size and its last bytes.
 *
 * @throws VolleyError `dataCorrupted` for bytes that are no footer, `undefinedFile` when there is no such object.
 */
export async function readSplitFooter(
  store: ObjectStore,
  path: string,
  range?: BundledFile,
  signal?: AbortSignal,
): Promise<SplitFooter> {
  try {
    if (range !== undefined) {
      return parseSplitFooter(await store.getRange(path, range.start, range.end, signal), range.start)
    }
    const size = await store.size(path, signal)
    const tail = await store.getRange(path, Math.max(0, size - TRAILER_LENGTH), size, signal)
    const start = await findFooterStart(store, path, size, tail, signal)
    return parseSplitFooter(await store.getRange(path, start, size, signal), start)
  } catch (error) {
    throw splitError(error, store.uri, path)
  }
}

async function findFooterStart(
  store: ObjectStore,
  path: string,
  size: number,
  tail: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (hasTrailer(tail)) return new ByteReader(tail, tail.length - TRAILER_LENGTH).u64()
  const hotcacheLength = new ByteReader(tail, Math.max(0, tail.length - 4)).u32()
  const lengthAt = size - 8 - hotcacheLength
  if (lengthAt < 0) throw new RangeError(`the hotcache would be ${hotcacheLength} of the file's ${size} bytes long`)
  const metadataLength = new ByteReader(await store.getRange(path, lengthAt, lengthAt + 4, signal)).u32()
  if (metadataLength > lengthAt) throw new RangeError(`the bundle metadata would be ${metadataLength} bytes long`)
  return lengthAt - metadataLength
}

/**
 * Parses the bytes from `footerStart` to the end of a split.
 *
 * @throws RangeError, SyntaxError for bytes that are no footer.
 */
export function parseSplitFooter(footer: Uint8Array, footerStart: number): SplitFooter {
  const trailer = hasTrailer(footer)
  const bytes = trailer ? footer.subarray(0, footer.length - TRAILER_LENGTH) : footer
  const { body: rest, block: hotcache } = lastBlock(bytes, 'hotcache')
  const { body: before, block: metadata } = lastBlock(rest, 'bundle metadata')
  if (before.length !== 0) throw new RangeError(`${before.length} bytes before the bundle metadata belong to nothing`)
  const reader = new ByteReader(metadata)
  const magic = reader.u32()
  if (magic !== BUNDLE_MAGIC) throw new RangeError(`the magic number of the bundle metadata is ${magic}`)
  const version = reader.u32()
  if (version !== BUNDLE_VERSION) throw new RangeError(`version ${version} of the bundle metadata is not known`)
  const json = JSON.parse(new TextDecoder().decode(reader.bytes(reader.remaining))) as {
    files?: Record<string, { start?: unknown; end?: unknown }>
  } | null
  if (typeof json?.files !== 'object' || json.files === null) throw new RangeError('the bundle metadata lists no files')
  const files = new Map<string, BundledFile>()
  for (const [name, range] of Object.entries(json.files)) {
    const { start, end } = range ?? {}
    if (!isOffset(start) || !isOffset(end) || start > end || end > footerStart) {
      throw new RangeError(`bundled file ${name} lies outside the split`)
    }
    files.set(name, { start, end })
  }
  return { files, hotcache, footerStart, trailer }
}

function isOffset(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function hasTrailer(bytes: Uint8Array): boolean {
  if (bytes.length < TRAILER_LENGTH) return false
  const reader = new ByteReader(bytes, bytes.length - 8)
  const version = reader.u32()
  if (reader.u32() !== TRAILER_MAGIC) return false
  if (version !== 1) throw new RangeError(`version ${version} of the split's trailer is not known`)
  return true
}

/** Cuts off a block that is followed by its length. */
function lastBlock(bytes: Uint8Array, what: string): { body: Uint8Array; block: Uint8Array } {
  if (bytes.length < 4) throw new RangeError(`the length of the ${what} is missing`)
  const end = bytes.length - 4
  const length = new ByteReader(bytes, end).u32()
  if (length > end) throw new RangeError(`the ${what} would be ${length} bytes long, of ${end}`)
  return { body: bytes.subarray(0, end - length), block: bytes.subarray(end - length, end) }
}

/**
 * What went wrong while a split was read, as one error that names the split and its file; errors that say so already,
 * and reasons of an abort, stay as they are.
 */
export function splitError(error: unknown, uri: string, path: string, file?: string): unknown {
  const split = path.replace(/^.*\//, '').replace(/\.split$/, '')
  const subject = { split, file: `${uri.replace(/\/$/, '')}/${path}` }
  if (error instanceof VolleyError) return error.about(subject)
  if (error instanceof StorageError) {
    if (error.kind === 'not_found') {
      return new VolleyError(`the file of split ${split} is not there: ${error.message}`, {
        ...subject,
        code: SqlState.undefinedFile,
        cause: error,
      })
    }
    if (error.kind === 'invalid_range' || error.kind === 'truncated') {
      return corrupted(split, error.message, subject, error)
    }
    return new VolleyError(`split ${split} cannot be read: ${error.message}`, {
      ...subject,
      code: SqlState.ioError,
      cause: error,
    })
  }
  if ((error as Error | undefined)?.name === 'UnsupportedIndexError') {
    return new VolleyError(`split ${split} cannot be read: ${(error as Error).message}`, {
      ...subject,
      code: SqlState.featureNotSupported,
      cause: error,
    })
  }
  const isData =
    error instanceof RangeError ||
    error instanceof SyntaxError ||
    (error as Error | undefined)?.name === 'IndexCorruptedError'
  if (!isData) return error
  return corrupted(split, `${file === undefined ? '' : `${file}: `}${(error as Error).message}`, subject, error)
}

function corrupted(split: string, why: string, subject: { split: string; file: string }, cause: unknown): VolleyError {
  return new VolleyError(`split ${split} is damaged: ${why}`, { ...subject, code: SqlState.dataCorrupted, cause })
}
