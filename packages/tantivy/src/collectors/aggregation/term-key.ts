import { formatAddress } from './format-address.ts'

/**
 * Keys of terms in partial results: a letter for the type, then the value as text. i and u: an integer, f: a float that is
 * no integer, b: 0 or 1, a: an address in hexadecimal, s: a string, dates among them.
 */
export type EncodedKey = string

/** A key as results show it. */
export interface DisplayedKey {
  readonly key: string | number | bigint
  readonly asString: string | null
}

/** A number beyond what a float holds exactly stays a bigint. */
export function jsonInteger(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value
}

export function encodeInteger(value: bigint, signed: boolean): EncodedKey {
  return (signed ? 'i' : 'u') + value.toString()
}

/** Whole floats are integers, as where a path has both. */
export function encodeFloat(value: number): EncodedKey {
  if (Number.isInteger(value)) {
    if (value >= -(2 ** 63) && value <= 2 ** 63) return encodeInteger(clampInteger(BigInt(value), false), true)
    if (value >= 0 && value <= 2 ** 64) return encodeInteger(clampInteger(BigInt(value), true), false)
  }
  return `f${value}`
}

function clampInteger(value: bigint, unsigned: boolean): bigint {
  const most = unsigned ? (1n << 64n) - 1n : (1n << 63n) - 1n
  return value > most ? most : value
}

export function displayKey(encoded: EncodedKey): DisplayedKey {
  const text = encoded.slice(1)
  switch (encoded[0]) {
    case 'i':
    case 'u':
      return { key: jsonInteger(BigInt(text)), asString: null }
    case 'f':
      return { key: Number(text), asString: null }
    case 'b':
      return { key: Number(text), asString: text === '1' ? 'true' : 'false' }
    case 'a':
      return { key: formatAddress(BigInt(`0x${text}`)), asString: null }
    default:
      return { key: text, asString: null }
  }
}

const RANKS: Readonly<Record<string, number>> = { s: 0, a: 0, i: 1, u: 2, b: 2, f: 3 }

/** Compares keys as tantivy orders them: strings (and addresses as text), then i64, u64 and bool, floats. */
export function compareKeys(a: EncodedKey, b: EncodedKey): number {
  const rank = RANKS[a[0]!]! - RANKS[b[0]!]!
  if (rank !== 0) return rank
  const left = displayKey(a).key
  const right = displayKey(b).key
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right)
  return left < right ? -1 : left > right ? 1 : 0
}

/** Compares by code points, which is the order of UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i += 1) {
    let left = a.charCodeAt(i)
    let right = b.charCodeAt(i)
    if (left === right) continue
    // surrogates stand for code points above all others
    if (left >= 0xd800 && right >= 0xd800) {
      left = left >= 0xe000 ? left - 0x800 : left + 0x2000
      right = right >= 0xe000 ? right - 0x800 : right + 0x2000
    }
    return left - right
  }
  return a.length - b.length
}
