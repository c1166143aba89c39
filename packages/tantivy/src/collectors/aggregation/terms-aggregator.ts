import { concatWords } from '@volley/kernels'
import { invalidRequest } from './aggregation-error.ts'
import type { PartialBucket, PartialResult, PartialTerms } from './aggregation-partial.ts'
import type { MultiTermsAggregation, TermsAggregation } from './aggregation-request.ts'
import type { BlockReader } from './block-reader.ts'
import type { BucketMap } from './bucket-map.ts'
import { BucketCounts } from './count-buckets.ts'
import { BLOCK, type DocBlock } from './doc-block.ts'
import { emptyPartial } from './empty-partial.ts'
import { SegmentAggregation, type SubAggregations } from './segment-aggregation.ts'
import { selectSmallest } from './select-smallest.ts'
import type { EncodedKey } from './term-key.ts'

/** Where the ordinals of terms come from, and what they mean. */
export interface TermSource {
  /** Reads a block; what it holds afterwards are ordinals with their documents. */
  read(block: DocBlock): void
  readonly block: DocBlock & { readonly values: Uint32Array }
  compare(a: number, b: number): number
  /** A float that orders as the term does but for what rounding makes equal; null where there is none. */
  readonly near: ((ordinal: number) => number) | null
  /** Keys of ascending distinct ordinals. */
  keysOf(ordinals: Uint32Array): Promise<EncodedKey[]>
  /**
   * Adds to counts[ordinal] the documents of [start, end) with it, instead of reading; false, and nothing is done, where they
   * must be read; null where they always must.
   */
  readonly countRange: ((start: number, end: number, counts: Uint32Array) => boolean) | null
  /** Ordinals of the first terms, which buckets without documents are made of; null where there are none. */
  readonly firstTerms: ((limit: number) => Uint32Array) | null
}

/** Documents that are counted in one call. */
const DEFERRED = 1 << 16

/** Documents by term. */
export class TermsAggregator extends SegmentAggregation {
  readonly #request: TermsAggregation | MultiTermsAggregation
  readonly #source: TermSource
  readonly #map: BucketMap
  readonly #subs: SubAggregations
  readonly #counts: BucketCounts = new BucketCounts()
  /** Documents that are still to be counted. */
  #deferredStart = 0
  #deferredEnd = 0

  constructor(
    request: TermsAggregation | MultiTermsAggregation,
    source: TermSource,
    map: BucketMap,
    subs: SubAggregations,
  ) {
    super()
    this.#request = request
    this.#source = source
    this.#map = map
    this.#subs = subs
  }

  override reserve(): void {}

  override collect(block: DocBlock): void {
    if (this.#defer(block)) return
    this.#read(block)
  }

  #read(block: DocBlock): void {
    this.#source.read(block)
    const { values, docs, start, count, buckets: parents } = this.#source.block
    if (count === 0) return
    const buckets = this.#map.map(values, parents, count)
    const { size } = this.#map
    this.#counts.add(buckets, count, size)
    if (!this.#subs.isEmpty) this.#subs.collect({ docs, start, count, buckets }, size)
  }

  /** Puts a block off that can be counted without reading it: ordinals are buckets, and nothing is below. */
  #defer({ docs, start, count, buckets }: DocBlock): boolean {
    if (this.#source.countRange === null || docs !== null || buckets !== null || !this.#subs.isEmpty) return false
    if (start !== this.#deferredEnd || start - this.#deferredStart >= DEFERRED) {
      this.#countDeferred()
      this.#deferredStart = start
    }
    this.#deferredEnd = start + count
    return true
  }

  #countDeferred(): void {
    const [start, end] = [this.#deferredStart, this.#deferredEnd]
    this.#deferredStart = end
    if (start === end || this.#source.countRange?.(start, end, this.#counts.ofSize(this.#map.size))) return
    for (let at = start; at < end; at += BLOCK) {
      this.#read({ docs: null, start: at, count: Math.min(BLOCK, end - at), buckets: null })
    }
  }

  override async finish(parents: Uint32Array): Promise<PartialResult[]> {
    this.#countDeferred()
    const counts = this.#counts.totals()
    const chosen = this.#map.bucketsOf(parents).map((each) => this.#choose(each, counts))
    const buckets = concatWords(chosen.map((each) => each.buckets))
    const extra = chosen.map((each) => this.#withoutDocuments(each.ordinals))
    const wanted = concatWords([...chosen.map((each) => each.ordinals), ...extra])
    const ordinals = Uint32Array.from(new Set(wanted)).sort()
    const [subs, keys] = await Promise.all([this.#subs.finish(buckets), this.#source.keysOf(ordinals)])
    const keyOf = new Map(Array.from(ordinals, (ordinal, k) => [ordinal, keys[k]!]))
    let at = 0
    return chosen.map((each, k): PartialTerms => {
      const map = new Map<EncodedKey, PartialBucket>()
      for (let i = 0; i < each.buckets.length; i += 1) {
        map.set(keyOf.get(each.ordinals[i]!)!, { count: counts[each.buckets[i]!]!, sub: subs[at]! })
        at += 1
      }
      for (const ordinal of extra[k]!) {
        map.set(keyOf.get(ordinal)!, { count: 0, sub: emptyPartial(this.#request.aggregations) })
      }
      return { kind: this.#request.kind, buckets: map, sumOther: each.sumOther, errorBound: each.errorBound }
    })
  }

  /** The buckets of one parent that the segment keeps. */
  #choose(
    { buckets, ordinals }: { readonly buckets: Uint32Array; readonly ordinals: Uint32Array },
    counts: Uint32Array,
  ): { buckets: Uint32Array; ordinals: Uint32Array; sumOther: number; errorBound: number } {
    const used = new Uint32Array(buckets.length)
    let n = 0
    let total = 0
    for (let i = 0; i < buckets.length; i += 1) {
      const count = buckets[i]! < counts.length ? counts[buckets[i]!]! : 0
      used[n] = i
      n += +(count > 0)
      total += count
    }
    const { segmentSize } = this.#request
    let kept = used.subarray(0, n)
    let errorBound = 0
    let sumOther = 0
    if (n > segmentSize) {
      const { by, order: direction } = this.#request.order
      const sign = direction === 'asc' ? 1 : -1
      const compareEqual =
        by === '_key'
          ? (a: number, b: number): number => sign * this.#source.compare(ordinals[used[a]!]!, ordinals[used[b]!]!)
          : null
      const order = selectSmallest(this.#scores(kept, buckets, ordinals, counts), segmentSize + 1, compareEqual)
      errorBound = counts[buckets[kept[order[segmentSize]!]!]!]!
      kept = order.subarray(0, segmentSize).map((k) => used[k]!)
      sumOther = total
      for (const i of kept) sumOther -= counts[buckets[i]!]!
    }
    return { buckets: kept.map((i) => buckets[i]!), ordinals: kept.map((i) => ordinals[i]!), sumOther, errorBound }
  }

  /** Scores of which the smallest are best. */
  #scores(used: Uint32Array, buckets: Uint32Array, ordinals: Uint32Array, counts: Uint32Array): Float64Array {
    const { by, order } = this.#request.order
    const sign = order === 'asc' ? 1 : -1
    const scores = new Float64Array(used.length)
    if (by === '_count') for (let k = 0; k < used.length; k += 1) scores[k] = sign * counts[buckets[used[k]!]!]!
    else if (by === '_key') {
      // without floats all are equal, and compared
      const near = this.#source.near ?? ((): number => 0)
      for (let k = 0; k < used.length; k += 1) scores[k] = sign * near(ordinals[used[k]!]!)
    } else {
      for (let k = 0; k < used.length; k += 1) {
        scores[k] = sign * (this.#subs.metric(by.aggregation, by.property, buckets[used[k]!]!) ?? 0)
      }
    }
    return scores
  }

  /** With a least count of 0: the first terms that have no bucket, up to as many as a segment keeps. */
  #withoutDocuments(ordinals: Uint32Array): Uint32Array {
    const { firstTerms } = this.#source
    const room = this.#request.segmentSize - ordinals.length
    if (this.#request.minDocCount > 0 || firstTerms === null || room <= 0) return new Uint32Array(0)
    const present = new Set(ordinals)
    return firstTerms(this.#request.segmentSize)
      .filter((ordinal) => !present.has(ordinal))
      .subarray(0, room)
  }
}

/** Checks that a metric to order by is there. */
export function checkOrder(request: TermsAggregation | MultiTermsAggregation): void {
  const { by } = request.order
  if (typeof by === 'string') return
  if (!request.aggregations.some(({ name }) => name === by.aggregation)) {
    throw invalidRequest(`could not find aggregation with name ${by.aggregation} in metric sub_aggregations`)
  }
}

/** A field's ordinals, of which a filter may leave some out. */
export class FieldTerms implements TermSource {
  readonly block: BlockReader<Uint32Array>
  readonly near: (ordinal: number) => number
  readonly countRange: ((start: number, end: number, counts: Uint32Array) => boolean) | null
  readonly firstTerms: ((limit: number) => Uint32Array) | null
  readonly #compare: (a: number, b: number) => number
  readonly #keysOf: (ordinals: Uint32Array) => Promise<EncodedKey[]>
  readonly #allowed: Uint8Array | null

  constructor(options: {
    readonly reader: BlockReader<Uint32Array>
    readonly near: (ordinal: number) => number
    readonly compare: (a: number, b: number) => number
    readonly keysOf: (ordinals: Uint32Array) => Promise<EncodedKey[]>
    /** 1 for each ordinal that is wanted; null: all are. */
    readonly allowed: Uint8Array | null
    /** Number of terms in a dictionary; null where there is none. */
    readonly numTerms: number | null
    readonly countRange: ((start: number, end: number, counts: Uint32Array) => boolean) | null
  }) {
    this.block = options.reader
    this.near = options.near
    this.countRange = options.countRange
    this.#compare = options.compare
    this.#keysOf = options.keysOf
    const { allowed, numTerms } = options
    this.#allowed = allowed
    this.firstTerms = numTerms === null ? null : (limit) => firstAllowed(numTerms, allowed, limit)
  }

  read(block: DocBlock): void {
    this.block.read(block)
    if (this.#allowed !== null) this.block.keepWanted(this.#allowed)
  }

  compare(a: number, b: number): number {
    return this.#compare(a, b)
  }

  keysOf(ordinals: Uint32Array): Promise<EncodedKey[]> {
    return this.#keysOf(ordinals)
  }
}

function firstAllowed(numTerms: number, allowed: Uint8Array | null, limit: number): Uint32Array {
  const out: number[] = []
  for (let ordinal = 0; ordinal < numTerms && out.length < 2 * limit; ordinal += 1) {
    if (allowed === null || allowed[ordinal] === 1) out.push(ordinal)
  }
  return Uint32Array.from(out)
}
