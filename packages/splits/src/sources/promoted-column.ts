import { PrimitiveVector, typeName, vectorOf, type ScalarValue, type Vector } from '@volley/core'
import type { Region } from '@volley/kernels'
import type { BytesColumn, Column, DocRows, IpColumn, NumericColumn, StoredValue, TermList } from '@volley/tantivy'
import type { DataType } from 'apache-arrow'
import { columnValue } from '../mapping/column-value.ts'
import type { MappedField } from '../mapping/doc-mapping.ts'
import type { FastColumn } from './fast-column.ts'

/** Whether a column has each value as the document was given it: dates may be cut, texts normalized or left out. */
export function isExact({ type }: Column): boolean {
  return type === 'i64' || type === 'u64' || type === 'f64' || type === 'bool' || type === 'ip'
}

/**
 * A column that a split wrote for a field of another type, as vectors of the field's type today: each value is what it
 * would be if it came from the document, NULL where it is none of that type. Of several values a scalar is the first.
 */
export function promotedColumn(column: Column, type: DataType, field: MappedField): FastColumn {
  const read =
    typeName(type) === 'Float64' && (column.type === 'i64' || column.type === 'u64')
      ? doublesOf(column as NumericColumn, type)
      : valuesOf(column, type, field)
  return {
    readRange: (start, end, region) => read({ start, end }, end - start, region),
    readDocs: (docs, region) => read({ docs, count: docs.length }, docs.length, region),
  }
}

type Read = (rows: DocRows, count: number, region: Region) => Vector | Promise<Vector>

const TWO_32 = 4294967296

/** Whole numbers as doubles: of the two halves, added with one rounding. */
function doublesOf(column: NumericColumn, type: DataType): Read {
  return (rows, count, region) => {
    const validity = region.bitmap(count, false)
    const whole = column.type === 'i64' ? region.i64(count) : region.u64(count)
    const nulls =
      'docs' in rows
        ? column.readDocs(rows.docs, count, whole, validity)
        : column.readRange(rows.start, rows.end, whole, validity)
    const low = new Uint32Array(whole.buffer, whole.byteOffset, 2 * count)
    const high = column.type === 'i64' ? new Int32Array(whole.buffer, whole.byteOffset, 2 * count) : low
    const doubles = region.f64(count)
    for (let k = 0; k < count; k++) doubles[k] = high[2 * k + 1]! * TWO_32 + low[2 * k]!
    return new PrimitiveVector(type, count, nulls === 0 ? null : validity, doubles)
  }
}

function valuesOf(column: Column, type: DataType, field: MappedField): Read {
  return async (rows, count, region) => {
    const { offsets, valueAt } = await storedLists(column, rows)
    const values: ScalarValue[] = []
    for (let k = 0; k < count; k++) {
      const [from, end] = [offsets[k]!, offsets[k + 1]!]
      if (from === end) values.push(null)
      else if (field.array) {
        values.push(Array.from({ length: end - from }, (_, i) => columnValue(valueAt(from + i), field)))
      } else values.push(columnValue(valueAt(from), field))
    }
    return vectorOf(type, values, region)
  }
}

interface StoredLists {
  /** Entry k owns values offsets[k] up to offsets[k + 1]. */
  readonly offsets: Int32Array
  readonly valueAt: (i: number) => StoredValue
}

async function storedLists(column: Column, rows: DocRows): Promise<StoredLists> {
  switch (column.type) {
    case 'str':
    case 'bytes': {
      const { dictionary, type } = column as BytesColumn
      const { offsets, values } = (column as BytesColumn).readOrdinalLists(rows)
      const ordinals = new Uint32Array(new Set(values)).sort()
      const places = new Map([...ordinals].map((ordinal, i) => [ordinal, i]))
      const terms = await dictionary.termsOf(ordinals)
      const bytesAt = (i: number): Uint8Array => termAt(terms, places.get(values[i]!)!)
      return {
        offsets,
        valueAt: (i) =>
          type === 'str' ? { type: 'str', value: decoder.decode(bytesAt(i)) } : { type: 'bytes', value: bytesAt(i) },
      }
    }
    case 'ip': {
      const { offsets, values } = (column as IpColumn).readLists(rows)
      return { offsets, valueAt: (i) => ({ type: 'ip', value: bigEndian(values, 16 * i) }) }
    }
    default: {
      const { offsets, values } = (column as NumericColumn).readLists(rows)
      const { type } = column
      if (type === 'bool') return { offsets, valueAt: (i) => ({ type, value: values[i] === 1 }) }
      return { offsets, valueAt: (i) => ({ type, value: values[i]! }) as StoredValue }
    }
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

function termAt({ offsets, bytes }: TermList, i: number): Uint8Array {
  return bytes.slice(offsets[i], offsets[i + 1])
}

function bigEndian(octets: Uint8Array, at: number): bigint {
  let value = 0n
  for (let k = at; k < at + 16; k++) value = (value << 8n) | BigInt(octets[k]!)
  return value
}
