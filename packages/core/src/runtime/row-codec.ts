import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { internalError } from '../errors.ts'
import { typeName } from '../types/data-types.ts'
import { elementType } from '../types/type-factory.ts'
import { allocValues } from '../vectors/build.ts'
import { intervalLength } from '../vectors/compare.ts'
import { Operand, wordsOf } from '../vectors/operand.ts'
import {
  BoolVector,
  BytesVector,
  ListVector,
  NullVector,
  PrimitiveVector,
  StructVector,
  type Vector,
} from '../vectors/vector.ts'
import { finishSteps, type Steps } from './run-steps.ts'

/** Encoded rows: the k-th is `bytes[offsets[k] .. offsets[k + 1])`. Valid until the codec's next `encode`. */
export interface EncodedRows {
  readonly offsets: Uint32Array
  readonly bytes: Uint8Array
}

type Width = 0 | 1 | 2 | 4 | 8 | 16

/**
 * Rows of several columns as byte strings. A value is a byte that says whether it is there and its bytes: fixed-width
 * ones as they are, text with its length (4 bytes) before it, lists as their length and items. `canonical` encodings are
 * equal exactly where the values are: -0 as 0, one NaN, intervals by length.
 */
export class RowCodec {
  readonly types: readonly DataType[]
  readonly #canonical: boolean
  #bytes = new Uint8Array(4096)
  #offsets = new Uint32Array(256)

  constructor(types: readonly DataType[], canonical: boolean) {
    this.types = types
    this.#canonical = canonical
  }

  encode(columns: readonly Vector[], rows: Uint32Array, count: number): EncodedRows {
    if (this.#offsets.length <= count) this.#offsets = new Uint32Array(Math.max(count + 1, this.#offsets.length * 2))
    const offsets = this.#offsets
    const cursors = new Uint32Array(count)
    const operands = columns.map((column) => new Operand(column))
    operands.forEach((operand, c) => addSizes(operand, this.types[c]!, rows, count, cursors))
    let total = 0
    for (let k = 0; k < count; k++) {
      const size = cursors[k]!
      offsets[k] = total
      cursors[k] = total
      total += size
    }
    offsets[count] = total
    if (this.#bytes.length < total) this.#bytes = new Uint8Array(Math.max(total, this.#bytes.length * 2))
    const bytes = this.#bytes
    operands.forEach((operand, c) => writeColumn(operand, this.types[c]!, rows, count, bytes, cursors, this.#canonical))
    return { offsets, bytes }
  }

  /** The columns of encoded rows; `starts` holds where each row begins, and is moved to its end. */
  decode(bytes: Uint8Array, starts: Uint32Array, count: number, region: Region): Vector[] {
    return finishSteps(this.decodeSteps(bytes, starts, count, region))
  }

  /** The same, column by column. */
  *decodeSteps(bytes: Uint8Array, starts: Uint32Array, count: number, region: Region): Steps<Vector[]> {
    const columns: Vector[] = []
    for (const type of this.types) {
      columns.push(readColumn(type, bytes, starts, count, region))
      yield
    }
    return columns
  }
}

function widthOf(type: DataType): Width {
  switch (typeName(type)) {
    case 'Null':
      return 0
    case 'Bool':
    case 'Int8':
    case 'Uint8':
      return 1
    case 'Int16':
    case 'Uint16':
      return 2
    case 'Int32':
    case 'Uint32':
    case 'Date':
    case 'Float32':
      return 4
    case 'Decimal':
    case 'Interval':
      return 16
    case 'Int64':
    case 'Uint64':
    case 'Time':
    case 'Timestamp':
    case 'Float64':
      return 8
    default:
      return 0
  }
}

function isBytes(type: DataType): boolean {
  const name = typeName(type)
  return name === 'Utf8' || name === 'Json' || name === 'Binary'
}

function addSizes(operand: Operand, type: DataType, rows: Uint32Array, count: number, sizes: Uint32Array): void {
  if (operand.data.encoding === 'null') {
    for (let k = 0; k < count; k++) sizes[k]! += 1
  } else if (isBytes(type)) {
    const { offsets } = operand.bytes
    for (let k = 0; k < count; k++) {
      const row = rows[k]!
      if (!operand.isValid(row)) sizes[k]! += 1
      else {
        const at = operand.at(row)
        sizes[k]! += 5 + offsets[at + 1]! - offsets[at]!
      }
    }
  } else if (operand.data.encoding === 'list' || operand.data.encoding === 'struct') {
    for (let k = 0; k < count; k++) sizes[k]! += sizeOfValue(operand, type, rows[k]!)
  } else {
    const width = 1 + widthOf(type)
    if (operand.validity === null) for (let k = 0; k < count; k++) sizes[k]! += width
    else for (let k = 0; k < count; k++) sizes[k]! += operand.isValid(rows[k]!) ? width : 1
  }
}

function sizeOfValue(operand: Operand, type: DataType, row: number): number {
  if (!operand.isValid(row)) return 1
  const at = operand.at(row)
  if (isBytes(type)) return 5 + operand.bytes.offsets[at + 1]! - operand.bytes.offsets[at]!
  if (operand.data.encoding === 'struct') {
    return (operand.data as StructVector).children.reduce(
      (sum, child, i) => sum + sizeOfValue(new Operand(child), type.children![i]!.type, at),
      1,
    )
  }
  if (operand.data.encoding !== 'list') return 1 + widthOf(type)
  const { offsets, child } = operand.data as ListVector
  const items = new Operand(child)
  let size = 5
  for (let i = offsets[at]!; i < offsets[at + 1]!; i++) size += sizeOfValue(items, elementType(type), i)
  return size
}

function writeColumn(
  operand: Operand,
  type: DataType,
  rows: Uint32Array,
  count: number,
  out: Uint8Array,
  cursors: Uint32Array,
  canonical: boolean,
): void {
  if (operand.data.encoding === 'list') {
    for (let k = 0; k < count; k++) {
      const one = rows.subarray(k, k + 1)
      cursors[k] = writeList(operand, type, one[0]!, out, cursors[k]!, canonical)
    }
    return
  }
  if (operand.data.encoding === 'struct') {
    writeStructs(operand, type, rows, count, out, cursors, canonical)
    return
  }
  const always = operand.data.encoding === 'null'
  const text = !always && isBytes(type)
  const source = always ? null : sourceBytes(operand, type, canonical)
  const width = widthOf(type)
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    let at = cursors[k]!
    if (always || !operand.isValid(row)) {
      out[at++] = 0
    } else {
      out[at++] = 1
      const from = operand.at(row)
      if (text) {
        const { offsets } = operand.bytes
        at = writeText(source!, offsets[from]!, offsets[from + 1]!, out, at)
      } else {
        const start = from * width
        for (let i = 0; i < width; i++) out[at + i] = source![start + i]!
        at += width
      }
    }
    cursors[k] = at
  }
}

function writeStructs(
  operand: Operand,
  type: DataType,
  rows: Uint32Array,
  count: number,
  out: Uint8Array,
  cursors: Uint32Array,
  canonical: boolean,
): void {
  const fields = (operand.data as StructVector).children.map((child) => new Operand(child))
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    const present = operand.isValid(row)
    out[cursors[k]!] = +present
    cursors[k]!++
    if (!present) continue
    const inner = Uint32Array.of(operand.at(row))
    const cursor = cursors.subarray(k, k + 1)
    fields.forEach((field, i) => writeColumn(field, type.children![i]!.type, inner, 1, out, cursor, canonical))
  }
}

function writeText(source: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  const length = end - start
  out[at] = length
  out[at + 1] = length >>> 8
  out[at + 2] = length >>> 16
  out[at + 3] = length >>> 24
  for (let i = 0; i < length; i++) out[at + 4 + i] = source[start + i]!
  return at + 4 + length
}

function writeList(
  operand: Operand,
  type: DataType,
  row: number,
  out: Uint8Array,
  at: number,
  canonical: boolean,
): number {
  if (!operand.isValid(row)) {
    out[at] = 0
    return at + 1
  }
  const { offsets, child } = operand.data as ListVector
  const inner = operand.at(row)
  const start = offsets[inner]!
  const length = offsets[inner + 1]! - start
  out[at] = 1
  out[at + 1] = length
  out[at + 2] = length >>> 8
  out[at + 3] = length >>> 16
  out[at + 4] = length >>> 24
  const items = new Operand(child)
  const cursor = Uint32Array.of(at + 5)
  const one = new Uint32Array(1)
  for (let i = start; i < start + length; i++) {
    one[0] = i
    writeColumn(items, elementType(type), one, 1, out, cursor, canonical)
  }
  return cursor[0]!
}

/** Bytes of the values of a column, one width after the other; for text, the text. */
function sourceBytes(operand: Operand, type: DataType, canonical: boolean): Uint8Array {
  const { data } = operand
  switch (data.encoding) {
    case 'bytes':
      return operand.bytes.bytes
    case 'bool': {
      const { bits, length } = data as BoolVector
      const out = new Uint8Array(length)
      for (let i = 0; i < length; i++) out[i] = (bits[i >>> 3]! >>> (i & 7)) & 1
      return out
    }
    case 'primitive': {
      let values: ArrayBufferView = (data as PrimitiveVector).values
      const name = typeName(type)
      if (canonical && name === 'Float64')
        values = canonicalFloats(values as Float64Array, new Float64Array(data.length))
      if (canonical && name === 'Float32')
        values = canonicalFloats(values as Float32Array, new Float32Array(data.length))
      if (canonical && name === 'Interval') values = canonicalIntervals(wordsOf(values), data.length)
      return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength)
    }
    default:
      throw internalError(`encoding ${type}`)
  }
}

function canonicalFloats<T extends Float32Array | Float64Array>(values: T, out: T): T {
  // Adding 0 turns -0 into 0; storing NaN stores the one NaN that JavaScript has for arithmetic.
  for (let i = 0; i < out.length; i++) out[i] = values[i] === values[i] ? values[i]! + 0 : Number.NaN
  return out
}

const NANOS_PER_DAY = 86_400_000_000_000n

function canonicalIntervals(words: Int32Array, length: number): Int32Array {
  const out = new Int32Array(length * 4)
  for (let i = 0; i < length; i++) {
    const total = intervalLength(words, i)
    const days = total / NANOS_PER_DAY
    const nanos = total % NANOS_PER_DAY
    out[i * 4] = Number(days / 30n)
    out[i * 4 + 1] = Number(days % 30n)
    out[i * 4 + 2] = Number(BigInt.asIntN(32, nanos))
    out[i * 4 + 3] = Number(BigInt.asIntN(32, nanos >> 32n))
  }
  return out
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

/** Where the value at `at` ends. */
function skipValue(type: DataType, bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0) return at + 1
  if (isBytes(type)) return at + 5 + lengthAt(bytes, at + 1)
  if (typeName(type) === 'Struct')
    return type.children!.reduce((end, field) => skipValue(field.type, bytes, end), at + 1)
  if (typeName(type) !== 'List') return at + 1 + widthOf(type)
  const length = lengthAt(bytes, at + 1)
  let end = at + 5
  for (let i = 0; i < length; i++) end = skipValue(elementType(type), bytes, end)
  return end
}

function readColumn(type: DataType, bytes: Uint8Array, cursors: Uint32Array, count: number, region: Region): Vector {
  let validity: Uint8Array | null = null
  const presence = (): Uint8Array => {
    const bits = region.bitmap(count, false)
    for (let k = 0; k < count; k++) bits[k >>> 3]! |= bytes[cursors[k]!]! << (k & 7)
    return bits
  }
  for (let k = 0; k < count; k++) {
    if (bytes[cursors[k]!] === 0) {
      validity = presence()
      break
    }
  }
  const name = typeName(type)
  if (name === 'Null') {
    for (let k = 0; k < count; k++) cursors[k]! += 1
    return new NullVector(type, count, null)
  }
  if (isBytes(type)) return readText(type, bytes, cursors, count, validity, region)
  if (name === 'Struct') return readStructs(type, bytes, cursors, count, validity, region)
  if (name === 'List') return readLists(type, bytes, cursors, count, validity, region)
  if (name === 'Bool') {
    const bits = region.bitmap(count, false)
    for (let k = 0; k < count; k++) {
      const at = cursors[k]!
      if (bytes[at] === 1) bits[k >>> 3]! |= bytes[at + 1]! << (k & 7)
      cursors[k] = at + 1 + bytes[at]!
    }
    return new BoolVector(type, count, validity, bits)
  }
  const values = allocValues(type, count, region)
  const out = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength)
  const width = widthOf(type)
  for (let k = 0; k < count; k++) {
    const at = cursors[k]!
    if (bytes[at] === 0) {
      for (let i = 0; i < width; i++) out[k * width + i] = 0
      cursors[k] = at + 1
    } else {
      for (let i = 0; i < width; i++) out[k * width + i] = bytes[at + 1 + i]!
      cursors[k] = at + 1 + width
    }
  }
  return new PrimitiveVector(type, count, validity, values)
}

/** Texts of up to so many bytes are copied by a loop, without a view of each. */
const SHORT = 32

function readText(
  type: DataType,
  bytes: Uint8Array,
  cursors: Uint32Array,
  count: number,
  validity: Uint8Array | null,
  region: Region,
): BytesVector {
  const offsets = region.i32(count + 1)
  let end = 0
  for (let k = 0; k < count; k++) {
    offsets[k] = end
    if (bytes[cursors[k]!] === 1) end += lengthAt(bytes, cursors[k]! + 1)
  }
  offsets[count] = end
  const out = region.u8(end)
  for (let k = 0; k < count; k++) {
    const at = cursors[k]!
    if (bytes[at] === 0) {
      cursors[k] = at + 1
      continue
    }
    const [start, length] = [offsets[k]!, offsets[k + 1]! - offsets[k]!]
    if (length > SHORT) out.set(bytes.subarray(at + 5, at + 5 + length), start)
    else for (let i = 0; i < length; i++) out[start + i] = bytes[at + 5 + i]!
    cursors[k] = at + 5 + length
  }
  return new BytesVector(type, count, validity, offsets, out)
}

function readStructs(
  type: DataType,
  bytes: Uint8Array,
  cursors: Uint32Array,
  count: number,
  validity: Uint8Array | null,
  region: Region,
): StructVector {
  // Fields of a NULL row are not written: they are read from a byte that says NULL.
  const missing = new Uint8Array(bytes.length + 1)
  missing.set(bytes)
  const places = new Uint32Array(count)
  for (let k = 0; k < count; k++) {
    const present = bytes[cursors[k]!] === 1
    places[k] = present ? cursors[k]! + 1 : bytes.length
    cursors[k]!++
  }
  const children = type.children!.map((field) => {
    const child = readColumn(field.type, missing, places, count, region)
    for (let k = 0; k < count; k++) if (places[k]! > bytes.length) places[k] = bytes.length
    return child
  })
  for (let k = 0; k < count; k++) if (bytes[cursors[k]! - 1] === 1) cursors[k] = places[k]!
  return new StructVector(type, count, validity, children)
}

function readLists(
  type: DataType,
  bytes: Uint8Array,
  cursors: Uint32Array,
  count: number,
  validity: Uint8Array | null,
  region: Region,
): ListVector {
  const element = elementType(type)
  const offsets = region.i32(count + 1)
  const items: number[] = []
  for (let k = 0; k < count; k++) {
    offsets[k] = items.length
    const start = cursors[k]!
    if (bytes[start] === 0) {
      cursors[k] = start + 1
      continue
    }
    let at = start + 5
    const length = lengthAt(bytes, start + 1)
    for (let i = 0; i < length; i++) {
      items.push(at)
      at = skipValue(element, bytes, at)
    }
    cursors[k] = at
  }
  offsets[count] = items.length
  const child = readColumn(element, bytes, Uint32Array.from(items), items.length, region)
  return new ListVector(type, count, validity, offsets, child)
}
