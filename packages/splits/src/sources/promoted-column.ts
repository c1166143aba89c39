import {
  castVector,
  INT64,
  PrimitiveVector,
  typeName,
  UINT64,
  vectorOf,
  type ScalarValue,
  type Vector,
} from '@volley/core'
import type { Region } from '@volley/kernels'
import type { BytesColumn, Column, DocRows, IpColumn, NumericColumn, StoredValue, TermList } from '@volley/tantivy'
import type { DataType } from 'apache-arrow'
import { lowerBound } from '../filters/doc-lists.ts'
import { columnValue } from '../mapping/column-value.ts'
import type { MappedField } from '../mapping/doc-mapping.ts'
import { addressAt, type FastColumn } from './fast-column.ts'
import { distinctSorted } from './ordinal-lists.ts'

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

/** Whole numbers as doubles. */
function doublesOf(column: NumericColumn, type: DataType): Read {
  const isSigned = column.type === 'i64'
  return (rows, count, region) => {
    const validity = region.bitmap(count, false)
    const values = isSigned ? region.i64(count) : region.u64(count)
    const nulls =
      'docs' in rows
        ? column.readDocs(rows.docs, count, values, validity)
        : column.readRange(rows.start, rows.end, values, validity)
    const whole = new PrimitiveVector(isSigned ? INT64 : UINT64, count, nulls === 0 ? null : validity, values)
    return castVector(whole, type, false, null, region)
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
      const ordinals = distinctSorted(values)
      const terms = await dictionary.termsOf(ordinals)
      const bytesAt = (i: number): Uint8Array => termAt(terms, lowerBound(ordinals, values[i]!))
      return {
        offsets,
        valueAt: (i) =>
          type === 'str' ? { type: 'str', value: decoder.decode(bytesAt(i)) } : { type: 'bytes', value: bytesAt(i) },
      }
    }
    case 'ip': {
      const { offsets, values } = (column as IpColumn).readLists(rows)
      return { offsets, valueAt: (i) => ({ type: 'ip', value: addressAt(values, i) }) }
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
