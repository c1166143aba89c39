const encoder = new TextEncoder()
const SIGN = 1n << 63n
const SECOND = 1_000_000_000n

/** Maps an i64 to the u64 of the same order (section 1.1). */
export function mapI64(value: bigint): bigint {
  return BigInt.asUintN(64, value) ^ SIGN
}

/** Maps an f64 to the u64 of the same order. */
export function mapF64(value: number): bigint {
  const bits = new BigUint64Array(Float64Array.of(value).buffer)[0]!
  return bits & SIGN ? BigInt.asUintN(64, ~bits) : bits ^ SIGN
}

function bigEndian64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value))
  return bytes
}

/** Term bytes of a token. */
export function termForText(token: string): Uint8Array {
  return encoder.encode(token)
}

export function termForU64(value: bigint): Uint8Array {
  return bigEndian64(value)
}

export function termForI64(value: bigint): Uint8Array {
  return bigEndian64(mapI64(value))
}

export function termForF64(value: number): Uint8Array {
  return bigEndian64(mapF64(value))
}

export function termForBool(value: boolean): Uint8Array {
  return bigEndian64(value ? 1n : 0n)
}

/** Term bytes of a date in nanoseconds, which are cut to whole seconds towards zero. */
export function termForDate(nanoseconds: bigint): Uint8Array {
  return termForI64((nanoseconds / SECOND) * SECOND)
}

/** Term bytes of a 128-bit address; IPv4 in its mapped form. */
export function termForIp(address: bigint): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, address >> 64n)
  view.setBigUint64(8, BigInt.asUintN(64, address))
  return bytes
}

export function termForBytes(bytes: Uint8Array): Uint8Array {
  return bytes
}

/** Term bytes of a facet path such as `/a/b`; `\/` in a segment is a slash of its name. Null if it is no path. */
export function termForFacet(path: string): Uint8Array | null {
  if (!path.startsWith('/')) return null
  if (path === '/') return new Uint8Array(0)
  const segments: string[] = ['']
  for (let i = 1; i < path.length; i += 1) {
    const char = path[i]!
    if (char === '\\' && i + 1 < path.length) {
      i += 1
      segments[segments.length - 1] += path[i]!
    } else if (char === '/') segments.push('')
    else segments[segments.length - 1] += char
  }
  return encoder.encode(segments.join('\0'))
}

/** A value in a JSON term: strings are tokens, dates nanoseconds. */
export type JsonTermValue =
  | { readonly type: 'str'; readonly value: string }
  | { readonly type: 'i64' | 'u64' | 'date'; readonly value: bigint }
  | { readonly type: 'f64'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }

/** Type codes in JSON terms (section 4.5). */
export const JSON_TYPE_CODES = { str: 0x73, i64: 0x69, u64: 0x75, f64: 0x66, bool: 0x6f, date: 0x64 } as const

/** Splits a path at dots; a backslash makes the next character part of a key. */
export function splitJsonPath(path: string): string[] {
  const keys: string[] = ['']
  for (let i = 0; i < path.length; i += 1) {
    const char = path[i]!
    if (char === '\\' && i + 1 < path.length) {
      i += 1
      keys[keys.length - 1] += path[i]!
    } else if (char === '.') keys.push('')
    else keys[keys.length - 1] += char
  }
  return keys
}

/** The bytes of a JSON path in terms and column names: keys joined by byte 1. */
export function encodeJsonPath(keys: readonly string[], expandDots: boolean): string {
  return keys.map((key) => (expandDots ? key.replaceAll('.', '\u0001') : key)).join('\u0001')
}

/**
 * Term bytes of a value under a path of a JSON field. Numbers are brought to their canonical type: i64 if they fit,
 * else u64, else f64.
 */
export function jsonTerm(keys: readonly string[], value: JsonTermValue, expandDots: boolean = false): Uint8Array {
  const path = encoder.encode(encodeJsonPath(keys, expandDots))
  const [code, bytes] = jsonValue(value)
  return jsonTermBytes(path, code, bytes)
}

function jsonTermBytes(path: Uint8Array, code: number, value: Uint8Array): Uint8Array {
  const term = new Uint8Array(path.length + 2 + value.length)
  term.set(path)
  term[path.length + 1] = code
  term.set(value, path.length + 2)
  return term
}

function jsonValue(value: JsonTermValue): readonly [number, Uint8Array] {
  switch (value.type) {
    case 'str':
      return [JSON_TYPE_CODES.str, termForText(value.value)]
    case 'bool':
      return [JSON_TYPE_CODES.bool, termForBool(value.value)]
    case 'date':
      return [JSON_TYPE_CODES.date, termForDate(value.value)]
    case 'f64':
      if (Number.isInteger(value.value) && value.value >= -(2 ** 63) && value.value < 2 ** 64) {
        return jsonInteger(BigInt(value.value))
      }
      return [JSON_TYPE_CODES.f64, termForF64(value.value)]
    default:
      return jsonInteger(value.value)
  }
}

function jsonInteger(value: bigint): readonly [number, Uint8Array] {
  return value < SIGN ? [JSON_TYPE_CODES.i64, termForI64(value)] : [JSON_TYPE_CODES.u64, termForU64(value)]
}
