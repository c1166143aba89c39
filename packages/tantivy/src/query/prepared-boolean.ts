import { withDocBits } from '@volley/kernels'
import { collectDocs } from './collect-docs.ts'
import type { Explanation } from './explanation.ts'
import { ExcludeScorer, RequiredOptionalScorer } from './exclude-scorer.ts'
import { IntersectionScorer } from './intersection-scorer.ts'
import type { AliveBitset } from '../segment/alive-bitset.ts'
import { collectIntersectionTop, collectUnionTop } from './max-score.ts'
import { ALL_DOCS, type DocSpan, PreparedQuery } from './prepared-query.ts'
import { PreparedEmpty } from './prepared-sets.ts'
import { PreparedTerm } from './prepared-term.ts'
import type { TermCursor } from './term-cursor.ts'
import type { TopScores } from './top-scores.ts'
import { type Scorer, TERMINATED } from './scorer.ts'
import { EmptyScorer, gallop } from './simple-scorers.ts'
import { UnionScorer } from './union-scorer.ts'
import { WindowedUnionScorer } from './windowed-union-scorer.ts'

/** Segments of more documents than this have no set as one bitmap (16 MB). */
const MAX_BITS = 1 << 27
/** A range of documents that is shorter than this part of the segment is not worth a bitmap. */
const MIN_SPAN = 1 / 8
/** Lists that together are shorter than this part of the segment are merged instead. */
const MIN_DENSITY = 1 / 64

/** The clauses of a boolean query on one segment. */
export class PreparedBoolean extends PreparedQuery {
  readonly #must: readonly PreparedQuery[]
  readonly #should: readonly PreparedQuery[]
  readonly #mustNot: readonly PreparedQuery[]
  readonly #minimum: number
  readonly #scoring: boolean
  readonly #maxDoc: number

  constructor(
    must: readonly PreparedQuery[],
    should: readonly PreparedQuery[],
    mustNot: readonly PreparedQuery[],
    minimum: number,
    scoring: boolean,
    maxDoc: number,
  ) {
    super()
    this.#maxDoc = maxDoc
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
    const stop = Math.min(end, this.#maxDoc)
    if (this.#minimum > 1) return collectDocs(this.#scorer(false), start, stop)
    const steps = this.#steps()
    let docs = this.#first(start, stop)
    for (const step of steps) docs = this.#keep(docs, step, start, stop)
    return docs
  }

  override count(): number {
    if (this.#minimum > 1) return this.docs(0, this.#maxDoc).length
    const steps = this.#steps()
    if (steps.length === 0 && this.#must.length === 0 && this.#should.length > 1 && this.#useBits(0, this.#maxDoc)) {
      return withDocBits(this.#maxDoc, (bits) => {
        for (const query of this.#should) query.addTo(bits, 0, this.#maxDoc)
        return bits.count()
      })
    }
    const last = steps.pop()
    if (steps.length === 0 && last !== undefined && !this.#needsShould) return this.#countTwo(last)
    let docs = this.#first(0, this.#maxDoc)
    for (const step of steps) docs = this.#keep(docs, step, 0, this.#maxDoc)
    return last === undefined ? docs.length : this.#keep(docs, last, 0, this.#maxDoc).length
  }

  /** Of the documents of the rarest must clause, the number that one more step leaves. */
  #countTwo(step: Step): number {
    const lead = this.#mustByRarity()[0]!
    const [a, b] = [lead.sizeHint, step.query.sizeHint]
    if (b > a * SEEK_ABOVE || a + b < this.#maxDoc * MIN_DENSITY || !this.#useBits(0, this.#maxDoc)) {
      return this.#keep(lead.docs(0, this.#maxDoc), step, 0, this.#maxDoc).length
    }
    return withDocBits(this.#maxDoc, (bits) => {
      lead.addTo(bits, 0, this.#maxDoc)
      const both = step.query.countIn(bits, 0, this.#maxDoc)
      return step.present ? both : lead.count() - both
    })
  }

  /** Terms alone, all or any of them, are collected by the bounds of their scores. */
  override collectTop(top: TopScores, alive: AliveBitset | null, span: DocSpan = ALL_DOCS): void {
    const any = this.#must.length === 0 && this.#minimum <= 1
    if (any ? this.#should.length === 0 : this.#should.length > 0) {
      super.collectTop(top, alive, span)
      return
    }
    const clauses = any ? this.#should.filter((query) => !(query instanceof PreparedEmpty)) : this.#must
    const cursors = clauses.map((query) => (query instanceof PreparedTerm ? query.cursor() : null))
    if (cursors.includes(null)) {
      super.collectTop(top, alive, span)
      return
    }
    const refused = { alive, excluded: this.#mustNot.length === 0 ? null : this.#excluded(), ...span }
    const collect = any ? collectUnionTop : collectIntersectionTop
    collect(cursors as TermCursor[], refused, top)
  }

  override explain(doc: number): Explanation | null {
    const scorer = this.scorer()
    if (scorer.seek(doc) !== doc) return null
    const clauses = [...this.#must, ...this.#should]
    const details = clauses.map((query) => query.explain(doc)).filter((detail) => detail !== null)
    return { description: 'BooleanClause. sum of ...', value: scorer.score(), details }
  }

  override get sizeHint(): number {
    let least = Infinity
    for (const query of this.#must) least = Math.min(least, query.sizeHint)
    if (least !== Infinity) return least
    let sum = 0
    for (const query of this.#should) sum += query.sizeHint
    return sum
  }

  /** The documents to start from: of the rarest must clause, or of any should clause that is needed. */
  #first(start: number, end: number): Uint32Array {
    if (this.#needsShould) return this.#union(start, end)
    const rarest = this.#mustByRarity()[0]
    return rarest === undefined ? new Uint32Array(0) : rarest.docs(start, end)
  }

  /** What the documents to start from must or must not have besides. */
  #steps(): Step[] {
    const must = this.#mustByRarity()
    return [
      ...(this.#needsShould ? must : must.slice(1)).map((query) => ({ query, present: true })),
      ...this.#mustNot.map((query) => ({ query, present: false })),
    ]
  }

  get #needsShould(): boolean {
    return this.#minimum === 1 || this.#must.length === 0
  }

  #mustByRarity(): PreparedQuery[] {
    return this.#must.toSorted((a, b) => a.sizeHint - b.sizeHint)
  }

  #useBits(start: number, end: number): boolean {
    return this.#maxDoc <= MAX_BITS && end - start >= this.#maxDoc * MIN_SPAN
  }

  /** Of a list, what a step leaves: by bitmap, merged with the other's list, or looked up where that is long. */
  #keep(docs: Uint32Array, { query, present }: Step, start: number, end: number): Uint32Array {
    if (docs.length === 0) return docs
    const [first, stop] = [docs[0]!, docs[docs.length - 1]! + 1]
    const hint = query.sizeHint * Math.min(1, (stop - first) / Math.max(1, end - start))
    if (hint > docs.length * SEEK_ABOVE) return keepBySeeking(docs, query.scorer(), present)
    if (hint + docs.length > this.#maxDoc * MIN_DENSITY && this.#useBits(first, stop)) {
      return withDocBits(this.#maxDoc, (bits) => {
        query.addTo(bits, first, stop)
        return bits.keep(docs, present)
      })
    }
    return keepByMerging(docs, query.docs(first, stop), present)
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
    return new ExcludeScorer(scorer, this.#excluded())
  }

  #excluded(): Scorer {
    const scorers = this.#mustNot.map((query) => query.scorer())
    return scorers.length === 1 ? scorers[0]! : new UnionScorer(scorers, 1)
  }

  #union(start: number, end: number): Uint32Array {
    if (this.#should.length === 0) return new Uint32Array(0)
    if (this.#should.length === 1) return this.#should[0]!.docs(start, end)
    let hint = 0
    for (const query of this.#should) hint += query.sizeHint
    if (hint < this.#maxDoc * MIN_DENSITY || !this.#useBits(start, end)) {
      return mergeLists(this.#should.map((query) => query.docs(start, end)))
    }
    return withDocBits(this.#maxDoc, (bits) => {
      for (const query of this.#should) query.addTo(bits, start, end)
      const docs = bits.toArray()
      const from = gallop(docs, start, 0)
      return docs.subarray(from, end >= this.#maxDoc ? docs.length : gallop(docs, end, from))
    })
  }
}

/** A clause that documents must match, or must not. */
interface Step {
  readonly query: PreparedQuery
  readonly present: boolean
}

/** All documents of ascending lists, once each. */
function mergeLists(lists: readonly Uint32Array[]): Uint32Array {
  let total = 0
  for (const list of lists) total += list.length
  const all = new Uint32Array(total)
  let at = 0
  for (const list of lists) {
    all.set(list, at)
    at += list.length
  }
  all.sort()
  let count = 0
  for (let i = 0; i < all.length; i += 1) {
    all[count] = all[i]!
    count += +(all[i] !== all[i + 1])
  }
  return all.subarray(0, count)
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
