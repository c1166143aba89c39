import { ByteReader } from '../bytes/byte-reader.ts'
import { compareBytes } from '../bytes/compare.ts'
import type { FileSlice } from '../directory/file-slice.ts'
import { Fst } from '../fst/fst.ts'
import type { TermBatch, TermBound, TermDictionary, TermEntry } from './term-dictionary.ts'
import { TermInfoStore } from './term-info-store.ts'

const TERMS_PER_BATCH = 1024

/** A term dictionary of kind 1, an FST with a term info store; tantivy's default. It is read whole. */
export class FstTermDictionary implements TermDictionary {
  readonly #fst: Fst
  readonly #infos: TermInfoStore
  readonly #slice: FileSlice

  private constructor(fst: Fst, infos: TermInfoStore, slice: FileSlice) {
    this.#fst = fst
    this.#infos = infos
    this.#slice = slice
  }

  static async open(slice: FileSlice): Promise<FstTermDictionary> {
    const bytes = await slice.read()
    if (bytes.length < 12) throw slice.corrupted(0, 'too short for a term dictionary')
    const footer = new ByteReader(bytes, slice.file, slice.start, bytes.length - 12)
    const storeLength = footer.u64()
    const version = footer.u32()
    if (version !== 1) throw footer.corrupted(`term dictionary of version ${version}`)
    const storeAt = bytes.length - 12 - storeLength
    if (storeAt < 0) throw footer.corrupted(`term info store of ${storeLength} bytes`)
    const fst = new Fst(bytes.subarray(0, storeAt), slice.file, slice.start)
    const infos = new TermInfoStore(new ByteReader(bytes, slice.file, slice.start, storeAt, bytes.length - 12))
    if (fst.numKeys !== infos.numTerms) {
      throw slice.corrupted(storeAt, `term dictionary of ${fst.numKeys} keys and ${infos.numTerms} values`)
    }
    return new FstTermDictionary(fst, infos, slice)
  }

  get numTerms(): number {
    return this.#infos.numTerms
  }

  async get(term: Uint8Array): Promise<TermEntry | null> {
    const ordinal = this.#fst.get(term)
    if (ordinal < 0) return null
    this.#check(ordinal)
    return { ordinal, info: this.#infos.get(ordinal) }
  }

  async getMany(terms: readonly Uint8Array[]): Promise<(TermEntry | null)[]> {
    return Promise.all(terms.map((term) => this.get(term)))
  }

  async *range(lower: TermBound, upper: TermBound, signal?: AbortSignal): AsyncGenerator<TermBatch> {
    let batch = new BatchBuilder()
    for (const { key, output } of this.#fst.entries(lower?.term)) {
      if (lower !== null && !lower.inclusive && compareBytes(key, lower.term) === 0) continue
      if (upper !== null) {
        const order = compareBytes(key, upper.term)
        if (order > 0 || (order === 0 && !upper.inclusive)) break
      }
      this.#check(output)
      if (batch.count > 0 && output !== batch.firstOrdinal + batch.count) {
        throw this.#slice.corrupted(0, 'term ordinals are not consecutive')
      }
      batch.add(key, output, this.#infos)
      if (batch.count === TERMS_PER_BATCH) {
        yield batch.finish()
        signal?.throwIfAborted()
        batch = new BatchBuilder()
      }
    }
    if (batch.count > 0) yield batch.finish()
  }

  #check(ordinal: number): void {
    if (ordinal >= this.numTerms) throw this.#slice.corrupted(0, `term ordinal ${ordinal} of ${this.numTerms}`)
  }
}

class BatchBuilder {
  count = 0
  firstOrdinal = 0
  #size = 0
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(8192)
  readonly #offsets = new Uint32Array(TERMS_PER_BATCH + 1)
  readonly #docFreqs = new Uint32Array(TERMS_PER_BATCH)
  readonly #postings = new Float64Array(TERMS_PER_BATCH + 1)
  readonly #positions = new Float64Array(TERMS_PER_BATCH + 1)

  add(key: Uint8Array, ordinal: number, infos: TermInfoStore): void {
    if (this.count === 0) this.firstOrdinal = ordinal
    const end = this.#size + key.length
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes.set(key, this.#size)
    this.#size = end
    const info = infos.get(ordinal)
    this.#docFreqs[this.count] = info.docFreq
    this.#postings[this.count] = info.postingsStart
    this.#positions[this.count] = info.positionsStart
    this.count += 1
    this.#offsets[this.count] = end
    this.#postings[this.count] = info.postingsEnd
    this.#positions[this.count] = info.positionsEnd
  }

  finish(): TermBatch {
    const { count, firstOrdinal } = this
    return {
      firstOrdinal,
      count,
      offsets: this.#offsets.subarray(0, count + 1),
      bytes: this.#bytes,
      docFreqs: this.#docFreqs.subarray(0, count),
      postings: this.#postings.subarray(0, count + 1),
      positions: this.#positions.subarray(0, count + 1),
    }
  }
}
