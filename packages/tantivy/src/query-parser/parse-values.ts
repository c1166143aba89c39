import type { JsonTermValue } from '../terms.ts'

const I64_MIN = -(1n << 63n)
const I64_MAX = (1n << 63n) - 1n
const U64_MAX = (1n << 64n) - 1n

/** Parses a u64; null for anything else. */
export function parseU64(text: string): bigint | null {
  if (!/^\+?\d+$/.test(text)) return null
  const value = BigInt(text.replace('+', ''))
  return value <= U64_MAX ? value : null
}

/** Parses an i64; null for anything else. */
export function parseI64(text: string): bigint | null {
  if (!/^[+-]?\d+$/.test(text)) return null
  const value = BigInt(text.replace('+', ''))
  return value >= I64_MIN && value <= I64_MAX ? value : null
}

/** Parses a float as Rust does; null for anything else. */
export function parseF64(text: string): number | null {
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text)
  if (special !== null) {
    if (special[2]!.toLowerCase() === 'nan') return Number.NaN
    return special[1] === '-' ? -Infinity : Infinity
  }
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : null
}

/** Parses an RFC 3339 date and time to nanoseconds since the epoch; null for anything else. */
export function parseRfc3339(text: string): bigint | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/.exec(text)
  if (match === null) return null
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHour, offsetMinute] = match
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  const isDate = date.getUTCMonth() + 1 === Number(month) && date.getUTCDate() === Number(day)
  if (!isDate || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null
  let seconds = date.getTime() / 1000 + Number(hour) * 3600 + Number(minute) * 60 + Number(second)
  if (sign !== undefined) {
    const offset = Number(offsetHour) * 3600 + Number(offsetMinute) * 60
    seconds += sign === '+' ? -offset : offset
  }
  return BigInt(seconds) * 1_000_000_000n + BigInt((fraction ?? '').slice(0, 9).padEnd(9, '0'))
}

/** Parses an IPv4 or IPv6 address to its 128 bits, IPv4 in its mapped form; null for anything else. */
export function parseIp(text: string): bigint | null {
  const v4 = parseIpV4(text)
  if (v4 !== null) return 0xffff00000000n | v4
  let source = text
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (tail !== null) {
    const embedded = parseIpV4(tail[2]!)
    if (embedded === null) return null
    source = `${tail[1]}${(embedded >> 16n).toString(16)}:${(embedded & 0xffffn).toString(16)}`
  }
  const halves = source.split('::')
  if (halves.length > 2) return null
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')))
  if (groups.flat().some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return null
  const count = groups.flat().length
  if (halves.length === 2 ? count > 7 : count !== 8) return null
  const zeros = Array.from({ length: 8 - count }, () => '0')
  const all = halves.length === 2 ? [...groups[0]!, ...zeros, ...groups[1]!] : groups[0]!
  return all.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n)
}

function parseIpV4(text: string): bigint | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return null
  let value = 0n
  for (const part of match.slice(1)) {
    if (Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) return null
    value = (value << 8n) | BigInt(part)
  }
  return value
}

/** Decodes standard base64 with its padding; null for anything else. */
export function parseBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}

/** What a bare word may be in a JSON field beside a string: a date, a number or a boolean. */
export function parseJsonLeaf(text: string): JsonTermValue | null {
  const date = parseRfc3339(text)
  if (date !== null) return { type: 'date', value: date }
  const i64 = parseI64(text)
  if (i64 !== null) return { type: 'i64', value: i64 }
  const u64 = parseU64(text)
  if (u64 !== null) return { type: 'u64', value: u64 }
  const f64 = parseF64(text)
  if (f64 !== null && Number.isFinite(f64)) return { type: 'f64', value: f64 }
  return text === 'true' || text === 'false' ? { type: 'bool', value: text === 'true' } : null
}
