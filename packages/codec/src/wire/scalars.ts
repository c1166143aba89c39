import { isIntervalValue, type ScalarValue } from '@volley/core'
import type { volley } from '../generated/messages.js'
import { malformed } from './message.ts'

type WireScalar = volley.codec.Scalar.$Properties

export function scalarToWire(value: ScalarValue): WireScalar {
  if (value === null) return { isNull: true }
  switch (typeof value) {
    case 'boolean':
      return { boolean: value }
    case 'number':
      return { number: value }
    case 'bigint':
      return { bigint: String(value) }
    case 'string':
      return { text: value }
  }
  if (value instanceof Uint8Array) return { binary: value }
  if (isIntervalValue(value))
    return { interval: { months: value.months, days: value.days, nanos: String(value.nanos) } }
  return { list: { values: value.map(scalarToWire) } }
}

export function scalarFromWire(wire: WireScalar): ScalarValue {
  if (wire.isNull != null) return null
  if (wire.boolean != null) return wire.boolean
  if (wire.number != null) return wire.number
  if (wire.bigint != null) return bigintOf(wire.bigint)
  if (wire.text != null) return wire.text
  if (wire.binary != null) return Uint8Array.from(wire.binary)
  if (wire.list != null) return (wire.list.values ?? []).map(scalarFromWire)
  if (wire.interval != null) {
    const { months, days, nanos } = wire.interval
    return { months: months ?? 0, days: days ?? 0, nanos: bigintOf(nanos ?? '0') }
  }
  throw malformed('a literal has no value that this version knows')
}

function bigintOf(text: string): bigint {
  // 2^256 has 78 digits.
  if (!/^-?\d{1,78}$/.test(text)) throw malformed('an integer literal is not one')
  return BigInt(text)
}
