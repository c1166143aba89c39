import { collectDocs } from './collect-docs.ts'
import { ExcludeScorer, RequiredOptionalScorer } from './exclude-scorer.ts'
import { IntersectionScorer } from './intersection-scorer.ts'
import { PreparedQuery } from './prepared-query.ts'
import { type Scorer, TERMINATED } from './scorer.ts'
import { EmptyScorer } from './simple-scorers.ts'
import { UnionScorer } from './union-scorer.ts'
import { WindowedUnionScorer } from './windowed-union-scorer.ts'

/** Documents of a union that are gathered in one bitmap. */
const WINDOW = 1 << 16

/** The clauses of a boolean query on one segment. */
export class PreparedBoolean extends PreparedQuery {
  readonly #must: readonly PreparedQuery[]
  readonly #should: readonly PreparedQuery[]
  readonly #mustNot: readonly PreparedQuery[]
  readonly #minimum: number
  readonly #scoring: boolean

  constructor(
    must: readonly PreparedQuery[],
    should: readonly PreparedQuery[],
    mustNot: readonly PreparedQuery[],
    minimum: number,
    scoring: boolean,
  ) {
    super()
    this.#must = must
    this.#should = should
    this.#mustNot = mustNot
    this.#minimum = minimum
    this.#scoring = scoring
  }

  scorer(): Scorer {
    return this.#scorer(this.#scoring)
  }

  override docs(start: number, end: number): Uint32Array {
    if (this.#minimum > 1) return collectDocs(this.#scorer(false), start, end)
    const needsShould = this.#minimum === 1 || this.#must.length === 0
    let docs: Uint32Array | null = needsShould ? this.#union(start, end) : null
    for (const query of this.#must.toSorted((a, b) => a.sizeHint - b.sizeHint)) {
      docs = docs === null ? query.docs(start, end) : this.#keep(docs, query, start, end, true)
    }
    if (docs === null) return new Uint32Array(0)
    for (const query of this.#mustNot) docs = this.#keep(docs, query, start, end, false)
    return docs
  }

  override get sizeHint(): number {
    let least = Infinity
    for (const query of this.#must) least = Math.min(least, query.sizeHint)
    if (least !== Infinity) return least
    let sum = 0
    for (const query of this.#should) sum += query.sizeHint
    return sum
  }

  /** Of a list, what another query has (or has not): merged with the other's list, or looked up where that is long. */
  #keep(docs: Uint32Array, query: PreparedQuery, start: number, end: number, present: boolean): Uint32Array {
    if (docs.length === 0) return docs
    const hint = query.sizeHint * Math.min(1, (docs[docs.length - 1]! - docs[0]! + 1) / Math.max(1, end - start))
    if (hint > docs.length * SEEK_ABOVE) return keepBySeeking(docs, query.scorer(), present)
    return keepByMerging(docs, query.docs(docs[0]!, docs[docs.length - 1]! + 1), present)
  }

  #scorer(scoring: boolean): Scorer {
    const should = this.#should.map((query) => query.scorer()).filter((scorer) => scorer.doc !== TERMINATED)
    if (should.length < this.#minimum) return new EmptyScorer()
    const required = this.#must.map((query) => query.scorer())
    let union: Scorer | null = null
    if (should.length > 1 && required.length === 0 && this.#minimum <= 1)
      union = new WindowedUnionScorer(should, scoring)
    else if (should.length > 0) union = new UnionScorer(should, this.#minimum)
    let scorer: Scorer
    if (required.length === 0) scorer = union ?? new EmptyScorer()
    else if (union === null) scorer = required.length === 1 ? required[0]! : new IntersectionScorer(required)
    else if (this.#minimum > 0) scorer = new IntersectionScorer([...required, union])
    else {
      const all = required.length === 1 ? required[0]! : new IntersectionScorer(required)
      scorer = scoring ? new RequiredOptionalScorer(all, union) : all
    }
    if (this.#mustNot.length === 0) return scorer
    return new ExcludeScorer(
      scorer,
      new UnionScorer(
        this.#mustNot.map((query) => query.scorer()),
        1,
      ),
    )
  }

  /** Sets the bits of each clause's documents, a window at a time, then reads the bits in order. */
  #union(start: number, end: number): Uint32Array {
    if (this.#should.length === 1) return this.#should[0]!.docs(start, end)
    const lists = this.#should.map((query) => query.docs(start, end))
    let total = 0
    for (const list of lists) total += list.length
    const out = new Uint32Array(total)
    const next = new Uint32Array(lists.length)
    const bits = new Uint32Array(WINDOW / 32)
    let count = 0
    for (;;) {
      let first = TERMINATED
      for (const [k, list] of lists.entries()) if (next[k]! < list.length) first = Math.min(first, list[next[k]!]!)
      if (first === TERMINATED) return out.subarray(0, count)
      const base = first & ~31
      for (const [k, list] of lists.entries()) next[k] = setBits(bits, base, list, next[k]!)
      count = takeBits(bits, base, out, count)
    }
  }
}

/** A list that is longer than this many times the other is sought in, not read through. */
const SEEK_ABOVE = 16

function keepBySeeking(docs: Uint32Array, scorer: Scorer, present: boolean): Uint32Array {
  const out = new Uint32Array(docs.length)
  let count = 0
  for (let i = 0; i < docs.length; i += 1) {
    const doc = docs[i]!
    out[count] = doc
    count += +((scorer.seek(doc) === doc) === present)
  }
  return out.subarray(0, count)
}

function keepByMerging(docs: Uint32Array, others: Uint32Array, present: boolean): Uint32Array {
  const out = new Uint32Array(docs.length)
  const wanted = +present
  let count = 0
  let k = 0
  for (let i = 0; i < docs.length; i += 1) {
    const doc = docs[i]!
    while (k < others.length && others[k]! < doc) k += 1
    out[count] = doc
    count += +(+(others[k] === doc) === wanted)
  }
  return out.subarray(0, count)
}

/** Sets the bits of the documents of one window, from list[at] on; returns where the next window starts. */
function setBits(bits: Uint32Array, base: number, list: Uint32Array, at: number): number {
  const end = base + WINDOW
  let i = at
  while (i < list.length && list[i]! < end) {
    const bit = list[i]! - base
    bits[bit >>> 5]! |= 1 << (bit & 31)
    i += 1
  }
  return i
}

/** Appends the set bits to out[count...) and clears them; returns the new count. */
function takeBits(bits: Uint32Array, base: number, out: Uint32Array, count: number): number {
  let at = count
  for (let k = 0; k < bits.length; k += 1) {
    let word = bits[k]!
    if (word === 0) continue
    bits[k] = 0
    const first = base + 32 * k
    while (word !== 0) {
      const low = word & -word
      out[at] = first + 31 - Math.clz32(low)
      at += 1
      word ^= low
    }
  }
  return at
}
