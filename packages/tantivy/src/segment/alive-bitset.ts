import { ByteReader } from '../bytes/byte-reader.ts'
import { readFooter } from '../bytes/footer.ts'
import type { Directory } from '../directory/directory.ts'

/** The documents of a segment that are not deleted (section 10). */
export class AliveBitset {
  readonly maxDoc: number
  /** Bit i of word k is document 32 k + i. */
  readonly words: Uint32Array

  constructor(maxDoc: number, words: Uint32Array) {
    this.maxDoc = maxDoc
    this.words = words
  }

  static async open(directory: Directory, file: string, maxDoc: number, signal?: AbortSignal): Promise<AliveBitset> {
    const { body } = await readFooter(directory, file, signal)
    const reader = new ByteReader(await body.read(undefined, undefined, signal), file)
    const length = Math.ceil(maxDoc / 64) * 8
    if (reader.u32() !== maxDoc || reader.remaining !== length) throw reader.corrupted('deletes of another segment')
    const bytes = reader.take(length)
    const words = new Uint32Array(length / 4)
    new Uint8Array(words.buffer).set(bytes)
    return new AliveBitset(maxDoc, words)
  }

  isAlive(doc: number): boolean {
    return ((this.words[doc >>> 5]! >>> (doc & 31)) & 1) === 1
  }

  /** Keeps the live ones of docs[0..count) at the front, in order; returns their number. */
  filter(docs: Uint32Array, count: number): number {
    const words = this.words
    let kept = 0
    for (let i = 0; i < count; i += 1) {
      const doc = docs[i]!
      docs[kept] = doc
      kept += (words[doc >>> 5]! >>> (doc & 31)) & 1
    }
    return kept
  }

  countAlive(): number {
    let count = 0
    for (let word of this.words) {
      for (; word !== 0; word &= word - 1) count += 1
    }
    return count
  }
}
