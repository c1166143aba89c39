import type { JsonScanner } from './json-scanner.ts'

/** A run of bytes of the scanner's text. */
export interface JsonSpan {
  start: number
  end: number
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Finds the value of a key in the object at `at`. The last of equal keys wins, as in PostgreSQL's jsonb. False when the
 * value is no object or has no such key.
 */
export function findKey(scanner: JsonScanner, at: number, key: Uint8Array, span: JsonSpan): boolean {
  if (scanner.kindAt(at) !== 'object') return false
  let found = false
  at = scanner.skipSpace(at + 1)
  if (at < scanner.end && scanner.bytes[at] === 0x7d) return false
  for (;;) {
    const keyStart = scanner.skipSpace(at)
    const keyEnd = scanner.skipString(keyStart)
    at = scanner.skipSpace(keyEnd)
    if (at >= scanner.end || scanner.bytes[at] !== 0x3a) throw scanner.error()
    const start = scanner.skipSpace(at + 1)
    const end = scanner.skipValue(start)
    if (keyEquals(scanner.bytes, keyStart + 1, keyEnd - 1, key)) {
      span.start = start
      span.end = end
      found = true
    }
    at = scanner.skipSpace(end)
    if (at >= scanner.end) throw scanner.error()
    if (scanner.bytes[at] === 0x7d) return found
    if (scanner.bytes[at] !== 0x2c) throw scanner.error()
    at++
  }
}

/** Finds an item of the array at `at`; a negative index counts from the end. */
export function findItem(scanner: JsonScanner, at: number, index: number, span: JsonSpan): boolean {
  if (scanner.kindAt(at) !== 'array') return false
  if (index < 0) {
    const length = arrayLength(scanner, at)
    return length + index >= 0 && findItem(scanner, at, length + index, span)
  }
  at = scanner.skipSpace(at + 1)
  if (at < scanner.end && scanner.bytes[at] === 0x5d) return false
  for (let i = 0; ; i++) {
    const start = scanner.skipSpace(at)
    const end = scanner.skipValue(start)
    if (i === index) {
      span.start = start
      span.end = end
      return true
    }
    at = scanner.skipSpace(end)
    if (at >= scanner.end) throw scanner.error()
    if (scanner.bytes[at] === 0x5d) return false
    if (scanner.bytes[at] !== 0x2c) throw scanner.error()
    at++
  }
}

/** Number of items of the array at `at`. */
export function arrayLength(scanner: JsonScanner, at: number): number {
  at = scanner.skipSpace(at + 1)
  if (at < scanner.end && scanner.bytes[at] === 0x5d) return 0
  for (let n = 1; ; n++) {
    at = scanner.skipSpace(scanner.skipValue(scanner.skipSpace(at)))
    if (at >= scanner.end) throw scanner.error()
    if (scanner.bytes[at] === 0x5d) return n
    if (scanner.bytes[at] !== 0x2c) throw scanner.error()
    at++
  }
}

/** Whether the inside of a JSON string (without quotes) is a key; escapes are undone where there are some. */
function keyEquals(bytes: Uint8Array, start: number, end: number, key: Uint8Array): boolean {
  let escaped = false
  for (let i = start; i < end; i++) if (bytes[i] === 0x5c) escaped = true
  if (escaped) return unescapeJson(bytes, start, end) === decoder.decode(key)
  if (end - start !== key.length) return false
  for (let i = 0; i < key.length; i++) if (bytes[start + i] !== key[i]) return false
  return true
}

/** The text of the inside of a JSON string. Half a surrogate pair becomes U+FFFD. */
export function unescapeJson(bytes: Uint8Array, start: number, end: number): string {
  const text = decoder.decode(bytes.slice(start, end))
  return (JSON.parse(`"${text}"`) as string).toWellFormed()
}
