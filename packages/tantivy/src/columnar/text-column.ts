import { ByteReader } from '../bytes/byte-reader.ts'
import { compareRange } from '../bytes/compare.ts'
import { IndexCorruptedError } from '../errors.ts'
import { ByteWriter } from '../writer/byte-writer.ts'
import { writeColumnIndex } from '../writer/column-index-writer.ts'
import { writeOrdinals } from '../writer/column-values-writer.ts'
import type { BytesColumn, ColumnDictionary, TermList } from './column.ts'
import { readColumnIndex } from './column-index.ts'
import { BytesColumnReader } from './columns.ts'
import { U64Values } from './u64-values.ts'

/** What errors call a column that is in no file. */
const FILE = 'column in memory'
const VERSION = 2

/** Texts of some documents. */
export interface DocTexts {
  /** Documents of the segment. */
  readonly numDocs: number
  /** Those with a text, ascending. */
  readonly docs: Uint32Array
  /** The ordinal of the text of each of them. */
  readonly ordinals: Uint32Array
  /** Distinct, ascending. */
  readonly terms: TermList
}

/** A column in memory, packed as one of a file is, its dictionary decoded; and the bytes that it holds. */
export function textColumn({ numDocs, docs, ordinals, terms }: DocTexts): { column: BytesColumn; bytes: number } {
  const [index, values] = [new ByteWriter(), new ByteWriter()]
  writeColumnIndex(index, docs, numDocs)
  writeOrdinals(values, ordinals, Math.max(0, terms.offsets.length - 2))
  const corrupted = (problem: string): IndexCorruptedError => new IndexCorruptedError(FILE, 0, problem)
  const column = new BytesColumnReader(
    'str',
    readColumnIndex(new ByteReader(index.finish(), FILE), numDocs, VERSION),
    new U64Values(new ByteReader(values.finish(), FILE)),
    new MemoryDictionary(terms),
    corrupted,
  )
  return { column, bytes: index.length + values.length + terms.offsets.byteLength + terms.bytes.byteLength }
}

/** Decoded terms as a dictionary. */
class MemoryDictionary implements ColumnDictionary {
  readonly numTerms: number
  readonly #terms: TermList

  constructor(terms: TermList) {
    this.#terms = terms
    this.numTerms = terms.offsets.length - 1
  }

  all(): Promise<TermList> {
    return Promise.resolve(this.#terms)
  }

  termsOf(ordinals: Uint32Array): Promise<TermList> {
    const { offsets: from, bytes: all } = this.#terms
    const offsets = new Uint32Array(ordinals.length + 1)
    ordinals.forEach((ordinal, i) => (offsets[i + 1] = offsets[i]! + from[ordinal + 1]! - from[ordinal]!))
    const bytes = new Uint8Array(offsets[ordinals.length]!)
    ordinals.forEach((ordinal, i) => bytes.set(all.subarray(from[ordinal], from[ordinal + 1]), offsets[i]))
    return Promise.resolve({ offsets, bytes })
  }

  lowerBound(term: Uint8Array): Promise<number> {
    return Promise.resolve(this.#lowerBound(term))
  }

  ordOf(term: Uint8Array): Promise<number> {
    const at = this.#lowerBound(term)
    return Promise.resolve(at < this.numTerms && this.#compare(at, term) === 0 ? at : -1)
  }

  #lowerBound(term: Uint8Array): number {
    let low = 0
    let high = this.numTerms
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(middle, term) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #compare(ordinal: number, term: Uint8Array): number {
    const { offsets, bytes } = this.#terms
    return compareRange(bytes, offsets[ordinal]!, offsets[ordinal + 1]!, term)
  }
}
