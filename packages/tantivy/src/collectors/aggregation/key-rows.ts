import type { KeyAccessor } from './key-accessor.ts'
import type { DocBlock } from './doc-block.ts'

/** Words of one source in a key: accessor + 1 (0 for a missing value), high word, low word. */
export const WORDS_PER_SOURCE = 3

/** Where the values of one source come from, and what happens to documents without one. */
export interface KeySource {
  readonly accessors: readonly KeyAccessor[]
  /** Whether documents without a value have a key, with tag 0. */
  readonly keepMissing: boolean
}

/** The keys of documents over several sources: one row for each combination of values. */
export class KeyRows {
  readonly #sources: readonly KeySource[]
  #iota = new Uint32Array(0)
  /** Row-major words of the keys. */
  words: Uint32Array = new Uint32Array(0)
  docs: Uint32Array | null = null
  start = 0
  count = 0
  buckets: Uint32Array | null = null

  constructor(sources: readonly KeySource[]) {
    this.#sources = sources
  }

  read(block: DocBlock): void {
    const width = WORDS_PER_SOURCE * this.#sources.length
    this.docs = block.docs
    this.start = block.start
    this.count = block.count
    this.buckets = block.buckets
    if (this.words.length < block.count * width) this.words = new Uint32Array(block.count * width)
    for (const [k, source] of this.#sources.entries()) this.#readSource(source, k, width)
  }

  #readSource({ accessors, keepMissing }: KeySource, k: number, width: number): void {
    const rows = this.count
    const at = WORDS_PER_SOURCE * k
    const block = { docs: this.docs, start: this.start, count: rows, buckets: this.#iotaOf(rows) }
    for (const accessor of accessors) accessor.read(block)
    const only = accessors.length === 1 ? accessors[0]! : null
    if (only !== null && only.block.count === rows && only.block.buckets === block.buckets) {
      writeWords(this.words, width, at, 1, only.low, only.high, rows)
      return
    }
    const found = new Uint8Array(rows)
    let total = 0
    for (const accessor of accessors) {
      total += accessor.block.count
      for (let i = 0; i < accessor.block.count; i += 1) found[accessor.block.buckets![i]!] = 1
    }
    const missing: number[] = []
    if (keepMissing) for (let row = 0; row < rows; row += 1) if (found[row] === 0) missing.push(row)
    total += missing.length
    const words = new Uint32Array(total * width)
    const from = new Uint32Array(total)
    let n = 0
    for (const [tag, accessor] of accessors.entries()) {
      const { count, buckets } = accessor.block
      for (let i = 0; i < count; i += 1) {
        const row = buckets![i]!
        from[n] = row
        for (let w = 0; w < at; w += 1) words[n * width + w] = this.words[row * width + w]!
        words[n * width + at] = tag + 1
        words[n * width + at + 1] = accessor.high[i]!
        words[n * width + at + 2] = accessor.low[i]!
        n += 1
      }
    }
    for (const row of missing) {
      from[n] = row
      for (let w = 0; w < at; w += 1) words[n * width + w] = this.words[row * width + w]!
      n += 1
    }
    this.words = words
    this.#gather(from)
  }

  #gather(from: Uint32Array): void {
    const { docs, start, buckets } = this
    this.docs = docs === null ? from.map((row) => start + row) : from.map((row) => docs[row]!)
    this.start = 0
    this.count = from.length
    if (buckets !== null) this.buckets = from.map((row) => buckets[row]!)
  }

  #iotaOf(count: number): Uint32Array {
    for (let k = this.#iota.length; k < count; k = this.#iota.length) {
      this.#iota = Uint32Array.from({ length: Math.max(count, 2 * k) }, (_, i) => i)
    }
    return this.#iota
  }
}

function writeWords(
  words: Uint32Array,
  width: number,
  at: number,
  tag: number,
  low: Uint32Array,
  high: Uint32Array,
  rows: number,
): void {
  for (let row = 0; row < rows; row += 1) {
    const to = row * width + at
    words[to] = tag
    words[to + 1] = high[row]!
    words[to + 2] = low[row]!
  }
}

/** Values of one source in several keys, given by their words; null for a missing one. */
export async function sourceValues<Value>(
  source: KeySource,
  keys: readonly Uint32Array[],
  k: number,
  valuesOf: (accessor: KeyAccessor, low: Uint32Array, high: Uint32Array) => Promise<Value[]>,
): Promise<(Value | null)[]> {
  const at = WORDS_PER_SOURCE * k
  const out: (Value | null)[] = keys.map(() => null)
  for (const [tag, accessor] of source.accessors.entries()) {
    const rows = [...keys.keys()].filter((row) => keys[row]![at] === tag + 1)
    if (rows.length === 0) continue
    const low = Uint32Array.from(rows, (row) => keys[row]![at + 2]!)
    const high = Uint32Array.from(rows, (row) => keys[row]![at + 1]!)
    const values = await valuesOf(accessor, low, high)
    for (const [i, row] of rows.entries()) out[row] = values[i]!
  }
  return out
}
