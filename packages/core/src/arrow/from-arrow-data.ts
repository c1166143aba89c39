import { Type, type Data, type DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { internalError, notSupported } from '../errors.ts'
import { typeName } from '../types/data-types.ts'
import { writeInt64 } from '../types/ticks.ts'
import { elementType } from '../types/type-factory.ts'
import { copyBits } from '../vectors/bitmap.ts'
import { allocValues, slotsPerRow } from '../vectors/build.ts'
import { flattenVector } from '../vectors/flatten.ts'
import { wordsOf } from '../vectors/operand.ts'
import { concatVectors } from '../vectors/concat.ts'
import {
  BoolVector,
  BytesVector,
  DictionaryVector,
  ListVector,
  NullVector,
  PrimitiveVector,
  StructVector,
  type PrimitiveArray,
  type Vector,
} from '../vectors/vector.ts'

const MILLIS_PER_DAY = 86_400_000n

/** A vector of Arrow data (of an Arrow type that maps to `type`), copied into the region. */
export function fromArrowData(data: Data, type: DataType, region: Region): Vector {
  const { length } = data
  const validity = validityOf(data, region)
  if (data.type.typeId === Type.Dictionary) return fromDictionary(data, type, validity, region)
  switch (typeName(type)) {
    case 'Null':
      return new NullVector(type, length, null)
    case 'Bool': {
      const bits = region.bitmap(length, false)
      copyBits(data.values as Uint8Array, firstBit(data, data.values as Uint8Array), length, bits, 0)
      return new BoolVector(type, length, validity, bits)
    }
    case 'Utf8':
    case 'Json':
    case 'Binary':
      return fromBytes(data, type, validity, region)
    case 'List':
      return fromList(data, type, validity, region)
    case 'Struct':
      return new StructVector(
        type,
        length,
        validity,
        data.children.map((child, i) =>
          fromArrowData(sliced(child as Data, data.offset, length), type.children![i]!.type, region),
        ),
      )
    default:
      return new PrimitiveVector(type, length, validity, primitiveValues(data, type, region))
  }
}

/** A child's rows of a struct's: slicing a struct leaves its children whole. */
function sliced(child: Data, offset: number, length: number): Data {
  return offset === 0 && child.length === length
    ? child
    : child.slice(child.length >= offset + length ? offset : 0, length)
}

/** Bit of a bitmap that the first row is. apache-arrow leaves the bitmaps of a slice whole; others cut the whole bytes before it off. */
export function firstBit(data: Data, bitmap: Uint8Array): number {
  return bitmap.length * 8 >= data.offset + data.length ? data.offset : data.offset & 7
}

/** The bitmap of data that have NULLs; null for others, and for data of type Null, which have no bitmap at all. */
export function nullBitmapOf(data: Data): Uint8Array | null {
  return data.nullCount === 0 || (data.nullBitmap?.length ?? 0) === 0 ? null : data.nullBitmap
}

function validityOf(data: Data, region: Region): Uint8Array | null {
  const bitmap = nullBitmapOf(data)
  if (bitmap === null) return null
  const bits = region.bitmap(data.length, false)
  copyBits(bitmap, firstBit(data, bitmap), data.length, bits, 0)
  return bits
}

function fromBytes(data: Data, type: DataType, validity: Uint8Array | null, region: Region): BytesVector {
  const { length } = data
  const offsets = region.i32(length + 1)
  const values = data.values as Uint8Array
  const width = (data.type as unknown as { byteWidth?: number }).byteWidth
  let start = 0
  if (data.type.typeId === Type.FixedSizeBinary && width !== undefined) {
    for (let i = 0; i <= length; i++) offsets[i] = i * width
  } else {
    const source = data.valueOffsets as unknown as ArrayLike<number | bigint>
    start = Number(source[0] ?? 0)
    for (let i = 0; i <= length; i++) offsets[i] = Number(source[i] ?? 0) - start
  }
  const end = offsets[length]!
  if (end < 0 || start + end > values.length) throw internalError('text offsets behind the end of their bytes')
  const bytes = region.u8(end)
  bytes.set(values.subarray(start, start + end))
  return new BytesVector(type, length, validity, offsets, bytes)
}

function fromList(data: Data, type: DataType, validity: Uint8Array | null, region: Region): ListVector {
  const { length } = data
  const offsets = region.i32(length + 1)
  const size = (data.type as unknown as { listSize?: number }).listSize
  let start = 0
  if (data.type.typeId === Type.FixedSizeList && size !== undefined) {
    for (let i = 0; i <= length; i++) offsets[i] = i * size
  } else {
    start = data.valueOffsets[0] ?? 0
    for (let i = 0; i <= length; i++) offsets[i] = (data.valueOffsets[i] ?? 0) - start
  }
  const items = (data.children[0] as Data).slice(start, offsets[length]!)
  return new ListVector(type, length, validity, offsets, fromArrowData(items, elementType(type), region))
}

function fromDictionary(data: Data, type: DataType, validity: Uint8Array | null, region: Region): Vector {
  const chunks = data.dictionary!.data.map((chunk) => flattenVector(fromArrowData(chunk, type, region), null, region))
  if (chunks.length === 0) throw internalError('a dictionary without values')
  const dictionary = concatVectors(chunks, region)
  const indexes = data.values as ArrayLike<number | bigint>
  const codes = region.u32(data.length)
  let present = validity
  for (let i = 0; i < data.length; i++) {
    const isNull = validity !== null && ((validity[i >>> 3]! >>> (i & 7)) & 1) === 0
    const code = isNull ? 0 : Number(indexes[i])
    if (!isNull && (code < 0 || code >= dictionary.length)) throw internalError('a dictionary index out of bounds')
    codes[i] = code
    if (isNull || dictionary.isValid(code)) continue
    present ??= region.bitmap(data.length, true)
    present[i >>> 3]! &= ~(1 << (i & 7))
  }
  if (!(dictionary instanceof BytesVector)) throw notSupported(`a dictionary of ${type}`)
  return new DictionaryVector(type, data.length, present, codes, dictionary, false)
}

function primitiveValues(data: Data, type: DataType, region: Region): PrimitiveArray {
  const { length } = data
  const out = allocValues(type, length, region)
  const values = data.values as PrimitiveArray
  const name = typeName(type)
  if (name === 'Date' && values instanceof BigInt64Array) {
    for (let i = 0; i < length; i++) out[i] = Number(values[i]! / MILLIS_PER_DAY)
  } else if (name === 'Time' && values instanceof Int32Array) {
    const words = wordsOf(out)
    for (let i = 0; i < length; i++) writeInt64(words, 2 * i, values[i]!)
  } else if (name === 'Interval') intervalWords(data, out as Int32Array)
  else if (data.type.typeId === Type.Float && (data.type as unknown as { precision: number }).precision === 0) {
    for (let i = 0; i < length; i++) out[i] = halfToNumber(values[i] as number)
  } else (out as Float64Array).set(values.subarray(0, length * slotsPerRow(type)) as Float64Array)
  return out
}

/** Intervals of each unit (0 year-month, 1 day-time, 2 month-day-nano) as month-day-nano. */
function intervalWords(data: Data, out: Int32Array): void {
  const values = data.values as Int32Array
  const unit = (data.type as unknown as { unit: number }).unit
  for (let i = 0; i < data.length; i++) {
    const at = 4 * i
    if (unit === 2) for (let w = 0; w < 4; w++) out[at + w] = values[at + w]!
    else {
      out[at] = unit === 0 ? values[i]! : 0
      out[at + 1] = unit === 1 ? values[2 * i]! : 0
      writeInt64(out, at + 2, unit === 1 ? values[2 * i + 1]! * 1e6 : 0)
    }
  }
}

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
