import { BLOCK, type DocBlock } from './doc-block.ts'
import type { RowSource } from './row-sources.ts'

type Values = Float64Array | Uint32Array

/**
 * Reads the values of a block: one entry a value, so that documents without one are left out (or have the value that
 * stands for missing ones) and others may come several times. It is a block itself, to be handed on.
 */
export class BlockReader<Out extends Values> implements DocBlock {
  values: Out
  docs: Uint32Array | null = null
  start = 0
  count = 0
  buckets: Uint32Array | null = null
  readonly #source: RowSource<Out> | null
  readonly #allocate: (count: number) => Out
  readonly #missing: number | null
  readonly #unique: boolean
  #validity = new Uint8Array(BLOCK / 8)
  #docs = new Uint32Array(0)
  #buckets = new Uint32Array(0)

  /**
   * @param source null: no document has a value.
   * @param missing value of documents without one; null leaves them out.
   * @param unique takes equal values of a document once.
   */
  constructor(
    source: RowSource<Out> | null,
    allocate: (count: number) => Out,
    missing: number | null = null,
    unique: boolean = false,
  ) {
    this.#source = source
    this.#allocate = allocate
    this.#missing = missing
    this.#unique = unique
    this.values = allocate(BLOCK)
  }

  /** Reads a block; its arrays may be handed on as they are. */
  read(block: DocBlock): void {
    const { count } = block
    const source = this.#source
    if (source === null) {
      this.#readNothing(block)
      return
    }
    if (source.cardinality === 'multivalued') {
      this.#readLists(block, source)
      return
    }
    const nulls = this.#readFirst(block, source)
    if (nulls === 0) this.#pass(block)
    else if (this.#missing !== null) {
      fillMissing(this.values, this.#validity, count, this.#missing)
      this.#pass(block)
    } else this.#dropMissing(block)
  }

  /**
   * Reads a block of a column with at most one value a document and keeps an entry, 0, for each document without one;
   * returns their number, or -1 where `read` was done instead.
   */
  readWithZeros(block: DocBlock): number {
    const source = this.#source
    if (source === null || source.cardinality !== 'optional' || this.#missing !== null) {
      this.read(block)
      return -1
    }
    const nulls = this.#readFirst(block, source)
    this.#pass(block)
    return nulls
  }

  /** Leaves out the entries whose ordinal is not wanted (0 in `wanted`). */
  keepWanted(wanted: Uint8Array): void {
    const { values, count, docs, start, buckets } = this
    const ids = this.#docsOf(count)
    const parents = buckets === null ? null : this.#bucketsOf(count)
    let kept = 0
    for (let i = 0; i < count; i += 1) {
      const ordinal = values[i]!
      values[kept] = ordinal
      ids[kept] = docs === null ? start + i : docs[i]!
      if (parents !== null) parents[kept] = buckets![i]!
      kept += wanted[ordinal]!
    }
    this.docs = ids
    this.start = 0
    this.count = kept
    this.buckets = parents
  }

  #readFirst({ docs, start, count }: DocBlock, source: RowSource<Out>): number {
    if (this.values.length < count) this.values = this.#allocate(count)
    if (8 * this.#validity.length < count) this.#validity = new Uint8Array((count + 7) >> 3)
    return docs === null
      ? source.readRange(start, start + count, this.values, this.#validity)
      : source.readDocs(docs, count, this.values, this.#validity)
  }

  #pass(block: DocBlock): void {
    this.docs = block.docs
    this.start = block.start
    this.count = block.count
    this.buckets = block.buckets
  }

  #readNothing(block: DocBlock): void {
    if (this.#missing === null) {
      this.count = 0
      return
    }
    if (this.values.length < block.count) this.values = this.#allocate(block.count)
    this.values.fill(this.#missing, 0, block.count)
    this.#pass(block)
  }

  #dropMissing(block: DocBlock): void {
    const { count, docs, start, buckets } = block
    const validity = this.#validity
    const ids = this.#docsOf(count)
    this.count = docs === null ? compactRange(start, validity, count, ids) : compact(docs, validity, count, ids)
    compact(this.values, validity, count, this.values)
    this.docs = ids
    this.start = 0
    this.buckets = null
    if (buckets !== null) {
      this.buckets = this.#bucketsOf(count)
      compact(buckets, validity, count, this.buckets)
    }
  }

  #readLists(block: DocBlock, source: RowSource<Out>): void {
    const { count, docs, start, buckets } = block
    const { offsets, values } = source.readLists(docs === null ? { start, end: start + count } : { docs, count })
    const missing = this.#missing
    const most = offsets[count]! + (missing === null ? 0 : count)
    if (this.values.length < most) this.values = this.#allocate(most)
    const ids = this.#docsOf(most)
    const parents = buckets === null ? null : this.#bucketsOf(most)
    const out = this.values
    let at = 0
    for (let k = 0; k < count; k += 1) {
      const from = offsets[k]!
      const to = offsets[k + 1]!
      const first = at
      for (let row = from; row < to; row += 1) {
        const value = values[row]!
        if (this.#unique && includes(out, first, at, value)) continue
        out[at] = value
        at += 1
      }
      if (from === to && missing !== null) {
        out[at] = missing
        at += 1
      }
      const doc = docs === null ? start + k : docs[k]!
      ids.fill(doc, first, at)
      if (parents !== null) parents.fill(buckets![k]!, first, at)
    }
    this.docs = ids
    this.start = 0
    this.count = at
    this.buckets = parents
  }

  #docsOf(count: number): Uint32Array {
    if (this.#docs.length < count) this.#docs = new Uint32Array(count)
    return this.#docs
  }

  #bucketsOf(count: number): Uint32Array {
    if (this.#buckets.length < count) this.#buckets = new Uint32Array(count)
    return this.#buckets
  }
}

/** Moves the entries with a set bit to the front of `out`, which may be `values`; returns their number. */
function compact(values: Values, validity: Uint8Array, count: number, out: Values): number {
  let kept = 0
  for (let i = 0; i < count; i += 1) {
    out[kept] = values[i]!
    kept += (validity[i >> 3]! >> (i & 7)) & 1
  }
  return kept
}

function compactRange(start: number, validity: Uint8Array, count: number, out: Uint32Array): number {
  let kept = 0
  for (let i = 0; i < count; i += 1) {
    out[kept] = start + i
    kept += (validity[i >> 3]! >> (i & 7)) & 1
  }
  return kept
}

function fillMissing(values: Values, validity: Uint8Array, count: number, missing: number): void {
  for (let i = 0; i < count; i += 1) if (((validity[i >> 3]! >> (i & 7)) & 1) === 0) values[i] = missing
}

function includes(values: Values, from: number, to: number, value: number): boolean {
  for (let i = from; i < to; i += 1) if (values[i] === value) return true
  return false
}
