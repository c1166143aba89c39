import { BLOCK_LENGTH, type PackedBlocks, unpackDocsTo, unpackNumbersTo } from './packed-blocks.ts'
import { type Scratch, threadScratch } from './scratch.ts'

/** Documents of a window. */
export const SCORE_WINDOW = 32768
/** Blocks of postings that are decoded at a time. */
const BLOCKS = 64

/** What turns a frequency into a score: weight * (freq / (freq + lengths[norm])), in f32. */
export interface ScoreFormula {
  readonly weight: number
  /** By norm code, 256. */
  readonly lengths: Float32Array
  /** A norm code a document of the segment; null where all have code 1. */
  readonly norms: Uint8Array | null
}

/** Runs with sums of scores over windows of documents; null, without running, where there is no WebAssembly. */
export function withScoreWindow<T>(run: (window: ScoreWindow) => T): T | null {
  const scratch = threadScratch()
  if (scratch === null) return null
  const mark = scratch.mark()
  try {
    return run(new ScoreWindow(scratch))
  } finally {
    scratch.release(mark)
  }
}

/** Sums of the scores of terms, added term by term, for the documents of [start, end), at most SCORE_WINDOW of them. */
export class ScoreWindow {
  readonly docs: Uint32Array = new Uint32Array(SCORE_WINDOW + 4)
  readonly scores: Float32Array = new Float32Array(SCORE_WINDOW + 4)
  readonly #scratch: Scratch
  readonly #sums: number
  readonly #norms: number
  readonly #lengths: number
  #start = 0
  #end = 0

  constructor(scratch: Scratch) {
    this.#scratch = scratch
    this.#sums = scratch.alloc(4 * SCORE_WINDOW)
    this.#norms = scratch.alloc(SCORE_WINDOW)
    this.#lengths = scratch.alloc(4 * 256)
    scratch.words.fill(0, this.#sums >>> 2, (this.#sums >>> 2) + SCORE_WINDOW)
  }

  /** Starts at a window; the sums are zero. */
  start(start: number, end: number): void {
    if (end - start > SCORE_WINDOW) throw new RangeError(`a window of ${end - start} documents`)
    this.#start = start
    this.#end = end
  }

  /**
   * Adds the scores of blocks [from, to) of strict document deltas, with frequencies (minus one) or none; false if a document
   * is out of range. `previous` is the document before the first, -1 if there is none.
   */
  addBlocks(
    formula: ScoreFormula,
    docBlocks: PackedBlocks,
    freqBlocks: PackedBlocks | null,
    from: number,
    to: number,
    previous: number,
  ): boolean {
    const scratch = this.#scratch
    const norms = this.#putFormula(formula)
    let last = previous
    for (let block = from; block < to; block += BLOCKS) {
      const count = Math.min(BLOCKS, to - block)
      const mark = scratch.mark()
      const docs = unpackDocsTo(docBlocks, block, count, last)
      if (docs >= 0) {
        last = scratch.words[(docs >>> 2) + count * BLOCK_LENGTH - 1]!
        const freqs = freqBlocks === null ? 0 : unpackNumbersTo(freqBlocks, block, count, 1)
        this.#add(docs, freqs, count * BLOCK_LENGTH, norms, formula.weight)
      }
      scratch.release(mark)
      if (docs < 0) return false
    }
    return true
  }

  /** Adds the scores of a list of at most 128 documents. */
  addList(formula: ScoreFormula, docs: Uint32Array, freqs: Uint32Array | null): void {
    const scratch = this.#scratch
    const norms = this.#putFormula(formula)
    const mark = scratch.mark()
    const address = scratch.putWords(docs)
    this.#add(address, freqs === null ? 0 : scratch.putWords(freqs), docs.length, norms, formula.weight)
    scratch.release(mark)
  }

  /** Writes the documents whose sum is above `threshold`, not below 0, to `docs` and `scores`; returns how many. */
  take(threshold: number): number {
    const scratch = this.#scratch
    const mark = scratch.mark()
    const docs = scratch.alloc(4 * SCORE_WINDOW + 16)
    const scores = scratch.alloc(4 * SCORE_WINDOW + 16)
    const size = (this.#end - this.#start + 3) & -4
    const count = scratch.kernels.takeScores(this.#sums, size, Math.max(0, threshold), this.#start, docs, scores)
    this.docs.set(scratch.words.subarray(docs >>> 2, (docs >>> 2) + count))
    const words = new Uint32Array(this.scores.buffer)
    words.set(scratch.words.subarray(scores >>> 2, (scores >>> 2) + count))
    scratch.release(mark)
    return count
  }

  /** Copies in what scores are made of; returns the address of the window's norms, 0 if there are none. */
  #putFormula({ lengths, norms }: ScoreFormula): number {
    const words = new Uint32Array(lengths.buffer, lengths.byteOffset, lengths.length)
    this.#scratch.words.set(words, this.#lengths >>> 2)
    if (norms === null) return 0
    this.#scratch.bytes.set(norms.subarray(this.#start, this.#end), this.#norms)
    return this.#norms
  }

  #add(docs: number, freqs: number, count: number, norms: number, weight: number): void {
    const { kernels } = this.#scratch
    kernels.addScores(docs, freqs, count, norms, this.#lengths, weight, this.#start, this.#end, this.#sums)
  }
}
