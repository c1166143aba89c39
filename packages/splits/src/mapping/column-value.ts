import type { StoredValue } from '@volley/tantivy'
import type { DatetimePrecision, MappedField } from './doc-mapping.ts'
import { parseDatetime, fromUnixTimestamp } from './datetime-formats.ts'
import { jsonText, pathText } from './json-text.ts'
import { bytesFromBase64, bytesFromHex, bytesToText, ipFromText, ipToText } from './value-text.ts'

/**
 * A value of a column: bigint for 64-bit integers and timestamps (a count of the column's unit), number for doubles, text
 * for text, ip, bytes and JSON, an array for array columns.
 */
export type ColumnValue = null | boolean | number | bigint | string | readonly ColumnValue[]

const NANOS_PER_UNIT: Record<DatetimePrecision, bigint> = {
  seconds: 1_000_000_000n,
  milliseconds: 1_000_000n,
  microseconds: 1000n,
  nanoseconds: 1n,
}
const I64_MIN = -(1n << 63n)
const I64_MAX = (1n << 63n) - 1n
const U64_MAX = (1n << 64n) - 1n

/**
 * What a stored value is in a column of this field, also when the split held it under another type (an older mapping, the
 * dynamic part); null when it cannot be one.
 */
export function columnValue(value: StoredValue, field: MappedField): ColumnValue {
  if (value.type === 'null') return null
  switch (field.type) {
    case 'text':
    case 'concatenate':
      return value.type === 'pretokenized'
        ? value.text
        : value.type === 'facet'
          ? facetText(value.value)
          : pathText(value)
    case 'json':
      return jsonText(value)
    case 'i64':
      return integer(value, I64_MIN, I64_MAX)
    case 'u64':
      return integer(value, 0n, U64_MAX)
    case 'f64':
      return double(value)
    case 'bool':
      return value.type === 'bool' ? value.value : value.type === 'str' ? boolText(value.value) : null
    case 'datetime':
      return timestamp(value, NANOS_PER_UNIT[field.precision ?? 'nanoseconds'])
    case 'ip':
      return ip(value)
    case 'bytes':
      return bytes(value, field)
  }
}

function facetText(path: string): string {
  return path === ''
    ? '/'
    : `/${path
        .split('\0')
        .map((step) => step.replaceAll('/', '\\/'))
        .join('/')}`
}

function integer(value: StoredValue, min: bigint, max: bigint): bigint | null {
  let whole: bigint
  if (value.type === 'i64' || value.type === 'u64') whole = value.value
  else if (value.type === 'f64' && Number.isInteger(value.value)) whole = BigInt(value.value)
  else if (value.type === 'str' && /^[+-]?\d+$/.test(value.value)) whole = BigInt(value.value.replace('+', ''))
  else return null
  return whole >= min && whole <= max ? whole : null
}

function double(value: StoredValue): number | null {
  if (value.type === 'f64') return value.value
  if (value.type === 'i64' || value.type === 'u64') return Number(value.value)
  if (value.type !== 'str' || value.value.trim() === '' || Number.isNaN(Number(value.value))) return null
  return Number(value.value)
}

function boolText(text: string): boolean | null {
  return text === 'true' ? true : text === 'false' ? false : null
}

function timestamp(value: StoredValue, perUnit: bigint): bigint | null {
  let nanos: bigint | null = null
  if (value.type === 'date') nanos = value.value
  else if (value.type === 'str') nanos = parseDatetime(value.value)
  else if (value.type === 'i64' || value.type === 'u64') nanos = fromUnixTimestamp(value.value)
  if (nanos === null || nanos < I64_MIN || nanos > I64_MAX) return null
  return nanos / perUnit - (nanos % perUnit < 0n ? 1n : 0n)
}

function ip(value: StoredValue): string | null {
  if (value.type === 'ip') return ipToText(value.value)
  const address = value.type === 'str' ? ipFromText(value.value) : null
  return address === null ? null : ipToText(address)
}

function bytes(value: StoredValue, field: MappedField): string | null {
  const format = field.outputFormat ?? 'base64'
  if (value.type === 'bytes') return bytesToText(value.value, format)
  if (value.type !== 'str') return null
  const decoded = field.inputFormats[0] === 'hex' ? bytesFromHex(value.value) : bytesFromBase64(value.value)
  return decoded === null ? null : bytesToText(decoded, format)
}
