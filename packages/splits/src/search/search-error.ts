import { SqlState, VolleyError } from '@volley/core'

export type SearchErrorKind = 'not_found' | 'invalid_query' | 'invalid_argument' | 'invalid_aggregation' | 'internal'

const STATUS: Record<SearchErrorKind, number> = {
  not_found: 404,
  invalid_query: 400,
  invalid_argument: 400,
  invalid_aggregation: 400,
  internal: 500,
}
const PREFIX: Record<Exclude<SearchErrorKind, 'internal'>, string> = {
  not_found: '',
  invalid_query: '',
  invalid_argument: 'Invalid argument: ',
  invalid_aggregation: 'invalid aggregation request: ',
}

/** A search that is refused or fails, in the words of Quickwit's own answer. */
export class SearchError extends VolleyError {
  readonly kind: SearchErrorKind
  /** The HTTP status of the answer. */
  readonly status: number

  constructor(kind: SearchErrorKind, message: string, cause?: unknown) {
    super(kind === 'internal' ? `internal error: \`${message}\`` : `${PREFIX[kind]}${message}`, {
      code: kind === 'internal' ? SqlState.internalError : SqlState.invalidParameterValue,
      ...(cause !== undefined && { cause }),
    })
    this.kind = kind
    this.status = STATUS[kind]
  }
}
