import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import { typeName } from '../types/data-types.ts'
import { isIntervalValue, type ScalarValue } from '../types/scalar-value.ts'
import { elementType } from '../types/type-factory.ts'
import { BytesWriter } from './bytes-writer.ts'
import {
  BoolVector,
  BytesVector,
  ConstantVector,
  ListVector,
  NullVector,
  PrimitiveVector,
  StructVector,
  type PrimitiveArray,
  type Vector,
} from './vector.ts'

/** Value slots of `length` rows of a fixed-width type (4 words a row for Decimal and Interval), contents undefined. */
export function allocValues(type: DataType, length: number, region: Region): PrimitiveArray {
  const name = typeName(type)
  switch (name) {
    case 'Int8':
      return region.i8(length)
    case 'Int16':
      return region.i16(length)
    case 'Int32':
    case 'Date':
      return region.i32(length)
    case 'Int64':
    case 'Time':
    case 'Timestamp':
      return region.i64(length)
    case 'Uint8':
      return region.u8(length)
    case 'Uint16':
      return region.u16(length)
    case 'Uint32':
      return region.u32(length)
    case 'Uint64':
      return region.u64(length)
    case 'Float32':
      return region.f32(length)
    case 'Float64':
      return region.f64(length)
    case 'Decimal':
      return region.u32(length * 4)
    case 'Interval':
      return region.i32(length * 4)
    default:
      throw notSupported(`a fixed-width column of ${name}`)
  }
}

/** Entries of the value array in one row: 4 words for Decimal and Interval, else 1. */
export function slotsPerRow(type: DataType): number {
  const name = typeName(type)
  return name === 'Decimal' || name === 'Interval' ? 4 : 1
}

/** Writes a 128-bit two's complement number as four little-endian words. */
export function writeDecimal(words: Uint32Array, row: number, value: bigint): void {
  const at = row * 4
  words[at] = Number(BigInt.asUintN(32, value))
  words[at + 1] = Number(BigInt.asUintN(32, value >> 32n))
  words[at + 2] = Number(BigInt.asUintN(32, value >> 64n))
  words[at + 3] = Number(BigInt.asUintN(32, value >> 96n))
}

/** The number in four little-endian words. */
export function readDecimal(words: Uint32Array, row: number): bigint {
  const at = row * 4
  const low = (BigInt(words[at + 1]!) << 32n) | BigInt(words[at]!)
  const high = (BigInt(words[at + 3]! | 0) << 32n) | BigInt(words[at + 2]!)
  return (high << 64n) | low
}

function bitmapOf(values: readonly ScalarValue[], isSet: (value: ScalarValue) => boolean, region: Region): Uint8Array {
  const bits = region.bitmap(values.length, false)
  for (let i = 0; i < values.length; i++) if (isSet(values[i]!)) bits[i >>> 3]! |= 1 << (i & 7)
  return bits
}

function bytesVectorOf(
  type: DataType,
  values: readonly ScalarValue[],
  validity: Uint8Array | null,
  region: Region,
): BytesVector {
  const writer = new BytesWriter(region, values.length, 64 + values.length * 16)
  for (const value of values) {
    if (typeof value === 'string') writer.appendText(value)
    else if (value instanceof Uint8Array) writer.append(value, 0, value.length)
    writer.endRow()
  }
  return writer.finish(type, validity)
}

/** Makes a vector of the given values, of which null is NULL. */
export function vectorOf(type: DataType, values: readonly ScalarValue[], region: Region): Vector {
  const length = values.length
  const name = typeName(type)
  if (name === 'Null') return new NullVector(type, length, null)
  const validity = values.includes(null) ? bitmapOf(values, (value) => value !== null, region) : null
  switch (name) {
    case 'Bool':
      return new BoolVector(
        type,
        length,
        validity,
        bitmapOf(values, (value) => value === true, region),
      )
    case 'Utf8':
    case 'Json':
    case 'Binary':
      return bytesVectorOf(type, values, validity, region)
    case 'List': {
      const offsets = region.i32(length + 1)
      const items: ScalarValue[] = []
      values.forEach((value, i) => {
        offsets[i] = items.length
        if (Array.isArray(value)) for (const item of value as readonly ScalarValue[]) items.push(item)
      })
      offsets[length] = items.length
      return new ListVector(type, length, validity, offsets, vectorOf(elementType(type), items, region))
    }
    case 'Struct': {
      const children = type.children!.map((field, i) =>
        vectorOf(
          field.type,
          values.map((value) => (Array.isArray(value) ? ((value as readonly ScalarValue[])[i] ?? null) : null)),
          region,
        ),
      )
      return new StructVector(type, length, validity, children)
    }
    case 'Decimal': {
      const words = region.u32(length * 4)
      values.forEach((value, i) => writeDecimal(words, i, (value ?? 0n) as bigint))
      return new PrimitiveVector(type, length, validity, words)
    }
    case 'Interval': {
      const words = region.i32(length * 4)
      values.forEach((value, i) => {
        const interval = value !== null && isIntervalValue(value) ? value : { months: 0, days: 0, nanos: 0n }
        words[i * 4] = interval.months
        words[i * 4 + 1] = interval.days
        words[i * 4 + 2] = Number(BigInt.asIntN(32, interval.nanos))
        words[i * 4 + 3] = Number(BigInt.asIntN(32, interval.nanos >> 32n))
      })
      return new PrimitiveVector(type, length, validity, words)
    }
    default: {
      const array = allocValues(type, length, region)
      const wide = array instanceof BigInt64Array || array instanceof BigUint64Array
      if (wide) for (let i = 0; i < length; i++) array[i] = BigInt((values[i] ?? 0) as number | bigint)
      else for (let i = 0; i < length; i++) (array as Float64Array)[i] = Number((values[i] ?? 0) as number | bigint)
      return new PrimitiveVector(type, length, validity, array)
    }
  }
}

/** One value in every row. */
export function constantVector(type: DataType, value: ScalarValue, length: number, region: Region): ConstantVector {
  return new ConstantVector(vectorOf(type, [value], region), length)
}
