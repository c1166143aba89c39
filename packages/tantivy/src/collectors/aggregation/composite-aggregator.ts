import type { PartialCompositeBucket, PartialResult } from './aggregation-partial.ts'
import type { CompositeAggregation, CompositeSource, CompositeValue } from './aggregation-request.ts'
import { BucketCounts } from './count-buckets.ts'
import { encodeCompositeKey } from './composite-key.ts'
import type { DocBlock } from './doc-block.ts'
import type { KeyPosition } from './key-accessor.ts'
import { KeyRows, type KeySource, sourceValues, WORDS_PER_SOURCE } from './key-rows.ts'
import { SegmentAggregation, type SubAggregations } from './segment-aggregation.ts'
import { TupleTable } from './tuple-table.ts'

/** A source of a request with what a segment has for it. */
export interface SegmentSource extends KeySource {
  readonly request: CompositeSource
  /** The after key's value: its place in each accessor (by rank when it is of another type); null for no after key. */
  readonly after: SourceAfter | null
}

export interface SourceAfter {
  readonly isNull: boolean
  /** Rank of the value's type. */
  readonly rank: number
  /** For the accessors of the same rank; null where all values are below. */
  readonly positions: readonly (KeyPosition | null)[]
}

/** New keys after which it is looked which of them can still be among the first. */
const BOUND_AFTER = 1 << 16

/** Documents by a key of several values: the first keys in order, after a given one. */
export class CompositeAggregator extends SegmentAggregation {
  readonly #request: CompositeAggregation
  readonly #sources: readonly SegmentSource[]
  readonly #rows: KeyRows
  readonly #table: TupleTable
  readonly #subs: SubAggregations
  readonly #counts: BucketCounts = new BucketCounts()
  #tuples = new Uint32Array(0)
  #ids = new Uint32Array(0)
  #docs = new Uint32Array(0)
  /** Of a single parent: keys after these words have as many before them as are wanted. */
  #bound: Uint32Array | null = null
  #boundAt: number

  /** @param nested whether there are several parent buckets. */
  constructor(
    request: CompositeAggregation,
    sources: readonly SegmentSource[],
    subs: SubAggregations,
    nested: boolean,
  ) {
    super()
    this.#boundAt = nested ? Infinity : request.size + BOUND_AFTER
    this.#request = request
    this.#sources = sources
    this.#rows = new KeyRows(sources)
    this.#table = new TupleTable(1 + WORDS_PER_SOURCE * sources.length)
    this.#subs = subs
  }

  override reserve(): void {}

  override collect(block: DocBlock): void {
    const rows = this.#rows
    rows.read(block)
    if (rows.count === 0) return
    const { width } = this.#table
    if (this.#ids.length < rows.count) {
      this.#ids = new Uint32Array(rows.count)
      this.#docs = new Uint32Array(rows.count)
      this.#tuples = new Uint32Array(rows.count * width)
    }
    const tuples = this.#tuples
    const { words, docs, start, buckets: parents } = rows
    let n = 0
    for (let row = 0; row < rows.count; row += 1) {
      const from = row * (width - 1)
      if (this.#request.after !== null && !this.#isAfter(words, from)) continue
      if (this.#bound !== null && this.#compare(words, from, this.#bound, 0) > 0) continue
      const to = n * width
      tuples[to] = parents === null ? 0 : parents[row]!
      for (let w = 1; w < width; w += 1) tuples[to + w] = words[from + w - 1]!
      this.#docs[n] = docs === null ? start + row : docs[row]!
      n += 1
    }
    if (n === 0) return
    this.#table.intern(tuples, n, this.#ids)
    this.#counts.add(this.#ids, n, this.#table.size)
    if (!this.#subs.isEmpty) {
      this.#subs.collect({ docs: this.#docs, start: 0, count: n, buckets: this.#ids }, this.#table.size)
    }
    if (this.#table.size >= this.#boundAt) this.#findBound()
  }

  override async finish(parents: Uint32Array): Promise<PartialResult[]> {
    const { size, width, words } = this.#table
    const counts = this.#counts.totals()
    const byParent = new Map<number, number[]>()
    for (let id = 0; id < size; id += 1) {
      const parent = words[id * width]!
      const ids = byParent.get(parent)
      if (ids === undefined) byParent.set(parent, [id])
      else ids.push(id)
    }
    const chosen = Array.from(parents, (parent) => {
      const ids = byParent.get(parent) ?? []
      return ids.sort((a, b) => this.#compare(words, a * width + 1, words, b * width + 1)).slice(0, this.#request.size)
    })
    const flat = chosen.flat()
    const keys = flat.map((id) => words.slice(id * width + 1, (id + 1) * width))
    const [subs, ...columns] = await Promise.all([
      this.#subs.finish(Uint32Array.from(flat)),
      ...this.#sources.map((source, k) =>
        sourceValues(source, keys, k, (accessor, low, high) => accessor.valuesOf(low, high)),
      ),
    ])
    let at = 0
    return chosen.map((ids) => {
      const buckets = new Map<string, PartialCompositeBucket>()
      for (const id of ids) {
        const key = columns.map((column): CompositeValue => column[at] ?? { type: 'null' })
        buckets.set(encodeCompositeKey(key), { key, count: counts[id]!, sub: subs[at]! })
        at += 1
      }
      return {
        kind: 'composite',
        size: this.#request.size,
        orders: this.#request.sources.map(({ order, missingOrder }) => ({ order, missing: missingOrder })),
        buckets,
      }
    })
  }

  #findBound(): void {
    const { size, width, words } = this.#table
    const ids = Array.from({ length: size }, (_, id) => id)
    ids.sort((a, b) => this.#compare(words, a * width + 1, words, b * width + 1))
    const last = ids[this.#request.size - 1]!
    this.#bound = words.slice(last * width + 1, (last + 1) * width)
    this.#boundAt = size + BOUND_AFTER
  }

  /** Compares keys at a place of an array of words each. */
  #compare(left: Uint32Array, a: number, right: Uint32Array, b: number): number {
    for (const [k, { request, accessors }] of this.#sources.entries()) {
      const at = WORDS_PER_SOURCE * k
      const tagA = left[a + at]!
      const tagB = right[b + at]!
      if (tagA === 0 || tagB === 0) {
        if (tagA === tagB) continue
        return (tagA === 0) === missingComesFirst(request) ? -1 : 1
      }
      const one = accessors[tagA - 1]!
      const other = accessors[tagB - 1]!
      const sign =
        tagA === tagB
          ? one.compare(left[a + at + 2]!, left[a + at + 1]!, right[b + at + 2]!, right[b + at + 1]!)
          : one.rank - other.rank || tagA - tagB
      if (sign !== 0) return request.order === 'asc' ? sign : -sign
    }
    return 0
  }

  /** Whether the key at a place is after the after key. */
  #isAfter(words: Uint32Array, from: number): boolean {
    for (const [k, { request, accessors, after }] of this.#sources.entries()) {
      if (after === null) return true
      const at = from + WORDS_PER_SOURCE * k
      const tag = words[at]!
      if (tag === 0 || after.isNull) {
        if (tag === 0 && after.isNull) continue
        return (tag === 0) !== missingComesFirst(request)
      }
      const accessor = accessors[tag - 1]!
      let sign = accessor.rank - after.rank
      if (sign === 0) {
        const position = after.positions[tag - 1]!
        sign =
          position === null
            ? -1
            : accessor.compare(words[at + 2]!, words[at + 1]!, position.low, position.high) || (position.exact ? 0 : 1)
      }
      if (sign !== 0) return request.order === 'asc' ? sign > 0 : sign < 0
    }
    return false
  }
}

function missingComesFirst({ missingOrder, order }: CompositeSource): boolean {
  return missingOrder === 'first' || (missingOrder === 'default' && order === 'asc')
}
