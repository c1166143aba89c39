import { SqlState, VolleyError } from '@volley/core'
import { describe, expect, test } from 'vitest'
import { decodeError, encodeError } from '../src/index.ts'

describe('errors over the wire', () => {
  test('keep code, message, subject and cause', () => {
    const subject = {
      split: '01J',
      file: 's3://b/x.split',
      worker: 'h:1',
      position: { line: 2, column: 7 },
      hint: 'try again',
    }
    const error = new VolleyError('the split 01J is damaged', {
      ...subject,
      code: SqlState.dataCorrupted,
      cause: new Error('crc'),
    })
    const decoded = decodeError(encodeError(error))
    expect(decoded).toBeInstanceOf(VolleyError)
    expect([decoded.message, decoded.code, decoded.subject]).toEqual([error.message, error.code, subject])
    expect((decoded.cause as Error).message).toBe('crc')
    expect(decodeError(encodeError(new VolleyError('x', { code: SqlState.ioError }))).subject).toEqual({})
  })

  test('other errors get the code that fits', () => {
    const named = (name: string): Error => Object.assign(new Error('why'), { name })
    expect(decodeError(encodeError(named('ArenaExhaustedError'))).code).toBe(SqlState.outOfMemory)
    expect(decodeError(encodeError(named('AbortError'))).code).toBe(SqlState.queryCanceled)
    const internal = decodeError(encodeError(new TypeError('x is not a function')))
    expect([internal.code, internal.message]).toEqual([SqlState.internalError, 'internal error: x is not a function'])
    expect(decodeError(encodeError('text')).message).toBe('text')
  })

  test('bytes that are no error are an error too', () => {
    expect(decodeError(Uint8Array.of(0xff, 0xff)).code).toBe(SqlState.protocolViolation)
  })
})
