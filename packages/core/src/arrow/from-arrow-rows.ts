import { Type, type Data, type DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { internalError } from '../errors.ts'
import { typeName, type TypeName } from '../types/data-types.ts'
import { slotsPerRow } from '../vectors/build.ts'
import { takeVector } from '../vectors/take.ts'
import { BytesVector, PrimitiveVector, type PrimitiveArray, type Vector } from '../vectors/vector.ts'
import { firstBit, nullBitmapOf, fromArrowData } from './from-arrow-data.ts'

/** Of one text in so many or fewer, copying each costs less than copying all and gathering those. */
const SPARSE = 10

/** Rows `start + rows[k]` of Arrow data (of a type that maps to `type`), copied into the region one by one. */
export function fromArrowRows(
  data: Data,
  type: DataType,
  start: number,
  rows: Uint32Array,
  count: number,
  region: Region,
): Vector {
  const name = typeName(type)
  const isText = name === 'Utf8' || name === 'Json' || name === 'Binary'
  const span = rows[count - 1]! + 1 - rows[0]!
  const isSparse = count * SPARSE <= span
  if (isText && isSparse && data.valueOffsets instanceof Int32Array) {
    return textsOf(data, type, start, rows, count, region)
  }
  const { values } = data as { values: unknown }
  if (isInPlace(name, data) && data.nullCount === 0) {
    const slots = slotsPerRow(type)
    const length = rows[count - 1]! + 1
    const all = (values as PrimitiveArray).subarray(start * slots, (start + length) * slots)
    return takeVector(new PrimitiveVector(type, length, null, all), rows, count, region)
  }
  // Of a run of rows that are few: those around them are copied with them.
  const from = start + rows[0]!
  const part = data.slice(from, span)
  const shifted = new Uint32Array(count)
  for (let k = 0; k < count; k++) shifted[k] = rows[k]! - rows[0]!
  return takeVector(fromArrowData(part, type, region), shifted, count, region)
}

/** Whether values lie in Arrow's memory as they do in a vector's. */
export function isInPlace(name: TypeName, data: Data): boolean {
  const { values } = data as { values: unknown }
  switch (name) {
    case 'Int64':
    case 'Timestamp':
      return values instanceof BigInt64Array
    case 'Int32':
    case 'Date':
      return values instanceof Int32Array && data.type.typeId !== Type.Dictionary
    case 'Decimal':
      return values instanceof Uint32Array
    case 'Float64':
      return values instanceof Float64Array
    default:
      return false
  }
}

function textsOf(
  data: Data,
  type: DataType,
  start: number,
  rows: Uint32Array,
  count: number,
  region: Region,
): BytesVector {
  const source = data.valueOffsets as unknown as Int32Array
  const values = data.values as Uint8Array
  const offsets = region.i32(count + 1)
  let end = 0
  for (let k = 0; k < count; k++) {
    offsets[k] = end
    const row = start + rows[k]!
    const length = source[row + 1]! - source[row]!
    if (length < 0 || source[row + 1]! > values.length)
      throw internalError('text offsets behind the end of their bytes')
    end += length
  }
  offsets[count] = end
  const bytes = region.u8(end)
  for (let k = 0; k < count; k++) {
    const from = source[start + rows[k]!]!
    const to = offsets[k]!
    const length = offsets[k + 1]! - to
    if (length > 32) bytes.set(values.subarray(from, from + length), to)
    else for (let i = 0; i < length; i++) bytes[to + i] = values[from + i]!
  }
  return new BytesVector(type, count, validityOfRows(data, start, rows, count, region), offsets, bytes)
}

function validityOfRows(
  data: Data,
  start: number,
  rows: Uint32Array,
  count: number,
  region: Region,
): Uint8Array | null {
  const bitmap = nullBitmapOf(data)
  if (bitmap === null) return null
  const first = firstBit(data, bitmap) + start
  const bits = region.bitmap(count, false)
  for (let k = 0; k < count; k++) {
    const bit = first + rows[k]!
    bits[k >>> 3]! |= ((bitmap[bit >>> 3]! >>> (bit & 7)) & 1) << (k & 7)
  }
  return bits
}
