import { SqlState, VolleyError } from '@volley/core'
import protobuf, { type Reader, type Writer } from 'protobufjs/minimal.js'

/** A generated message class. */
export interface MessageType<Out, In> {
  encode(message: Out): Writer
  decode(reader: Reader | Uint8Array): In
}

/** Fields from this number on may be skipped by who does not know them. */
const FIRST_OPTIONAL_FIELD = 1000

/**
 * Decodes a message of a plan.
 *
 * @throws VolleyError (08P01) when the bytes are not one, or when it has a field numbered below 1000 that this version
 * does not know.
 */
export function decodeMessage<In>(type: MessageType<never, In>, bytes: Uint8Array, what: string): In {
  let message: In
  try {
    const reader = protobuf.Reader.create(bytes)
    reader.discardUnknown = false
    message = type.decode(reader)
  } catch (cause) {
    throw new VolleyError(`${what} cannot be decoded`, { code: SqlState.protocolViolation, cause })
  }
  checkUnderstood(message, what)
  return message
}

function checkUnderstood(value: unknown, what: string): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  const unknowns = (value as { $unknowns?: readonly Uint8Array[] }).$unknowns ?? []
  for (const raw of unknowns) {
    const field = fieldNumber(raw)
    if (field < FIRST_OPTIONAL_FIELD)
      throw malformed(`${what} has a field ${field} that this version does not understand`)
  }
  for (const child of Object.values(value)) checkUnderstood(child, what)
}

/** Of a field's raw bytes, which start with its tag. */
function fieldNumber(raw: Uint8Array): number {
  let tag = 0
  for (let i = 0; i < raw.length && i < 5; i++) {
    tag += (raw[i]! & 0x7f) * 2 ** (7 * i)
    if (raw[i]! < 0x80) break
  }
  return Math.floor(tag / 8)
}

/** An error for bytes that no encoder of this version makes. */
export function malformed(message: string): VolleyError {
  return new VolleyError(message, { code: SqlState.protocolViolation })
}

/** The value, when it is one of those allowed. @throws VolleyError that names it when it is not. */
export function oneOf<T extends string>(value: string | null | undefined, allowed: readonly T[], what: string): T {
  const found = allowed.find((each) => each === value)
  if (found === undefined) throw malformed(`${what} ${JSON.stringify(value ?? null)} is unknown to this version`)
  return found
}
