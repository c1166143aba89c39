import { type DatePrecision, encodeJsonPath, type FieldEntry, mapF64, mapI64 } from '@volley/tantivy'
import { parseRfc3339 } from '../mapping/datetime-formats.ts'
import { parseInstant } from './datetime-literal.ts'
import { bytesFromBase64, bytesFromHex, bytesToText, ipFromText } from '../mapping/value-text.ts'

const I64_MIN = -(1n << 63n)
const I64_MAX = (1n << 63n) - 1n
const U64_MAX = (1n << 64n) - 1n
const SECOND = 1_000_000_000n
const encoder: TextEncoder = new TextEncoder()

export type TypedValue =
  | { readonly type: 'u64' | 'i64' | 'date' | 'ip'; readonly value: bigint }
  | { readonly type: 'f64'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'bytes'; readonly value: Uint8Array }

/**
 * Reads query text as a value of a field's type; null when it is none. Dates keep their nanoseconds here, and lose them in
 * a term.
 */
export function parseValue(text: string, type: FieldEntry['type']): TypedValue | null {
  switch (type) {
    case 'u64':
      return whole(text, 'u64', 0n, U64_MAX)
    case 'i64':
    case 'tie_breaker':
      return whole(text, 'i64', I64_MIN, I64_MAX)
    case 'f64': {
      const value = number(text)
      return value === null ? null : { type: 'f64', value }
    }
    case 'bool':
      return text === 'true' || text === 'false' ? { type: 'bool', value: text === 'true' } : null
    case 'date': {
      const value = parseInstant(text)
      return value === null ? null : { type: 'date', value }
    }
    case 'ip_addr': {
      const value = ipFromText(text)
      return value === null ? null : { type: 'ip', value }
    }
    case 'bytes': {
      const value = text.startsWith('!') ? fromBase64(text.slice(1)) : (bytesFromHex(text) ?? fromBase64(text))
      return value === null ? null : { type: 'bytes', value }
    }
    default:
      return null
  }
}

/** Reads base64 whose last character has no bits to spare. */
function fromBase64(text: string): Uint8Array | null {
  const bytes = bytesFromBase64(text)
  return bytes === null || bytesToText(bytes, 'base64').replace(/=+$/, '') !== text.replace(/=+$/, '') ? null : bytes
}

/** The typed value that a bare word on a JSON path also stands for: date, integer, float or bool, the first that it is. */
export function parseJsonValue(text: string): TypedValue | null {
  const date = parseRfc3339(text)
  if (date !== null) return { type: 'date', value: date }
  const integer = whole(text, 'i64', I64_MIN, I64_MAX) ?? whole(text, 'u64', 0n, U64_MAX)
  if (integer !== null) return integer
  const float = number(text)
  if (float !== null) return jsonNumber(float)
  return parseValue(text, 'bool')
}

/** Whole floats are indexed as integers (formats/tantivy.md §4.5). */
function jsonNumber(value: number): TypedValue {
  if (!Number.isInteger(value)) return { type: 'f64', value }
  const integer = BigInt(value)
  if (integer >= I64_MIN && integer <= I64_MAX) return { type: 'i64', value: integer }
  return integer > 0n && integer <= U64_MAX ? { type: 'u64', value: integer } : { type: 'f64', value }
}

/** Reads a decimal number, or null; no infinities. */
export function number(text: string): number | null {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return null
  const value = Number(text)
  return Number.isFinite(value) ? value : null
}

function whole(text: string, type: 'u64' | 'i64', min: bigint, max: bigint): TypedValue | null {
  if (!/^[+-]?\d+$/.test(text)) return null
  const value = BigInt(text.replace('+', ''))
  return value >= min && value <= max ? { type, value } : null
}

/** The order-preserving unsigned form of a value (formats/tantivy.md §1.1). */
export function orderedBits(value: Exclude<TypedValue, { type: 'bytes' }>): bigint {
  switch (value.type) {
    case 'u64':
    case 'ip':
      return value.value
    case 'i64':
    case 'date':
      return mapI64(value.value)
    case 'bool':
      return value.value ? 1n : 0n
    case 'f64':
      return mapF64(value.value)
  }
}

const UNITS: Record<DatePrecision, bigint> = {
  seconds: SECOND,
  milliseconds: 1_000_000n,
  microseconds: 1000n,
  nanoseconds: 1n,
}

/** An instant cut to a precision, towards zero. */
export function truncated(nanos: bigint, precision: DatePrecision): bigint {
  const unit = UNITS[precision]
  return (nanos / unit) * unit
}

/** The term of a value; dates are cut to whole seconds (formats/tantivy.md §4.4). */
export function termOf(value: TypedValue): Uint8Array {
  if (value.type === 'bytes') return value.value
  const indexed = value.type === 'date' ? { type: 'date' as const, value: (value.value / SECOND) * SECOND } : value
  const term = new Uint8Array(value.type === 'ip' ? 16 : 8)
  let bits = orderedBits(indexed)
  for (let k = term.length - 1; k >= 0; k--) {
    term[k] = Number(bits & 255n)
    bits >>= 8n
  }
  return term
}

export function textTerm(text: string): Uint8Array {
  return encoder.encode(text)
}

const TYPE_CODES: Record<string, string> = { i64: 'i', u64: 'u', f64: 'f', bool: 'o', date: 'd', str: 's' }

/**
 * What the terms of one type at a JSON path start with (formats/tantivy.md §4.5): with `expandDots`, dots inside a key part
 * two steps.
 */
export function jsonTermPrefix(path: readonly string[], expandDots: boolean, type: string): Uint8Array {
  return encoder.encode(`${encodeJsonPath(path, expandDots)}\0${TYPE_CODES[type]}`)
}

export function jsonTerm(prefix: Uint8Array, value: Uint8Array): Uint8Array {
  const term = new Uint8Array(prefix.length + value.length)
  term.set(prefix)
  term.set(value, prefix.length)
  return term
}

/**
 * Term of the `_field_presence` field for a field and a path below it (formats/quickwit-split.md §9.6): FNV-1a over the
 * field's ordinal and the steps, each followed by byte 255; `object` is the state of a level that has members.
 */
export function presenceTerm(ord: number, path: readonly string[], object: boolean): Uint8Array {
  let hash = 0xcbf29ce484222325n
  const add = (byte: number): void => {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  }
  for (let shift = 0; shift < 32; shift += 8) add((ord >>> shift) & 255)
  add(255)
  for (const step of path) {
    for (const byte of encoder.encode(step)) add(byte)
    add(255)
  }
  if (object) add(255)
  return termOf({ type: 'u64', value: hash })
}
