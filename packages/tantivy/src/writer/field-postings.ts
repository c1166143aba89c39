import type { RecordOption } from '../schema/index-schema.ts'
import { ByteWriter } from './byte-writer.ts'
import { GrowingU32 } from './growing-array.ts'
import { writePositions, writePostings, type BlockMaxNorms } from './postings-writer.ts'
import { termDictionaryWriter, type DictionaryKind } from './term-dictionary-writer.ts'
import { TermTable } from './term-table.ts'

/** The three parts of an indexed field: bodies of its entries in `.term`, `.idx` and `.pos`. */
export interface WrittenField {
  readonly terms: Uint8Array
  readonly postings: Uint8Array
  readonly positions: Uint8Array
}

/** Collects the occurrences of a field's terms, document by document, and writes them sorted by term. */
export class FieldPostings {
  readonly terms: TermTable = new TermTable()
  readonly #option: RecordOption
  readonly #occurrences: GrowingU32 = new GrowingU32()
  readonly #docs: GrowingU32 = new GrowingU32()
  readonly #positions: GrowingU32 = new GrowingU32()

  constructor(option: RecordOption) {
    this.#option = option
  }

  /** Records a term in a document; documents come in ascending order, positions of a document too. */
  add(term: number, doc: number, position: number): void {
    this.#occurrences.push(term)
    this.#docs.push(doc)
    if (this.#option === 'position') this.#positions.push(position)
  }

  /**
   * Writes the field. `hasFrequencies` says of a term's bytes whether it has frequencies and positions where the field
   * does (JSON fields hold both kinds).
   */
  write(
    kind: DictionaryKind,
    norms: Uint8Array | null,
    maxDoc: number,
    hasFrequencies: (term: Uint8Array) => boolean,
  ): WrittenField {
    const total = this.#occurrences.length
    const { order, ends } = this.#byTerm()
    const dictionary = termDictionaryWriter(kind)
    const postings = new ByteWriter(total * 2 + 64)
    const positions = new ByteWriter(64)
    const skips = new ByteWriter()
    const average = Math.fround(Math.fround(total) / Math.fround(maxDoc))
    const blockMax: BlockMaxNorms | null = norms === null ? null : { codes: norms, averageLength: average }
    let docs = new Uint32Array(256)
    let tfs = new Uint32Array(256)
    let deltas = new Uint32Array(256)
    postings.u64(total)
    for (const term of this.terms.sorted()) {
      const start = term === 0 ? 0 : ends[term - 1]!
      const size = ends[term]! - start
      if (size > docs.length) {
        docs = new Uint32Array(size * 2)
        tfs = new Uint32Array(size * 2)
        deltas = new Uint32Array(size * 2)
      }
      const bytes = this.terms.term(term)
      const option = hasFrequencies(bytes) ? this.#option : 'basic'
      const count = this.#gather(order, start, size, docs, tfs, option === 'position' ? deltas : null)
      writePostings(postings, skips, docs, tfs, count, option, blockMax)
      if (option === 'position') writePositions(positions, deltas, size)
      else if (this.#option === 'position') positions.vint(0)
      dictionary.add(bytes, count, postings.length - 8, positions.length)
    }
    return { terms: dictionary.finish(), postings: postings.finish(), positions: positions.finish() }
  }

  /** Occurrences ordered by term number, and where each term's end: a counting sort that keeps their order. */
  #byTerm(): { order: Uint32Array; ends: Uint32Array } {
    const occurrences = this.#occurrences.view()
    const ends = new Uint32Array(this.terms.count)
    for (let i = 0; i < occurrences.length; i += 1) ends[occurrences[i]!]! += 1
    let sum = 0
    for (let term = 0; term < ends.length; term += 1) {
      const count = ends[term]!
      ends[term] = sum
      sum += count
    }
    const order = new Uint32Array(occurrences.length)
    for (let i = 0; i < occurrences.length; i += 1) order[ends[occurrences[i]!]!++] = i
    return { order, ends }
  }

  /** The documents, frequencies and position deltas of one term; answers the number of documents. */
  #gather(
    order: Uint32Array,
    start: number,
    size: number,
    docs: Uint32Array,
    tfs: Uint32Array,
    deltas: Uint32Array | null,
  ): number {
    const allDocs = this.#docs.items
    const allPositions = this.#positions.items
    let count = 0
    let last = -1
    let previous = 0
    for (let i = 0; i < size; i += 1) {
      const at = order[start + i]!
      const doc = allDocs[at]!
      if (doc !== last) {
        docs[count] = doc
        tfs[count++] = 0
        last = doc
        previous = 0
      }
      tfs[count - 1]! += 1
      if (deltas === null) continue
      deltas[i] = allPositions[at]! - previous
      previous = allPositions[at]!
    }
    return count
  }
}
