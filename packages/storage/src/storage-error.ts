/**
 * Why a read or write failed. `not_found`: no such object. `forbidden`: refused by the store, or a path that leaves the
 * root. `unavailable`: failed after retries, may work later. `invalid_range`: the range is not inside the object.
 * `truncated`: fewer bytes came than the object has.
 */
export type StorageErrorKind = 'not_found' | 'forbidden' | 'unavailable' | 'invalid_range' | 'truncated'

const SAYS: Record<StorageErrorKind, string> = {
  not_found: 'not found',
  forbidden: 'access refused',
  unavailable: 'unavailable',
  invalid_range: 'range outside the object',
  truncated: 'truncated answer',
}

/** Error of an object store; `uri` is the store's root without secrets, `path` the object under it. */
export class StorageError extends Error {
  readonly kind: StorageErrorKind
  readonly uri: string
  readonly path: string

  constructor(kind: StorageErrorKind, uri: string, path: string, detail?: string, cause?: unknown) {
    const object = path === '' ? uri : `${uri.replace(/\/$/, '')}/${path}`
    super(`${object}: ${SAYS[kind]}${detail ? ` (${detail})` : ''}`, cause === undefined ? undefined : { cause })
    this.name = 'StorageError'
    this.kind = kind
    this.uri = uri
    this.path = path
  }
}
