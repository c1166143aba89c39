import { StorageError } from './storage-error.ts'

/**
 * Objects under one root, read by byte range. Paths are relative to the root, their steps parted by `/`; a path that
 * leaves the root is refused as `forbidden`. All methods reject with StorageError, or with the signal's reason.
 */
export interface ObjectStore {
  /** The root, without secrets: fit for messages and logs. */
  readonly uri: string
  /** Reads the bytes [start, end): exactly `end - start` of them, or an error. An empty range reads nothing. */
  getRange(path: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>
  /** Reads a whole object. */
  get(path: string, signal?: AbortSignal): Promise<Uint8Array>
  /** Size of an object in bytes. */
  size(path: string, signal?: AbortSignal): Promise<number>
  /** Writes a whole object; readers see the old bytes or the new ones, never a part. */
  put(path: string, bytes: Uint8Array): Promise<void>
  /** Removes an object; one that is not there is no error. */
  delete(path: string): Promise<void>
  /**
   * A string that changes whenever the object does (file identity and time of change, an ETag), or null when the store
   * cannot tell: a way to keep what was read.
   */
  version?(path: string, signal?: AbortSignal): Promise<string | null>
  /** Paths of all objects whose path starts with `prefix`, sorted. */
  list?(prefix: string): Promise<string[]>
}

/**
 * Checks that a path stays under its store's root.
 *
 * @throws StorageError `forbidden`.
 */
export function checkPath(uri: string, path: string): string {
  const bad =
    path === '' ||
    path.startsWith('/') ||
    path.includes('\0') ||
    path.includes('\\') ||
    path.split('/').some((step) => step === '..' || step === '.' || step === '')
  if (bad) throw new StorageError('forbidden', uri, path, 'the path does not stay under the root')
  return path
}

/**
 * Checks a byte range.
 *
 * @throws StorageError `invalid_range` unless 0 <= start <= end, both exact integers.
 */
export function checkRange(uri: string, path: string, start: number, end: number): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new StorageError('invalid_range', uri, path, `bytes ${start} to ${end} are no range`)
  }
}
