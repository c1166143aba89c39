/** What an error is about; shown after the message and carried across workers. */
export interface ErrorSubject {
  /** Split id that the failing data came from. */
  readonly split?: string
  /** File, object or URI that was read. */
  readonly file?: string
  /** Worker (`host:port`) on which it happened. */
  readonly worker?: string
  /** Position in the SQL text: 1-based line and column. */
  readonly position?: { readonly line: number; readonly column: number }
  readonly hint?: string
}

export interface VolleyErrorOptions extends ErrorSubject {
  /** SQLSTATE, five characters (PostgreSQL, Appendix A). */
  readonly code: string
  readonly cause?: unknown
}

/**
 * Base of every error that a user can cause or must see. `message` is one lowercase line that names the thing and says
 * what to do; `code` is an SQLSTATE, and is what survives the wire.
 */
export class VolleyError extends Error {
  readonly code: string
  readonly subject: ErrorSubject

  constructor(message: string, options: VolleyErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'VolleyError'
    this.code = options.code
    const { code: _code, cause: _cause, ...subject } = options
    this.subject = subject
  }

  /** The same error with more about where it happened; what was known before wins. */
  about(subject: ErrorSubject): VolleyError {
    const error = new VolleyError(this.message, { ...subject, ...this.subject, code: this.code, cause: this.cause })
    error.stack = this.stack ?? ''
    return error
  }
}

/** SQLSTATEs in use. */
export const SqlState = {
  connectionFailure: '08006',
  featureNotSupported: '0A000',
  cardinalityViolation: '21000',
  dataException: '22000',
  numericValueOutOfRange: '22003',
  divisionByZero: '22012',
  invalidDatetimeFormat: '22007',
  datetimeFieldOverflow: '22008',
  invalidTextRepresentation: '22P02',
  invalidParameterValue: '22023',
  invalidRegularExpression: '2201B',
  invalidJson: '22032',
  syntaxError: '42601',
  ambiguousColumn: '42702',
  undefinedColumn: '42703',
  undefinedTable: '42P01',
  undefinedFunction: '42883',
  undefinedObject: '42704',
  duplicateAlias: '42712',
  groupingError: '42803',
  datatypeMismatch: '42804',
  cannotCoerce: '42846',
  outOfMemory: '53200',
  statementTooComplex: '54001',
  queryCanceled: '57014',
  workerLost: '57P03',
  ioError: '58030',
  undefinedFile: '58P01',
  snapshotExpired: '72000',
  dataCorrupted: 'XX001',
  internalError: 'XX000',
  protocolViolation: '08P01',
} as const

export function notSupported(what: string, hint?: string): VolleyError {
  return new VolleyError(`${what} is not supported`, { code: SqlState.featureNotSupported, ...(hint ? { hint } : {}) })
}

export function internalError(message: string): VolleyError {
  return new VolleyError(`internal error: ${message}`, { code: SqlState.internalError })
}
