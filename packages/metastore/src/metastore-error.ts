/**
 * Why a metastore call failed. `invalid`: the request or URI makes no sense. `corrupted`: a file is not what it should
 * be. `failed_precondition`: something is not in the state that the change needs.
 */
export type MetastoreErrorKind =
  | 'not_found'
  | 'already_exists'
  | 'failed_precondition'
  | 'invalid'
  | 'corrupted'
  | 'forbidden'
  | 'unavailable'

/** Error of a metastore: one line that names the index, file or URI and says what to do. */
export class MetastoreError extends Error {
  readonly kind: MetastoreErrorKind

  constructor(kind: MetastoreErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'MetastoreError'
    this.kind = kind
  }
}
