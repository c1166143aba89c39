import type { StoredValue } from '../store/stored-value.ts'

// JSON as text, built piece by piece: 64-bit integers are strings, and -0.0 keeps its sign.

export function hex(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 1) text += HEX[bytes[i]!]
  return text
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** A float: a number, or a string for what JSON has no number for. */
export function float(value: number): string {
  if (Number.isNaN(value)) return '"NaN"'
  if (!Number.isFinite(value)) return value > 0 ? '"Infinity"' : '"-Infinity"'
  return Object.is(value, -0) ? '-0.0' : String(value)
}

/** An IPv6 address as RFC 5952 writes it; mapped IPv4 addresses end in dotted form. */
export function ipText(high: bigint, low: bigint): string {
  if (high === 0n && low >> 32n === 0xffffn) {
    const v4 = Number(low & 0xffffffffn)
    return `::ffff:${v4 >>> 24}.${(v4 >>> 16) & 255}.${(v4 >>> 8) & 255}.${v4 & 255}`
  }
  const groups: number[] = []
  for (const half of [high, low]) {
    for (let shift = 48n; shift >= 0n; shift -= 16n) groups.push(Number((half >> shift) & 0xffffn))
  }
  let bestAt = -1
  let bestLength = 1
  for (let at = 0; at < 8; at += 1) {
    let length = 0
    while (at + length < 8 && groups[at + length] === 0) length += 1
    if (length > bestLength) {
      bestAt = at
      bestLength = length
    }
  }
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  return bestAt < 0 ? text(0, 8) : `${text(0, bestAt)}::${text(bestAt + bestLength, 8)}`
}

const { stringify } = JSON

/** A stored value with its type. */
export function storedValue(value: StoredValue): string {
  switch (value.type) {
    case 'str':
    case 'facet':
      return `{"t":"${value.type}","v":${stringify(value.value)}}`
    case 'u64':
    case 'i64':
    case 'date':
      return `{"t":"${value.type}","v":"${value.value}"}`
    case 'f64':
      return `{"t":"f64","v":${float(value.value)}}`
    case 'bool':
      return `{"t":"bool","v":${value.value}}`
    case 'bytes':
      return `{"t":"bytes","v":"${hex(value.value)}"}`
    case 'ip':
      return `{"t":"ip","v":"${ipText(value.value >> 64n, BigInt.asUintN(64, value.value))}"}`
    case 'null':
      return '{"t":"null"}'
    case 'pretokenized': {
      const tokens = value.tokens.map((t) => stringify([t.text, t.from, t.to, t.position, t.positionLength]))
      return `{"t":"pretok","text":${stringify(value.text)},"tokens":[${tokens.join(',')}]}`
    }
    case 'array':
      return `{"t":"array","v":[${value.values.map(storedValue).join(',')}]}`
    case 'object': {
      const entries = value.entries.map(([key, part]) => `[${stringify(key)},${storedValue(part)}]`)
      return `{"t":"object","v":[${entries.join(',')}]}`
    }
  }
}
