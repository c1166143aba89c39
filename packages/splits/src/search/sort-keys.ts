import type { Column, NumericArray, NumericColumn, SegmentReader } from '@volley/tantivy'
import { findField, jsonColumnName } from '../mapping/resolve-field.ts'
import { SearchError } from './search-error.ts'
import type { SortValue } from './search-request.ts'

/** The values of one sort field for the matching documents of a segment, row by row. */
export interface SortKeys {
  /** Sign of row `a` against row `b`, both of which have a value. */
  compare(a: number, b: number): number
  has(row: number): boolean
  value(row: number): SortValue | null
}

/** Types that hits cannot be sorted by. */
const UNSORTED: Readonly<Record<string, string>> = { ip: 'IpAddr', str: 'Str', bytes: 'Bytes' }

/** No document has a value. */
const NO_KEYS: SortKeys = { compare: () => 0, has: () => false, value: () => null }

/** Scores, as f32. */
export function scoreKeys(scores: Float32Array): SortKeys {
  return {
    compare: (a, b) => scores[a]! - scores[b]!,
    has: () => true,
    value: (row) => ({ type: 'f64', value: scores[row]! }),
  }
}

/**
 * The first values of a field for some documents. A JSON path is sorted by the first of its columns: integers before doubles,
 * text, booleans and dates.
 *
 * @throws SearchError for a column of text, bytes or addresses.
 */
export async function fieldKeys(segment: SegmentReader, name: string, docs: Uint32Array): Promise<SortKeys> {
  const found = findField(segment.schema, name)
  if (found === null) return NO_KEYS
  for (const entry of await segment.columnsOf(jsonColumnName(found.entry, found.path))) {
    const refused = UNSORTED[entry.type]
    if (refused !== undefined) {
      throw new SearchError('internal', `tantivy error: Unsupported sort field type \`${refused}\`.`)
    }
    return columnKeys((await segment.openColumn(entry)) as NumericColumn, docs)
  }
  return NO_KEYS
}

function columnKeys(column: NumericColumn & Column, docs: Uint32Array): SortKeys {
  const count = docs.length
  const values = arrayFor(column.type, count)
  const validity = new Uint8Array(Math.ceil(count / 8))
  column.readDocs(docs, count, values, validity)
  const has = (row: number): boolean => ((validity[row >> 3]! >> (row & 7)) & 1) === 1
  return { compare: comparator(values), has, value: (row) => (has(row) ? valueOf(column.type, values, row) : null) }
}

function arrayFor(type: NumericColumn['type'], count: number): NumericArray {
  if (type === 'f64') return new Float64Array(count)
  if (type === 'bool') return new Uint8Array(count)
  return type === 'u64' ? new BigUint64Array(count) : new BigInt64Array(count)
}

/** Compares integers by halves, so that none becomes a BigInt. */
function comparator(values: NumericArray): (a: number, b: number) => number {
  if (values instanceof Float64Array) {
    return (a, b) => values[a]! - values[b]! || Number(Object.is(values[b], -0)) - Number(Object.is(values[a], -0))
  }
  if (values instanceof Uint8Array) return (a, b) => values[a]! - values[b]!
  const low = new Uint32Array(values.buffer)
  const high = values instanceof BigInt64Array ? new Int32Array(values.buffer) : low
  return (a, b) => high[2 * a + 1]! - high[2 * b + 1]! || low[2 * a]! - low[2 * b]!
}

function valueOf(type: NumericColumn['type'], values: NumericArray, row: number): SortValue {
  const value = values[row]!
  if (type === 'f64') return { type, value: Number(value) }
  if (type === 'bool') return { type, value: value === 1 }
  return { type: type === 'u64' ? 'u64' : 'i64', value: BigInt(value) }
}
