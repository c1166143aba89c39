import {
  RecordBatch as ArrowRecordBatch,
  DateDay,
  DataType,
  Field,
  Float32,
  List,
  makeData,
  Schema,
  Struct,
  Type,
  Utf8,
  type Data,
} from 'apache-arrow'
import { Region } from '@volley/kernels'
import { internalError, notSupported } from '../errors.ts'
import { Json, typeName, typesEqual } from '../types/data-types.ts'
import { BINARY, INTERVAL, unitOf, UTF8 } from '../types/type-factory.ts'
import { flattenVector } from '../vectors/flatten.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { takeVector } from '../vectors/take.ts'
import type { BoolVector, BytesVector, ListVector, PrimitiveVector, StructVector, Vector } from '../vectors/vector.ts'
import { fromArrowData } from './from-arrow-data.ts'

const EXTENSION_NAME = 'ARROW:extension:name'
const JSON_EXTENSION = 'arrow.json'

function toArrowField(field: Field): Field {
  const metadata = new Map(field.metadata)
  if (typeName(field.type) === 'Json') metadata.set(EXTENSION_NAME, JSON_EXTENSION)
  return new Field(field.name, toArrowType(field.type), field.nullable, metadata)
}

function toArrowType(type: DataType): DataType {
  const name = typeName(type)
  if (name === 'Json') return new Utf8()
  if (name === 'Struct') return new Struct(type.children!.map(toArrowField))
  return name === 'List' ? new List(toArrowField(type.children![0]!)) : type
}

/** The schema as Arrow users see it: Json is Utf8 with the extension name `arrow.json` in its field's metadata. */
export function toArrowSchema(schema: Schema): Schema {
  return new Schema(schema.fields.map(toArrowField), schema.metadata)
}

function fromArrowField(field: Field): Field {
  const metadata = new Map(field.metadata)
  const json = metadata.get(EXTENSION_NAME) === JSON_EXTENSION
  metadata.delete(EXTENSION_NAME)
  return new Field(field.name, json ? new Json() : fromArrowType(field.type), field.nullable, metadata)
}

/** The engine's type of an Arrow type: dictionaries as their values, large text as text, dates in days. */
function fromArrowType(type: DataType): DataType {
  switch (type.typeId) {
    case Type.Dictionary:
      return fromArrowType((type as unknown as { dictionary: DataType }).dictionary)
    case Type.LargeUtf8:
      return UTF8
    case Type.LargeBinary:
    case Type.FixedSizeBinary:
      return BINARY
    case Type.Date:
      return new DateDay()
    case Type.Interval:
      return INTERVAL
    case Type.List:
    case Type.FixedSizeList:
      return new List(fromArrowField(type.children![0]!))
    case Type.Decimal:
      if ((type as unknown as { bitWidth: number }).bitWidth !== 128) throw notSupported(`a column of type ${type}`)
      return type
    case Type.Float:
      return (type as unknown as { precision: number }).precision === 0 ? new Float32() : type
    case Type.Struct:
      return new Struct(type.children!.map(fromArrowField))
    default:
      typeName(type)
      return type
  }
}

/**
 * The engine's schema of an Arrow schema: the inverse of `toArrowSchema`.
 *
 * @throws VolleyError for types that the engine has no vectors for.
 */
export function fromArrowSchema(schema: Schema): Schema {
  return new Schema(schema.fields.map(fromArrowField), schema.metadata)
}

function validityOf(vector: Vector): { nullCount: number; nullBitmap: Uint8Array | null } {
  if (vector.validity === null) return { nullCount: 0, nullBitmap: null }
  const nullBitmap = vector.validity.slice(0, (vector.length + 7) >>> 3)
  return { nullCount: vector.length - countBits(nullBitmap, vector.length), nullBitmap }
}

/** Bits set among the first `length` of a bitmap of as many bytes as they need. */
function countBits(bitmap: Uint8Array, length: number): number {
  let count = 0
  for (let i = 0; i < bitmap.length; i++) {
    let byte = bitmap[i]!
    if (i === length >>> 3) byte &= (1 << (length & 7)) - 1
    byte -= (byte >>> 1) & 0x55
    byte = (byte & 0x33) + ((byte >>> 2) & 0x33)
    count += (byte + (byte >>> 4)) & 0x0f
  }
  return count
}

/** A copy of the offsets of `length` rows that starts at 0. */
function offsetsFromZero(offsets: Int32Array, length: number): Int32Array {
  const start = offsets[0] ?? 0
  const copy = new Int32Array(length + 1)
  for (let i = 0; i <= length; i++) copy[i] = offsets[i]! - start
  return copy
}

/** Arrow's data of a vector, in ordinary memory. */
function toArrowData(vector: Vector, region: Region): Data {
  const flat = flattenVector(vector, null, region)
  const { length } = flat
  const type = toArrowType(flat.type)
  const common = { length, ...validityOf(flat) }
  switch (flat.encoding) {
    case 'null':
      return makeData({ type, length, nullCount: length } as never)
    case 'bool':
      return makeData({ type, ...common, data: (flat as BoolVector).bits.slice(0, (length + 7) >>> 3) } as never)
    case 'bytes': {
      const { offsets, bytes } = flat as BytesVector
      const start = offsets[0] ?? 0
      const valueOffsets = offsetsFromZero(offsets, length)
      return makeData({ type, ...common, valueOffsets, data: bytes.slice(start, offsets[length] ?? 0) } as never)
    }
    case 'list': {
      const { offsets, child } = flat as ListVector
      const start = offsets[0] ?? 0
      const valueOffsets = offsetsFromZero(offsets, length)
      const rows = region.u32((offsets[length] ?? 0) - start)
      for (let i = 0; i < rows.length; i++) rows[i] = start + i
      const items = toArrowData(takeVector(child, rows, rows.length, region), region)
      return makeData({ type, ...common, valueOffsets, child: items } as never)
    }
    case 'struct': {
      const children = (flat as StructVector).children.map((child) => toArrowData(child, region))
      return makeData({ type, ...common, children } as never)
    }
    case 'primitive': {
      const { values } = flat as PrimitiveVector
      const copy = values.slice()
      const narrow = typeName(flat.type) === 'Time' && unitOf(flat.type) < 2
      const data = narrow ? Int32Array.from(copy as BigInt64Array, Number) : copy
      return makeData({ type, ...common, data } as never)
    }
    default:
      throw internalError(`no Arrow data of ${flat.type}`)
  }
}

/** A copy of the selected rows in ordinary memory. */
export function toArrowRecordBatch(batch: RecordBatch): ArrowRecordBatch {
  return copyAs(toArrowSchema(batch.schema), batch)
}

/**
 * The same for IPC that `fromArrowRecordBatch` reads, which goes by the place of columns: where a name is there twice, names
 * are numbers, for apache-arrow gives all columns of one name one type.
 */
export function toIpcRecordBatch(batch: RecordBatch): ArrowRecordBatch {
  const schema = toArrowSchema(batch.schema)
  const { fields } = schema
  if (new Set(fields.map(({ name }) => name)).size === fields.length) return copyAs(schema, batch)
  const numbered = fields.map(({ type, nullable, metadata }, i) => new Field(String(i), type, nullable, metadata))
  return copyAs(new Schema(numbered, schema.metadata), batch)
}

function copyAs(schema: Schema, batch: RecordBatch): ArrowRecordBatch {
  const scratch = new Region(batch.region.arena)
  try {
    const children = batch.columns.map((column) => {
      const dense = batch.selection === null ? column : takeVector(column, batch.selection, batch.numRows, scratch)
      return toArrowData(dense, scratch)
    })
    const data = makeData({ type: new Struct(schema.fields), length: batch.numRows, nullCount: 0, children })
    return new ArrowRecordBatch(schema, data as Data<Struct>)
  } finally {
    scratch.release()
  }
}

/**
 * A copy in the region's memory; `schema` is the engine's, as `fromArrowSchema` gives it. Each column must have the type
 * that the schema says.
 */
export function fromArrowRecordBatch(batch: ArrowRecordBatch, schema: Schema, region: Region): RecordBatch {
  const columns = schema.fields.map((field, i) => {
    const data = batch.data.children[i]
    if (data === undefined) throw internalError(`a batch without the column ${field.name}`)
    if (!typesEqual(fromArrowField(batch.schema.fields[i]!).type, field.type)) {
      throw internalError(`the column ${field.name} is ${data.type}, not ${field.type}`)
    }
    return fromArrowData(data, field.type, region)
  })
  return new RecordBatch(schema, columns, batch.numRows, null, region)
}
