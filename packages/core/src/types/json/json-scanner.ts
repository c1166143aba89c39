import { SqlState, VolleyError } from '../../errors.ts'

const MAX_DEPTH = 1000

/** Kind of a JSON value by its first byte. */
export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null'

/**
 * Walks JSON text as bytes, without building values: numbers keep their digits, keys their spelling. All positions are
 * into `bytes`; nothing is read at or behind `end`.
 */
export class JsonScanner {
  bytes: Uint8Array = new Uint8Array(0)
  end = 0

  reset(bytes: Uint8Array, end: number): void {
    this.bytes = bytes
    this.end = end
  }

  skipSpace(at: number): number {
    while (at < this.end) {
      const byte = this.bytes[at]!
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
      at++
    }
    return at
  }

  /** @throws VolleyError 22P02 when no value starts here. */
  kindAt(at: number): JsonKind {
    switch (at < this.end ? this.bytes[at]! : 0) {
      case 0x7b:
        return 'object'
      case 0x5b:
        return 'array'
      case 0x22:
        return 'string'
      case 0x74:
      case 0x66:
        return 'boolean'
      case 0x6e:
        return 'null'
      default:
        return 'number'
    }
  }

  /**
   * Position behind the value that starts at `at` (no space before it).
   *
   * @throws VolleyError 22P02 where the text is no JSON.
   */
  skipValue(at: number, depth = 0): number {
    if (depth > MAX_DEPTH) throw this.error()
    switch (this.kindAt(at)) {
      case 'object':
        return this.#skipObject(at + 1, depth)
      case 'array':
        return this.#skipArray(at + 1, depth)
      case 'string':
        return this.skipString(at)
      case 'boolean':
        return this.#skipWord(at, this.bytes[at] === 0x74 ? 'true' : 'false')
      case 'null':
        return this.#skipWord(at, 'null')
      case 'number':
        return this.#skipNumber(at)
    }
  }

  /** Position behind the string whose opening quote is at `at`. */
  skipString(at: number): number {
    if (at >= this.end || this.bytes[at] !== 0x22) throw this.error()
    at++
    while (at < this.end) {
      const byte = this.bytes[at]!
      if (byte === 0x22) return at + 1
      if (byte < 0x20) throw this.error()
      at = byte === 0x5c ? this.#skipEscape(at) : at + 1
    }
    throw this.error()
  }

  #skipEscape(at: number): number {
    const next = at + 1 < this.end ? this.bytes[at + 1]! : 0
    if (next !== 0x75) {
      // " \ / b f n r t
      if (!'"\\/bfnrt'.includes(String.fromCharCode(next))) throw this.error()
      return at + 2
    }
    if (at + 6 > this.end) throw this.error()
    for (let i = at + 2; i < at + 6; i++) if (!isHex(this.bytes[i]!)) throw this.error()
    return at + 6
  }

  #skipObject(at: number, depth: number): number {
    at = this.skipSpace(at)
    if (this.#is(at, 0x7d)) return at + 1
    for (;;) {
      at = this.skipSpace(this.skipString(this.skipSpace(at)))
      if (!this.#is(at, 0x3a)) throw this.error()
      at = this.skipSpace(this.skipValue(this.skipSpace(at + 1), depth + 1))
      if (this.#is(at, 0x7d)) return at + 1
      if (!this.#is(at, 0x2c)) throw this.error()
      at++
    }
  }

  #skipArray(at: number, depth: number): number {
    at = this.skipSpace(at)
    if (this.#is(at, 0x5d)) return at + 1
    for (;;) {
      at = this.skipSpace(this.skipValue(this.skipSpace(at), depth + 1))
      if (this.#is(at, 0x5d)) return at + 1
      if (!this.#is(at, 0x2c)) throw this.error()
      at++
    }
  }

  #skipWord(at: number, word: string): number {
    for (let i = 0; i < word.length; i++) {
      if (at + i >= this.end || this.bytes[at + i] !== word.charCodeAt(i)) throw this.error()
    }
    return at + word.length
  }

  #skipNumber(at: number): number {
    if (this.#is(at, 0x2d)) at++
    if (this.#is(at, 0x30)) at++
    else at = this.#skipDigits(at)
    if (this.#is(at, 0x2e)) at = this.#skipDigits(at + 1)
    if (this.#is(at, 0x65) || this.#is(at, 0x45)) {
      at++
      if (this.#is(at, 0x2b) || this.#is(at, 0x2d)) at++
      at = this.#skipDigits(at)
    }
    return at
  }

  #skipDigits(at: number): number {
    const start = at
    while (at < this.end && this.bytes[at]! >= 0x30 && this.bytes[at]! <= 0x39) at++
    if (at === start) throw this.error()
    return at
  }

  #is(at: number, byte: number): boolean {
    return at < this.end && this.bytes[at] === byte
  }

  error(): VolleyError {
    return new VolleyError('invalid input syntax for type json', { code: SqlState.invalidTextRepresentation })
  }
}

function isHex(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
}

const scanner = new JsonScanner()

/** @throws VolleyError 22P02 when the bytes are not one JSON value. */
export function checkJson(bytes: Uint8Array): void {
  scanner.reset(bytes, bytes.length)
  const behind = scanner.skipSpace(scanner.skipValue(scanner.skipSpace(0)))
  if (behind !== bytes.length) throw scanner.error()
}
