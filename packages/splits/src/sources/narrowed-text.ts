import {
  DictionaryVector,
  NullVector,
  type BytesVector,
  type PrimitiveVector,
  type TaskContext,
  type Vector,
} from '@volley/core'
import type { Region } from '@volley/kernels'
import type { DataType } from 'apache-arrow'
import type { FastColumn, OrdinalColumn } from './fast-column.ts'
import { markOrdinals, numberMarked } from './ordinal-lists.ts'

/** Terms that a list of all is made of, at most. */
const MOST_TERMS = 4_194_304
/** Terms for each document, at most. */
const TERMS_PER_DOC = 32
/** Documents whose ordinals are read at a time. */
const AT_ONCE = 65_536

/** Whether reading a dictionary for documents alone pays: they need several batches, and have less of it than most of it. */
export function isNarrow(column: OrdinalColumn, docs: number, batchSize: number): boolean {
  const { numTerms } = column
  return docs > batchSize && docs < numTerms && numTerms <= Math.min(MOST_TERMS, docs * TERMS_PER_DOC)
}

/**
 * A text column as it is for a list of documents: one dictionary, of the texts that they have, serves all their batches.
 * Whoever reads it reads all of them. Other documents' rows have any texts. The dictionary is in `shared`.
 */
export async function narrowedText(
  column: OrdinalColumn,
  type: DataType,
  docs: Uint32Array,
  shared: Region,
  context: TaskContext,
): Promise<FastColumn> {
  // One place a term: first whether a document has it, then where its text is among those that are read.
  const places = new Uint32Array(column.numTerms)
  for (let at = 0; at < docs.length; at += AT_ONCE) {
    const pause = context.pause()
    if (pause !== null) await pause
    context.throwIfCancelled()
    const scratch = context.region()
    try {
      const some = docs.subarray(at, at + AT_ONCE)
      markOrdinals((await column.readDocs(some, scratch)) as PrimitiveVector, some.length, places)
    } finally {
      scratch.release()
    }
  }
  const distinct = numberMarked(places, docs.length)
  const dictionary = distinct.length === 0 ? null : ((await column.textsOf(distinct, shared)) as BytesVector)
  const asCodes = (vector: Vector): Vector => {
    const { length, validity, values } = vector as PrimitiveVector
    const codes = values as Uint32Array
    if (dictionary === null) return new NullVector(type, length, null)
    for (let i = 0; i < length; i++) codes[i] = places[codes[i]!]!
    return new DictionaryVector(type, length, validity, codes, dictionary, column.sorted, 'all')
  }
  const read = (vector: Vector | Promise<Vector>): Vector | Promise<Vector> =>
    vector instanceof Promise ? vector.then(asCodes) : asCodes(vector)
  return {
    readRange: (start, end, region) => read(column.readRange(start, end, region)),
    readDocs: (some, region) => read(column.readDocs(some, region)),
  }
}
