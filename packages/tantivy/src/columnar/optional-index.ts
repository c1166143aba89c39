import type { ByteReader } from '../bytes/byte-reader.ts'

const DOCS_PER_BLOCK = 65536
const DENSE_FROM = 5120
const DENSE_BYTES = 10240

/**
 * A set of documents (section 9.3), expanded to a bitmap with the number of set bits before each word: one word and one
 * count for 32 documents, whatever the form on disk.
 */
export class OptionalIndex {
  readonly numDocs: number
  /** Number of documents in the set. */
  readonly numValues: number
  /** Bit i of word k is document 32 k + i; one word of padding. */
  readonly words: Uint32Array
  /** Set bits before word k; one entry more than there are words. */
  readonly ranks: Uint32Array

  constructor(reader: ByteReader, numDocs: number) {
    this.numDocs = numDocs
    const claimed = reader.vint()
    if (claimed !== numDocs) throw reader.corrupted(`set over ${claimed} documents in a segment of ${numDocs}`)
    const payload = reader.pos
    if (reader.remaining < 2) throw reader.corrupted('set of documents is cut off')
    reader.pos = reader.end - 2
    const numBlocks = reader.u16()
    const metaAt = reader.end - 2 - numBlocks * 4
    if (metaAt < payload) throw reader.corrupted(`set of ${numBlocks} blocks`)
    const numWords = Math.ceil(numDocs / 32)
    const words = new Uint32Array(numWords + 1)
    let at = payload
    let previous = -1
    for (let block = 0; block < numBlocks; block += 1) {
      reader.pos = metaAt + block * 4
      const id = reader.u16()
      const count = reader.u16() + 1
      if (id <= previous || id * DOCS_PER_BLOCK >= numDocs) throw reader.corrupted(`block ${id} of a set`)
      previous = id
      const size = count < DENSE_FROM ? count * 2 : DENSE_BYTES
      if (size > metaAt - at) throw reader.corrupted('set of documents is cut off')
      reader.pos = at
      const first = (id * DOCS_PER_BLOCK) / 32
      if (count < DENSE_FROM) readSparse(reader, count, words, first, numDocs)
      else readDense(reader, words, first, numWords)
      at += size
    }
    if (at !== metaAt) throw reader.corrupted('set of documents has bytes too many')
    this.words = words
    this.ranks = countRanks(words)
    this.numValues = this.ranks[numWords]!
    const expected = countOf(reader, metaAt, numBlocks)
    if (expected !== this.numValues || words[numWords] !== 0) throw reader.corrupted('set of documents counts wrongly')
    if (numDocs % 32 !== 0 && words[numWords - 1]! >>> (numDocs % 32) !== 0) {
      throw reader.corrupted('set holds documents past the end')
    }
  }

  has(doc: number): boolean {
    return ((this.words[doc >>> 5]! >>> (doc & 31)) & 1) === 1
  }

  /** Number of documents of the set below `doc`. */
  rank(doc: number): number {
    const word = doc >>> 5
    return this.ranks[word]! + popCount(this.words[word]! & ((1 << (doc & 31)) - 1))
  }

  /**
   * For each of some documents that is in the set: writes its rank to `ranks` and its place in the list to `places`; returns
   * how many there are.
   */
  ranksOf(docs: Uint32Array, ranks: Uint32Array, places: Uint32Array): number {
    const { words, ranks: before } = this
    let found = 0
    for (let i = 0; i < docs.length; i += 1) {
      const doc = docs[i]!
      const k = doc >>> 5
      const word = words[k]!
      ranks[found] = before[k]! + popCount(word & ((1 << (doc & 31)) - 1))
      places[found] = i
      found += (word >>> (doc & 31)) & 1
    }
    return found
  }
}

function countOf(reader: ByteReader, metaAt: number, numBlocks: number): number {
  let total = 0
  for (let block = 0; block < numBlocks; block += 1) {
    reader.pos = metaAt + block * 4 + 2
    total += reader.u16() + 1
  }
  return total
}

function readSparse(reader: ByteReader, count: number, words: Uint32Array, first: number, numDocs: number): void {
  let previous = -1
  for (let i = 0; i < count; i += 1) {
    const value = reader.u16()
    if (value <= previous || first * 32 + value >= numDocs) throw reader.corrupted(`document ${value} in a set block`)
    previous = value
    words[first + (value >>> 5)]! |= 1 << (value & 31)
  }
}

function readDense(reader: ByteReader, words: Uint32Array, first: number, numWords: number): void {
  for (let k = 0; k < DENSE_BYTES / 10; k += 1) {
    const low = reader.u32()
    const high = reader.u32()
    reader.skip(2)
    const at = first + 2 * k
    if ((low !== 0 && at >= numWords) || (high !== 0 && at + 1 >= numWords)) {
      throw reader.corrupted('set holds documents past the end')
    }
    if (low !== 0) words[at] = low
    if (high !== 0) words[at + 1] = high
  }
}

function countRanks(words: Uint32Array): Uint32Array {
  const ranks = new Uint32Array(words.length)
  let rank = 0
  for (let k = 0; k < words.length; k += 1) {
    ranks[k] = rank
    rank += popCount(words[k]!)
  }
  return ranks
}

/** Number of set bits of a 32-bit word. */
function popCount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555)
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333)
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
