import { ByteReader } from '../bytes/byte-reader.ts'
import type { Cardinality } from './column.ts'
import { OptionalIndex } from './optional-index.ts'
import { U64Values } from './u64-values.ts'

/** Which rows of values each document has (section 9.2). */
export interface ColumnIndex {
  readonly cardinality: Cardinality
  readonly numDocs: number
  /** Documents with a value; null where every document has an entry. */
  readonly docs: OptionalIndex | null
  /** Multivalued only: the first row of each document of `docs`, and the number of rows as a last entry. */
  readonly starts: U64Values | null
}

/** Reads a column index; `reader` spans exactly its bytes, cardinality first. */
export function readColumnIndex(reader: ByteReader, numDocs: number, containerVersion: number): ColumnIndex {
  const cardinality = reader.u8()
  if (cardinality === 0) return { cardinality: 'full', numDocs, docs: null, starts: null }
  if (cardinality === 1) {
    return { cardinality: 'optional', numDocs, docs: new OptionalIndex(reader, numDocs), starts: null }
  }
  if (cardinality !== 2) throw reader.corrupted(`column cardinality ${cardinality}`)
  let docs: OptionalIndex | null = null
  let startsAt = reader.pos
  let startsEnd = reader.end
  if (containerVersion >= 2) {
    if (reader.remaining < 4) throw reader.corrupted('multivalued index is cut off')
    startsEnd = reader.end - 4
    reader.pos = startsEnd
    const length = reader.u32()
    if (length > startsEnd - startsAt) throw reader.corrupted(`multivalued index with a set of ${length} bytes`)
    docs = new OptionalIndex(part(reader, startsAt, startsAt + length), numDocs)
    startsAt += length
  }
  const starts = new U64Values(part(reader, startsAt, startsEnd))
  const expected = (docs === null ? numDocs : docs.numValues) + 1
  if (starts.numValues !== expected) throw reader.corrupted(`${starts.numValues} row starts, ${expected} expected`)
  if (!starts.narrow) throw reader.corrupted('row starts are too large')
  return { cardinality: 'multivalued', numDocs, docs, starts }
}

function part(reader: ByteReader, from: number, to: number): ByteReader {
  const at = reader.base + from
  return new ByteReader(reader.bytes.subarray(from, to), reader.file, at)
}

/** Number of rows that the index needs. */
export function rowsOf(index: ColumnIndex): number {
  if (index.starts !== null) {
    const last = new Uint32Array(1)
    index.starts.readLow(index.starts.numValues - 1, index.starts.numValues, last, 0)
    return last[0]!
  }
  return index.docs === null ? index.numDocs : index.docs.numValues
}
