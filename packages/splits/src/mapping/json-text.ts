import type { StoredValue } from '@volley/tantivy'
import { bytesToText, ipToText } from './value-text.ts'
import { formatDatetime } from './datetime-formats.ts'

/** JSON text of a stored value: numbers unrounded, keys and their order as stored. */
export function jsonText(value: StoredValue): string {
  switch (value.type) {
    case 'str':
    case 'facet':
      return JSON.stringify(value.value)
    case 'pretokenized':
      return JSON.stringify(value.text)
    case 'u64':
    case 'i64':
      return String(value.value)
    case 'f64':
      return jsonNumber(value.value)
    case 'bool':
      return value.value ? 'true' : 'false'
    case 'null':
      return 'null'
    case 'date':
      return JSON.stringify(formatDatetime(value.value, 'rfc3339'))
    case 'ip':
      return JSON.stringify(ipToText(value.value))
    case 'bytes':
      return JSON.stringify(bytesToText(value.value, 'base64'))
    case 'array':
      return `[${value.values.map(jsonText).join(',')}]`
    case 'object':
      return `{${value.entries.map(([key, member]) => `${JSON.stringify(key)}:${jsonText(member)}`).join(',')}}`
  }
}

/**
 * A double as JSON, so that it stays a double: whole ones end in `.0`, very large and small ones have an exponent. What is no
 * number is null.
 */
export function jsonNumber(value: number): string {
  if (!Number.isFinite(value)) return 'null'
  const size = Math.abs(value)
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  if (size >= 1e16 || size < 1e-5) return value.toExponential().replace('e+', 'e')
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/**
 * The value at a path below a stored value, or null when a step leads nowhere. A text step is a key, dots included; a
 * number is a place in an array, from the end when negative.
 */
export function valueAtPath(value: StoredValue, path: readonly (string | number)[]): StoredValue | null {
  let at: StoredValue | undefined = value
  for (const step of path) {
    if (at.type === 'object' && typeof step === 'string') at = member(at.entries, step)
    else if (at.type === 'array' && typeof step === 'number') at = at.values.at(step)
    else return null
    if (at === undefined) return null
  }
  return at
}

/** What `->>` gives: what is a string in JSON without its quotes, other scalars and containers as JSON text, NULL for null. */
export function pathText(value: StoredValue): string | null {
  switch (value.type) {
    case 'null':
      return null
    case 'str':
    case 'facet':
      return value.value
    case 'pretokenized':
      return value.text
    case 'date':
      return String(formatDatetime(value.value, 'rfc3339'))
    case 'ip':
      return ipToText(value.value)
    case 'bytes':
      return bytesToText(value.value, 'base64')
    default:
      return jsonText(value)
  }
}

function member(entries: readonly (readonly [string, StoredValue])[], key: string): StoredValue | undefined {
  for (let k = entries.length - 1; k >= 0; k--) if (entries[k]![0] === key) return entries[k]![1]
  return undefined
}
