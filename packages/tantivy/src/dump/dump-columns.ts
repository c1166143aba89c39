import type { Column, ColumnEntry, NumericColumn } from '../columnar/column.ts'
import { type NumericColumnReader, unmapU64 } from '../columnar/columns.ts'
import { float, hex, ipText } from './json-text.ts'

const CARDINALITIES = { full: 'Full', optional: 'Optional', multivalued: 'Multivalued' } as const

/** One column as a line of JSON, without its end; `prefix` has members to put first, each with its comma. */
export async function dumpColumn(entry: ColumnEntry, column: Column, prefix: string): Promise<string> {
  const { name } = entry
  const type = entry.type === 'date' ? 'datetime' : entry.type
  const { offsets, vals } = values(column)
  const count = offsets[column.numDocs]!
  let line =
    `{"kind":"column",${prefix}"name":${JSON.stringify(name)},"type":"${type}"` +
    `,"cardinality":"${CARDINALITIES[column.cardinality]}","num_docs":${column.numDocs},"num_vals":${count}` +
    `,"min_max":${bounds(column)},"vals":[${vals.join(',')}]`
  if (column.cardinality !== 'full') line += `,"docs":[${docsOf(offsets).join(',')}]`
  if ('dictionary' in column) {
    const terms = await column.dictionary.all()
    const keys: string[] = []
    for (let k = 0; k < column.dictionary.numTerms; k += 1) {
      keys.push(`"${hex(terms.bytes.subarray(terms.offsets[k]!, terms.offsets[k + 1]!))}"`)
    }
    line += `,"dict_hex":[${keys.join(',')}]`
  }
  return `${line}}`
}

function docsOf(offsets: Int32Array): Uint32Array {
  const docs = new Uint32Array(offsets[offsets.length - 1]!)
  for (let doc = 0; doc + 1 < offsets.length; doc += 1) docs.fill(doc, offsets[doc]!, offsets[doc + 1]!)
  return docs
}

function values(column: Column): { offsets: Int32Array; vals: string[] } {
  const all = { start: 0, end: column.numDocs }
  if ('dictionary' in column) {
    const lists = column.readOrdinalLists(all)
    return { offsets: lists.offsets, vals: Array.from(lists.values, String) }
  }
  if (column.type === 'ip') {
    const lists = column.readLists(all)
    const view = new DataView(lists.values.buffer, lists.values.byteOffset)
    const vals: string[] = []
    for (let at = 0; at < lists.values.length; at += 16) {
      vals.push(`"${ipText(view.getBigUint64(at), view.getBigUint64(at + 8))}"`)
    }
    return { offsets: lists.offsets, vals }
  }
  const lists = column.readLists(all)
  const vals = Array.from<number | bigint, string>(lists.values, (value) =>
    typeof value === 'bigint' ? quoted(value) : float(value),
  )
  return { offsets: lists.offsets, vals }
}

function quoted(value: bigint): string {
  return `"${value}"`
}

function bounds(column: Column): string {
  if ('dictionary' in column || column.type === 'ip' || column.type === 'date') return 'null'
  const [min, max] = (column as NumericColumnReader).rawBounds
  return `[${bound(column.type, min)},${bound(column.type, max)}]`
}

function bound(type: NumericColumn['type'], raw: bigint): string {
  if (type === 'bool') return String(raw > 0n)
  const value = unmapU64(type, raw)
  return typeof value === 'number' ? float(value) : quoted(value)
}
