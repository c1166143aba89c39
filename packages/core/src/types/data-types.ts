import { DataType, Type, Utf8 } from 'apache-arrow'
import { internalError } from '../errors.ts'

/**
 * JSON text. In memory it is Utf8 (one JSON document a row, numbers unrounded, keys as stored); at the Arrow edge it is
 * Utf8 whose field carries the extension name `arrow.json`.
 */
export class Json extends Utf8 {
  readonly isJson = true

  override toString(): string {
    return 'Json'
  }
}

export function isJson(type: DataType): type is Json {
  return (type as { isJson?: boolean }).isJson === true
}

/**
 * The type under the name of one of Arrow's layouts of it (`LargeUtf8`, `Dictionary(Int32, Utf8)`, `Duration(s)`). Values are
 * the same, and so is the type to everything but `arrow_typeof`.
 */
export function withLayout(type: DataType, layout: string): DataType {
  const labelled = Object.assign(Object.create(Object.getPrototypeOf(type) as object), type) as DataType
  return Object.assign(labelled, { layout })
}

/** The layout's name that a type was given; null for a type without one. */
export function layoutOf(type: DataType): string | null {
  return (type as { layout?: string }).layout ?? null
}

/** The engine's name of a type: what kernels and registries switch on. */
export type TypeName =
  | 'Null'
  | 'Bool'
  | 'Int8'
  | 'Int16'
  | 'Int32'
  | 'Int64'
  | 'Uint8'
  | 'Uint16'
  | 'Uint32'
  | 'Uint64'
  | 'Float32'
  | 'Float64'
  | 'Decimal'
  | 'Utf8'
  | 'Json'
  | 'Binary'
  | 'Date'
  | 'Time'
  | 'Timestamp'
  | 'Interval'
  | 'List'
  | 'Struct'

const SIGNED = { 8: 'Int8', 16: 'Int16', 32: 'Int32', 64: 'Int64' } as const
const UNSIGNED = { 8: 'Uint8', 16: 'Uint16', 32: 'Uint32', 64: 'Uint64' } as const

/**
 * Maps an Arrow type to the engine's name. `Date` is days (Int32), `Time` and `Timestamp` are 64-bit counts of their
 * unit, `Interval` is MONTH_DAY_NANO, `Decimal` is 128 bits wide.
 *
 * @throws VolleyError for Arrow types that the engine has no vectors for.
 */
export function typeName(type: DataType): TypeName {
  switch (type.typeId) {
    case Type.Null:
      return 'Null'
    case Type.Bool:
      return 'Bool'
    case Type.Int: {
      const int = type as unknown as { bitWidth: number; isSigned: boolean }
      return (int.isSigned ? SIGNED : UNSIGNED)[int.bitWidth as 8 | 16 | 32 | 64]
    }
    case Type.Float:
      return (type as unknown as { precision: number }).precision === 2 ? 'Float64' : 'Float32'
    case Type.Decimal:
      return 'Decimal'
    case Type.Utf8:
      return isJson(type) ? 'Json' : 'Utf8'
    case Type.Binary:
      return 'Binary'
    case Type.Date:
      return 'Date'
    case Type.Time:
      return 'Time'
    case Type.Timestamp:
      return 'Timestamp'
    case Type.Interval:
      return 'Interval'
    case Type.List:
      return 'List'
    case Type.Struct:
      return 'Struct'
    default:
      throw internalError(`no vectors for the Arrow type ${type}`)
  }
}

/** Whether two types are the same in every parameter (unit, zone, precision, scale, children). */
export function typesEqual(a: DataType, b: DataType): boolean {
  return a === b || typeKey(a) === typeKey(b)
}

/** A string that is equal exactly for equal types, such as `Timestamp(MILLISECOND)` or `List<Int64>`. */
export function typeKey(type: DataType): string {
  switch (typeName(type)) {
    case 'Decimal': {
      const decimal = type as unknown as { precision: number; scale: number }
      return `Decimal(${decimal.precision}, ${decimal.scale})`
    }
    case 'Time':
      return `Time(${(type as unknown as { unit: number }).unit})`
    case 'Timestamp': {
      const timestamp = type as unknown as { unit: number; timezone?: string | null }
      const unit = ['SECOND', 'MILLISECOND', 'MICROSECOND', 'NANOSECOND'][timestamp.unit]
      return timestamp.timezone ? `Timestamp(${unit}, ${timestamp.timezone})` : `Timestamp(${unit})`
    }
    case 'List':
      return `List<${typeKey(type.children![0]!.type)}>`
    case 'Struct':
      return `Struct<${type.children!.map((child) => `${child.name}: ${typeKey(child.type)}`).join(', ')}>`
    default:
      return typeName(type)
  }
}
