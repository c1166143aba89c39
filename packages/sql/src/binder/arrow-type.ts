import {
  arrowTypeName,
  BINARY,
  BOOL,
  DATE,
  decimalType,
  FLOAT32,
  FLOAT64,
  INT16,
  INT32,
  INT64,
  INT8,
  INTERVAL,
  listType,
  NULL,
  SqlState,
  structType,
  timeType,
  TimeUnit,
  timestampType,
  UINT16,
  UINT32,
  UINT64,
  UINT8,
  UTF8,
  withLayout,
} from '@volley/core'
import type { DataType } from 'apache-arrow'
import type { Position } from '../parser/ast.ts'
import { sqlError } from './errors.ts'

const SIMPLE: Readonly<Record<string, DataType>> = {
  Null: NULL,
  Boolean: BOOL,
  Int8: INT8,
  Int16: INT16,
  Int32: INT32,
  Int64: INT64,
  UInt8: UINT8,
  UInt16: UINT16,
  UInt32: UINT32,
  UInt64: UINT64,
  Float16: withLayout(FLOAT32, 'Float16'),
  Float32: FLOAT32,
  Float64: FLOAT64,
  Utf8: UTF8,
  LargeUtf8: withLayout(UTF8, 'LargeUtf8'),
  Utf8View: withLayout(UTF8, 'Utf8View'),
  Binary: BINARY,
  LargeBinary: withLayout(BINARY, 'LargeBinary'),
  BinaryView: withLayout(BINARY, 'BinaryView'),
  Date32: DATE,
  Date64: withLayout(timestampType(TimeUnit.MILLISECOND), 'Date64'),
}

const UNITS: Readonly<Record<string, TimeUnit>> = {
  Second: TimeUnit.SECOND,
  s: TimeUnit.SECOND,
  Millisecond: TimeUnit.MILLISECOND,
  ms: TimeUnit.MILLISECOND,
  Microsecond: TimeUnit.MICROSECOND,
  us: TimeUnit.MICROSECOND,
  µs: TimeUnit.MICROSECOND,
  Nanosecond: TimeUnit.NANOSECOND,
  ns: TimeUnit.NANOSECOND,
}

/** Arguments of a type's parentheses: what stands between commas outside of inner parentheses and quotes. */
function argumentsOf(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let quoted = false
  let start = 0
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!
    if (character === '"') quoted = !quoted
    else if (quoted) continue
    else if (character === '(') depth++
    else if (character === ')') depth--
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, i).trim())
      start = i + 1
    }
  }
  parts.push(text.slice(start).trim())
  return parts
}

/**
 * An Arrow type by the name that DataFusion's `arrow_cast` takes, such as `Timestamp(Nanosecond, None)`. Layouts of one type
 * (large, view, fixed-size, dictionary, run-end) are one here.
 *
 * @throws VolleyError 42704
 */
export function arrowType(text: string, at: Position | null): DataType {
  const name = text.trim().replace(/^(?:non-null|nullable)\s+/, '')
  const simple = Object.hasOwn(SIMPLE, name) ? SIMPLE[name] : undefined
  if (simple !== undefined) return simple
  const [, outer, inner = ''] = /^(\w+)\s*\((.*)\)$/s.exec(name) ?? []
  const parts = argumentsOf(inner)
  const type = outer === undefined ? null : parameterized(outer, parts, at)
  if (type !== null) return type
  throw sqlError(SqlState.undefinedObject, `Arrow type "${text}" does not exist`, at)
}

function nullability(text: string): string {
  return text.trim().startsWith('non-null ') ? 'non-null ' : ''
}

function parameterized(outer: string, parts: readonly string[], at: Position | null): DataType | null {
  const unit = UNITS[parts[0] ?? '']
  switch (outer) {
    case 'Timestamp': {
      const zone = /^(?:Some\()?"([^"]+)"\)?$/.exec(parts[1] ?? '')?.[1] ?? null
      return unit === undefined || parts.length > 2 ? null : timestampType(unit, zone)
    }
    case 'Time32':
      return unit === TimeUnit.SECOND || unit === TimeUnit.MILLISECOND ? timeType(unit) : null
    case 'Time64':
      return unit === TimeUnit.MICROSECOND || unit === TimeUnit.NANOSECOND ? timeType(unit) : null
    case 'Interval':
      return parts[0] === 'MonthDayNano' ? INTERVAL : withLayout(INTERVAL, `Interval(${parts[0]})`)
    case 'Duration':
      return unit === undefined ? null : withLayout(INTERVAL, `Duration(${['s', 'ms', 'µs', 'ns'][unit]})`)
    case 'Decimal32':
    case 'Decimal64':
    case 'Decimal128':
    case 'Decimal256': {
      const [precision, scale] = parts.map(Number)
      const fits =
        Number.isInteger(precision) &&
        Number.isInteger(scale) &&
        precision! >= 1 &&
        precision! <= (outer === 'Decimal256' ? 76 : 38) &&
        scale! >= 0 &&
        scale! <= Math.min(precision!, 38)
      if (!fits) return null
      const decimal = decimalType(Math.min(precision!, 38), scale!)
      return outer === 'Decimal128' ? decimal : withLayout(decimal, `${outer}(${precision}, ${scale})`)
    }
    case 'Dictionary': {
      if (parts.length !== 2) return null
      const values = arrowType(parts[1]!, at)
      return withLayout(values, `Dictionary(${parts[0]}, ${arrowTypeName(values)})`)
    }
    case 'RunEndEncoded': {
      const values = /^"values":\s*(.*)$/s.exec(parts[1] ?? '')?.[1]
      return values === undefined ? null : arrowType(values, at)
    }
    case 'FixedSizeBinary':
      return BINARY
    case 'FixedSizeList': {
      const element = parts[1] ?? /^\d+\s*x\s*(.*)$/s.exec(parts[0]!)?.[1]
      if (element === undefined) return null
      const list = listType(arrowType(element, at))
      const size = /^\d+/.exec(parts[0]!)?.[0]
      return withLayout(
        list,
        `FixedSizeList(${size} x ${nullability(element)}${arrowTypeName(list.children![0]!.type)})`,
      )
    }
    case 'List':
    case 'LargeList':
    case 'ListView':
    case 'LargeListView': {
      const element = arrowType(parts[0]!, at)
      const rest = parts.slice(1).map((part) => `, ${part}`)
      const plain = outer === 'List' && rest.length === 0 && nullability(parts[0]!) === ''
      const list = listType(element)
      return plain
        ? list
        : withLayout(list, `${outer}(${nullability(parts[0]!)}${arrowTypeName(element)}${rest.join('')})`)
    }
    case 'Struct':
      return structOf(parts, at)
    default:
      return null
  }
}

/** `Struct("a": Int64, "b": Utf8)`. */
function structOf(parts: readonly string[], at: Position | null): DataType | null {
  const fields: (readonly [string, DataType])[] = []
  for (const part of parts) {
    const match = /^"([^"]*)":\s*(.*)$/s.exec(part) ?? /^(\w+)\s+(.*)$/s.exec(part)
    if (match === null) return null
    fields.push([match[1]!, arrowType(match[2]!, at)])
  }
  return structType(fields)
}
