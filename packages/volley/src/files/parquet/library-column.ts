import { castScalar, typesEqual, vectorOf, type ScalarValue, type Vector } from '@volley/core'
import type { Region } from '@volley/kernels'
import type { DataType, Field } from 'apache-arrow'
import { parquetScan, parquetSchema, type FileMetaData, type SchemaElement, type SchemaTree } from 'hyparquet'
import { compressors } from './decompress.ts'
import { parsers, type OpenFile } from './parquet-file.ts'
import { isListGroup, isMapGroup, typeOf } from './parquet-types.ts'

/** A column of a row group whose values are in ordinary memory. */
export interface LibraryColumn {
  vector(start: number, end: number, region: Region): Vector
}

/** Reads a column of a row group by hyparquet: any encoding, any nesting, a JavaScript value for each row. */
export async function readByLibrary(file: OpenFile, group: number, field: Field): Promise<LibraryColumn> {
  const metadata = withStoredValues(file.metadata)
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
  const tree = parquetSchema(file.metadata).children.find(({ element }) => element.name === column)!
  const stored = typeOf(tree)
  const read = readerOf(tree)
  const value = typesEqual(stored, type) ? read : (raw: unknown) => cast(read(raw), stored, type)
  return {
    vector: (from, to, region) =>
      vectorOf(
        type,
        Array.from({ length: to - from }, (_, i) => value(data[from + i])),
        region,
      ),
  }
}

function cast(value: ScalarValue, from: DataType, to: DataType): ScalarValue {
  return value === null ? null : castScalar(value, from, to)
}

const known = new WeakMap<FileMetaData, FileMetaData>()

/** Metadata that leave decimals as they are stored, which the library would make doubles of, and maps as their entries. */
function withStoredValues(metadata: FileMetaData): FileMetaData {
  let found = known.get(metadata)
  if (found === undefined) {
    const schema = metadata.schema.map((element): SchemaElement => {
      const { converted_type, logical_type, ...rest } = element
      const left =
        converted_type === 'DECIMAL' || logical_type?.type === 'MAP' || converted_type?.startsWith('MAP') === true
      return left ? rest : element
    })
    known.set(metadata, (found = { ...metadata, schema }))
  }
  return found
}

const decoder = new TextDecoder()

type Reader = (raw: unknown) => ScalarValue

function orNull(read: (raw: NonNullable<unknown>) => ScalarValue): Reader {
  return (raw) => (raw === null || raw === undefined ? null : read(raw))
}

/** How a value of the library becomes one of the type that the file's schema says. */
function readerOf(tree: SchemaTree): Reader {
  const { element, children } = tree
  if (isListGroup(tree)) {
    const item = readerOf(children[0]!.children[0]!)
    return orNull((raw) => Array.from(raw as ArrayLike<unknown>, item))
  }
  if (isMapGroup(tree)) {
    const entries = children[0]!
    const entry = structReader(entries)
    return orNull((raw) => {
      const items = (raw as Readonly<Record<string, ArrayLike<unknown> | null>>)[entries.element.name]
      return Array.from(items ?? [], entry)
    })
  }
  if (children.length > 0) return structReader(tree)
  const { type, converted_type: converted, logical_type: logical } = element
  if (converted === 'DECIMAL') return orNull((raw) => (raw instanceof Uint8Array ? signed(raw) : BigInt(raw as number)))
  const wide =
    type === 'INT64' || type === 'INT96' || logical?.type === 'TIME' || converted?.startsWith('TIME_') === true
  if (wide) return orNull((raw) => BigInt(raw as number | bigint))
  const text = ['STRING', 'ENUM', 'JSON', 'UUID'].includes(logical?.type ?? '')
  if (text || ['UTF8', 'ENUM', 'JSON'].includes(converted ?? ''))
    return orNull((raw) => (raw instanceof Uint8Array ? decoder.decode(raw) : String(raw)))
  return orNull((raw) => raw as ScalarValue)
}

function structReader({ children }: SchemaTree): Reader {
  const items = children.map((child) => ({ name: child.element.name, read: readerOf(child) }))
  return orNull((raw) => items.map(({ name, read }) => read((raw as Readonly<Record<string, unknown>>)[name])))
}

/** An integer of any number of bytes, the first one the highest. */
function signed(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return BigInt.asIntN(bytes.length * 8, value)
}
