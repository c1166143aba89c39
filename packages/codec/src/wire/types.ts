import {
  BINARY,
  BOOL,
  DATE,
  FLOAT32,
  FLOAT64,
  INT16,
  INT32,
  INT64,
  INT8,
  JSON_TYPE,
  NULL,
  typeName,
  UINT16,
  UINT32,
  UINT64,
  UINT8,
  UTF8,
  type TypeName,
} from '@volley/core'
import {
  Date_,
  Decimal,
  Field,
  Interval,
  List,
  Struct,
  Time,
  Timestamp,
  type DataType,
  type DateUnit,
  type IntervalUnit,
  type TimeUnit,
} from 'apache-arrow'
import type { volley } from '../generated/messages.js'
import { malformed } from './message.ts'

type WireType = volley.codec.Type.$Properties
type WireField = volley.codec.Field.$Properties

const SIMPLE: Partial<Record<string, DataType>> = {
  Null: NULL,
  Bool: BOOL,
  Int8: INT8,
  Int16: INT16,
  Int32: INT32,
  Int64: INT64,
  Uint8: UINT8,
  Uint16: UINT16,
  Uint32: UINT32,
  Uint64: UINT64,
  Float32: FLOAT32,
  Float64: FLOAT64,
  Utf8: UTF8,
  Json: JSON_TYPE,
  Binary: BINARY,
}

/** @throws VolleyError for Arrow types that the engine does not have. */
export function typeToWire(type: DataType, handle: (type: DataType) => number): WireType {
  const name = typeName(type)
  const { unit, timezone, precision, scale, bitWidth } = type as unknown as {
    unit: number
    timezone?: string | null
    precision: number
    scale: number
    bitWidth: number
  }
  switch (name) {
    case 'Date':
    case 'Interval':
      return { name, unit: unit + 1 }
    case 'Time':
      return { name, unit: unit + 1, bitWidth }
    case 'Timestamp':
      return { name, unit: unit + 1, timezone: timezone ?? null }
    case 'Decimal':
      return { name, precision, scale, bitWidth }
    case 'List':
    case 'Struct':
      return { name, children: type.children.map((child) => fieldToWire(child, handle)) }
    default:
      return { name }
  }
}

/** @throws VolleyError for a type that is unknown, or whose parameters no type has. */
export function typeFromWire(wire: WireType, typeOf: (handle: number) => DataType): DataType {
  const simple = SIMPLE[wire.name ?? '']
  if (simple !== undefined) return simple
  const name = wire.name as TypeName
  const children = (wire.children ?? []).map((child) => fieldFromWire(child, typeOf))
  switch (name) {
    case 'Date':
      return unitOf(wire, 2) === 0 ? DATE : new Date_(unitOf(wire, 2) as DateUnit)
    case 'Interval':
      return new Interval(unitOf(wire, 3) as IntervalUnit)
    case 'Time':
      return new Time(unitOf(wire, 4) as TimeUnit, wire.bitWidth === 32 ? 32 : 64)
    case 'Timestamp':
      return new Timestamp(unitOf(wire, 4) as TimeUnit, wire.timezone ?? null)
    case 'Decimal': {
      const { precision = 0, scale = 0 } = wire
      if (!(precision! >= 1 && precision! <= 76 && Math.abs(scale!) <= 76))
        throw malformed('a decimal type is out of range')
      return new Decimal(scale!, precision!, wire.bitWidth === 256 ? 256 : 128)
    }
    case 'List':
      if (children.length !== 1) throw malformed('a list type has no element type')
      return new List(children[0]!)
    case 'Struct':
      return new Struct(children)
    default:
      throw malformed(`the type ${JSON.stringify(wire.name ?? '')} is unknown to this version`)
  }
}

export function fieldToWire(field: Field, handle: (type: DataType) => number): WireField {
  const { name, type, nullable, metadata } = field
  return { name, type: handle(type), nullable, metadata: Object.fromEntries(metadata) }
}

export function fieldFromWire(wire: WireField, typeOf: (handle: number) => DataType): Field {
  const metadata = new Map(Object.entries(wire.metadata ?? {}))
  return new Field(wire.name ?? '', typeOf(wire.type ?? 0), wire.nullable ?? false, metadata)
}

function unitOf(wire: WireType, count: number): number {
  const unit = (wire.unit ?? 0) - 1
  if (!(unit >= 0 && unit < count)) throw malformed(`a type ${wire.name} has no unit that this version knows`)
  return unit
}
