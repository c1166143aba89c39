import { invalidRequest } from './aggregation-error.ts'
import type { AggregationJson } from './finish-aggregations.ts'
import type { CompositeValue, MissingOrder, SortOrder } from './aggregation-request.ts'
import { formatAddress, formatIpv6 } from './format-address.ts'
import { formatFloat } from './format-float.ts'
import { TYPE_RANKS } from './key-accessor.ts'
import { parseIp } from '../../query-parser/parse-values.ts'
import { compareText, jsonInteger } from './term-key.ts'

/** A value as after keys have it: its type, a colon, the value. */
export function formatAfterValue(value: CompositeValue): string {
  switch (value.type) {
    case 'null':
      return 'null:'
    case 'f64':
      return `f64:${formatFloat(value.value)}`
    case 'ip':
      return `ip:${formatIpv6(value.value)}`
    default:
      return `${value.type}:${value.value}`
  }
}

/** Reads a value of an after key. */
export function parseAfterValue(text: string): CompositeValue {
  const colon = text.indexOf(':')
  const type = text.slice(0, colon)
  const value = text.slice(colon + 1)
  const wrong = (): never => {
    throw invalidRequest(`the after key ${JSON.stringify(text)} is not a type, a colon and a value`)
  }
  switch (colon < 0 ? '' : type) {
    case 'null':
      return { type: 'null' }
    case 'str':
      return { type: 'str', value }
    case 'bool':
      return value === 'true' || value === 'false' ? { type: 'bool', value: value === 'true' } : wrong()
    case 'i64':
    case 'u64':
    case 'dt': {
      const least = type === 'u64' ? 0n : -(1n << 63n)
      const most = type === 'u64' ? (1n << 64n) - 1n : (1n << 63n) - 1n
      if (!/^[+-]?\d+$/.test(value)) return wrong()
      const integer = BigInt(value.replace('+', ''))
      return integer >= least && integer <= most ? { type: type as 'i64', value: integer } : wrong()
    }
    case 'f64': {
      const number = value.trim() === '' ? NaN : Number(value)
      return Number.isNaN(number) ? wrong() : { type: 'f64', value: number }
    }
    case 'ip': {
      const address = parseIp(value)
      return address === null ? wrong() : { type: 'ip', value: address }
    }
    default:
      return wrong()
  }
}

/** A value as buckets show it. */
export function displayCompositeValue(value: CompositeValue): AggregationJson {
  switch (value.type) {
    case 'null':
      return null
    case 'dt':
      return jsonInteger(value.value / 1_000_000n)
    case 'i64':
    case 'u64':
      return jsonInteger(value.value)
    case 'ip':
      return formatAddress(value.value)
    default:
      return value.value
  }
}

/** A key as text, equal for equal keys only. */
export function encodeCompositeKey(key: readonly CompositeValue[]): string {
  return JSON.stringify(key.map(formatAfterValue))
}

/** Compares keys in the order of a request. */
export function compareCompositeKeys(
  a: readonly CompositeValue[],
  b: readonly CompositeValue[],
  orders: readonly { readonly order: SortOrder; readonly missing: MissingOrder }[],
): number {
  for (const [k, { order, missing }] of orders.entries()) {
    const left = a[k]!
    const right = b[k]!
    if (left.type === 'null' || right.type === 'null') {
      if (left.type === right.type) continue
      const first = missing === 'first' || (missing === 'default' && order === 'asc')
      return (left.type === 'null') === first ? -1 : 1
    }
    const sign = compareValues(left, right)
    if (sign !== 0) return order === 'asc' ? sign : -sign
  }
  return 0
}

type SomeValue = Exclude<CompositeValue, { readonly type: 'null' }>

function compareValues(a: SomeValue, b: SomeValue): number {
  const rank = TYPE_RANKS[a.type] - TYPE_RANKS[b.type]
  if (rank !== 0) return rank
  if (a.type === 'str' && b.type === 'str') return compareText(a.value, b.value)
  // integers and floats compare exactly
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0
}
