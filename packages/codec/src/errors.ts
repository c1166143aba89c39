import { SqlState, VolleyError, type ErrorSubject } from '@volley/core'
import { volley } from './generated/messages.js'

/**
 * Encodes an error. A VolleyError keeps its code, message and subject; of any other error a VolleyError is made first
 * (`toVolleyError`).
 */
export function encodeError(error: unknown): Uint8Array {
  const { code, message, subject, cause } = toVolleyError(error)
  return volley.codec.Error.encode({
    code,
    message,
    split: subject.split,
    file: subject.file,
    worker: subject.worker,
    line: subject.position?.line,
    column: subject.position?.column,
    hint: subject.hint,
    cause: cause instanceof Error ? cause.message : undefined,
  }).finish()
}

/** Decodes what `encodeError` made; what cannot be decoded becomes a VolleyError that says so. */
export function decodeError(bytes: Uint8Array): VolleyError {
  try {
    const wire = volley.codec.Error.decode(bytes)
    const subject: ErrorSubject = {
      ...(wire.split != null ? { split: wire.split } : {}),
      ...(wire.file != null ? { file: wire.file } : {}),
      ...(wire.worker != null ? { worker: wire.worker } : {}),
      ...(wire.line != null ? { position: { line: wire.line, column: wire.column ?? 1 } } : {}),
      ...(wire.hint != null ? { hint: wire.hint } : {}),
    }
    return new VolleyError(wire.message, {
      ...subject,
      code: /^[0-9A-Z]{5}$/.test(wire.code) ? wire.code : SqlState.internalError,
      ...(wire.cause != null ? { cause: new Error(wire.cause) } : {}),
    })
  } catch (cause) {
    return new VolleyError('a worker sent an error that cannot be decoded', { code: SqlState.protocolViolation, cause })
  }
}

/** The error itself when it is a VolleyError, else one whose code fits: out of memory, cancelled, or internal. */
export function toVolleyError(error: unknown): VolleyError {
  if (error instanceof VolleyError) return error
  if (!(error instanceof Error)) return new VolleyError(String(error), { code: SqlState.internalError })
  switch (error.name) {
    case 'ArenaExhaustedError':
      return new VolleyError(error.message, { code: SqlState.outOfMemory, cause: error })
    case 'AbortError':
      return new VolleyError('the query was cancelled', { code: SqlState.queryCanceled, cause: error })
    default:
      return new VolleyError(`internal error: ${error.message}`, { code: SqlState.internalError, cause: error })
  }
}
