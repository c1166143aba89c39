import { elementType, typeName, vectorOf, type ScalarValue, type Vector } from '@volley/core'
import type { Region } from '@volley/kernels'
import type { DataType, Field } from 'apache-arrow'
import { parquetScan } from 'hyparquet'
import { compressors } from './decompress.ts'
import { parsers, type OpenFile } from './parquet-file.ts'

/** A column of a row group whose values are in ordinary memory. */
export interface LibraryColumn {
  vector(start: number, end: number, region: Region): Vector
}

/** Reads a column of a row group by hyparquet: any encoding, any nesting, a JavaScript value for each row. */
export async function readByLibrary(file: OpenFile, group: number, field: Field): Promise<LibraryColumn> {
  const { metadata } = file
  const before = metadata.row_groups.slice(0, group).reduce((sum, { num_rows }) => sum + Number(num_rows), 0)
  const [start, end] = [before, before + Number(metadata.row_groups[group]!.num_rows)]
  const { name: column, type } = field
  const scan = await parquetScan({
    file,
    metadata,
    columns: [column],
    rowStart: start,
    rowEnd: end,
    compressors,
    parsers,
    utf8: false,
  })
  const pieces: ArrayLike<unknown>[] = []
  for (const range of scan.ranges) {
    const [rowStart, rowEnd] = [Math.max(start, range.rowStart), Math.min(end, range.rowEnd)]
    if (rowStart < rowEnd) pieces.push(await scan.readColumn({ column, rowStart, rowEnd }))
  }
  const data = pieces.length === 1 ? pieces[0]! : pieces.flatMap((piece) => Array.from(piece))
  return {
    vector: (from, to, region) => {
      const values = Array.from({ length: to - from }, (_, i) => toValue(data[from + i], type))
      return vectorOf(type, values, region)
    },
  }
}

const decoder = new TextDecoder()

function toValue(value: unknown, type: DataType): ScalarValue {
  if (value === null || value === undefined) return null
  switch (typeName(type)) {
    case 'Utf8':
    case 'Json':
      return value instanceof Uint8Array ? decoder.decode(value) : String(value)
    case 'Decimal': {
      // The library gives scaled numbers, exact up to 15 digits.
      const scale = (type as unknown as { scale: number }).scale
      return typeof value === 'bigint' ? value : BigInt(Math.round((value as number) * 10 ** scale))
    }
    case 'Int64':
    case 'Uint64':
    case 'Timestamp':
    case 'Time':
      return BigInt(value as number)
    case 'List':
      return Array.from(value as ArrayLike<unknown>, (item) => toValue(item, elementType(type)))
    default:
      return value as ScalarValue
  }
}
