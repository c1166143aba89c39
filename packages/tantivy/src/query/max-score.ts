import { SCORE_WINDOW, type ScoreWindow, withScoreWindow } from '@volley/kernels'
import type { AliveBitset } from '../segment/alive-bitset.ts'
import type { DocSpan } from './prepared-query.ts'
import { type Scorer, TERMINATED } from './scorer.ts'
import type { TermCursor } from './term-cursor.ts'
import { TopScores } from './top-scores.ts'

// Top documents by score without scoring all: Turtle and Flood, "Query Evaluation: Strategies and Optimizations" (1995);
// Ding and Suel, "Faster Top-k Document Retrieval Using Block-Max Indexes" (2011). A document that can still enter is
// scored exactly, by adding the clauses' f32 scores in their order, so the result is that of scoring every match.

/** Documents that are not to be offered, and the span in which the others are. */
export interface Refused extends DocSpan {
  readonly alive: AliveBitset | null
  readonly excluded: Scorer | null
}

function isRefused({ alive, excluded }: Refused, doc: number): boolean {
  return (alive !== null && !alive.isAlive(doc)) || (excluded !== null && excluded.seek(doc) === doc)
}

/** Bounds are summed in another order than scores: this is more than rounding can make of it. */
function slackOf(clauses: number): number {
  return clauses === 1 ? 1 : 1 + (clauses + 2) * 1.2e-7
}

/** Documents that are scored one by one before the pace is compared. */
const PACE = 2048
/** How much dearer a document is that is scored by itself than one in a window, and than a place of a window is. */
const COST_ALONE = 16
const COST_PLACE = 1 / 16
/** Scores of terms that weigh less may vanish in f32. */
const MIN_WEIGHT = 1e-30

/** Offers the documents of any of several terms, given in clause order. */
export function collectUnionTop(clauses: readonly TermCursor[], refused: Refused, top: TopScores): void {
  if (clauses.length === 0) return
  new UnionTop(clauses, refused, top).run()
}

class UnionTop {
  readonly #clauses: readonly TermCursor[]
  readonly #refused: Refused
  readonly #top: TopScores
  readonly #slack: number
  /** Clauses by the bound of their scores, lowest first, and the sums of the bounds before each. */
  readonly #order: readonly TermCursor[]
  readonly #places: readonly number[]
  readonly #below: Float64Array
  /** Clauses of #order below this cannot bring a document in by themselves. */
  #essential = 0
  /** Scores of the current document by clause; 0 where it does not match. */
  readonly #parts: Float64Array
  /** Whether documents can be scored by windows, and what that costs, a document of the segment. */
  readonly #windows: boolean
  readonly #windowCost: number
  #paceScored = 0
  #paceDoc = 0

  constructor(clauses: readonly TermCursor[], refused: Refused, top: TopScores) {
    this.#clauses = clauses
    this.#refused = refused
    this.#top = top
    this.#slack = slackOf(clauses.length)
    this.#order = clauses.toSorted((a, b) => a.bounds.max - b.bounds.max)
    this.#places = this.#order.map((cursor) => clauses.indexOf(cursor))
    this.#below = new Float64Array(clauses.length + 1)
    this.#parts = new Float64Array(clauses.length)
    const { maxDoc } = clauses[0]!.postings
    let postings = 0
    for (const cursor of clauses) postings += cursor.postings.docFreq
    this.#windows =
      clauses.length > 1 &&
      clauses.every(({ postings: list, weight }) => list.canScoreBlocks && weight.weight > MIN_WEIGHT)
    this.#windowCost = postings / maxDoc + COST_PLACE
    for (const [k, cursor] of this.#order.entries()) this.#below[k + 1] = this.#below[k]! + cursor.bounds.max
  }

  run(): void {
    // A document's score is not below that of one of its terms.
    this.#top.raiseThreshold(firstThreshold(this.#order.at(-1)!, this.#refused, this.#top))
    this.#raise()
    const { start, end } = this.#refused
    for (const cursor of this.#clauses) cursor.seek(start)
    this.#paceDoc = start
    const clauses = this.#clauses.length
    let windowEnd = -1
    let scored = 0
    while (this.#essential < clauses - 1) {
      const doc = this.#nextDoc(this.#essential)
      if (doc >= end) break
      if (doc > windowEnd) {
        const last = this.#windowEnd(doc)
        if (last < 0) continue
        windowEnd = last
      }
      if (scored - this.#paceScored >= PACE && this.#isSlow(doc, scored) && this.#runWindows(doc)) {
        this.#top.scored += scored
        return
      }
      scored += 1
      const sum = this.#take(doc)
      if (!this.#canEnter(sum + this.#below[this.#essential]!)) continue
      if (this.#complete(doc, sum, this.#essential) && this.#offer(doc)) windowEnd = -1
    }
    this.#top.scored += scored
    if (this.#essential === clauses - 1) this.#runLead()
  }

  #canEnter(bound: number): boolean {
    return bound * this.#slack > this.#top.threshold
  }

  /** Moves clauses to where they only add to others, as the threshold has risen; true if any moved. */
  #raise(): boolean {
    const before = this.#essential
    while (this.#essential < this.#order.length && !this.#canEnter(this.#below[this.#essential + 1]!)) {
      this.#essential += 1
    }
    return this.#essential > before
  }

  #nextDoc(from: number): number {
    let doc = TERMINATED
    for (let k = from; k < this.#order.length; k += 1) if (this.#order[k]!.doc < doc) doc = this.#order[k]!.doc
    return doc
  }

  /** Last document that the bounds around `doc` hold for; -1 after moving behind it, where none up to there can enter. */
  #windowEnd(doc: number): number {
    let bound = this.#below[this.#essential]!
    let end = TERMINATED
    for (let k = this.#essential; k < this.#order.length; k += 1) {
      const cursor = this.#order[k]!
      const block = cursor.blockAt(doc)
      if (block >= cursor.postings.numBlocks) continue
      bound += cursor.bounds.blocks[block]!
      end = Math.min(end, cursor.lastOf(block))
    }
    if (this.#canEnter(bound)) return end
    for (let k = this.#essential; k < this.#order.length; k += 1) this.#order[k]!.seek(end + 1)
    return -1
  }

  /** Scores the essential clauses at a document and moves them on. */
  #take(doc: number): number {
    let sum = 0
    for (let k = this.#essential; k < this.#order.length; k += 1) {
      const cursor = this.#order[k]!
      let score = 0
      if (cursor.doc === doc) {
        score = cursor.score()
        cursor.advance()
      }
      this.#parts[this.#places[k]!] = score
      sum += score
    }
    return sum
  }

  /** Adds the scores of the clauses below `count`, highest bound first; false as soon as the document cannot enter. */
  #complete(doc: number, known: number, count: number): boolean {
    let sum = known
    for (let k = count - 1; k >= 0; k -= 1) {
      if (!this.#canEnter(sum + this.#below[k + 1]!)) return false
      const cursor = this.#order[k]!
      // a bound is asked for before a block is decoded
      if (doc > cursor.last && !this.#canEnter(sum + this.#below[k]! + cursor.boundAt(doc))) return false
      const score = cursor.seek(doc) === doc ? cursor.score() : 0
      this.#parts[this.#places[k]!] = score
      sum += score
    }
    return this.#canEnter(sum)
  }

  /** Offers a document with the scores in #parts; true if clauses have become inessential. */
  #offer(doc: number): boolean {
    if (isRefused(this.#refused, doc)) return false
    let score = 0
    for (let k = 0; k < this.#parts.length; k += 1) score = Math.fround(score + this.#parts[k]!)
    this.#top.offer(doc, score)
    return this.#raise()
  }

  /** The rest by the one clause that every document must have, a block at a time. */
  #runLead(): void {
    const last = this.#order.length - 1
    const lead = this.#order[last]!
    const place = this.#places[last]!
    const top = this.#top
    const slack = this.#slack
    const below = this.#below[last]!
    const { blocks } = lead.bounds
    const { docs, scores } = lead
    let scored = 0
    this.#paceScored = 0
    this.#paceDoc = lead.doc
    const { end } = this.#refused
    while (lead.doc < end && this.#essential === last) {
      if (scored - this.#paceScored >= PACE && this.#isSlow(lead.doc, scored) && this.#runWindows(lead.doc)) break
      if (this.#canEnter(blocks[lead.block]! + below)) {
        lead.scoreBlock()
        for (let i = lead.at; i < lead.length; i += 1) {
          const score = scores[i]!
          if ((score + below) * slack <= top.threshold) continue
          if (docs[i]! >= end) break
          this.#parts[place] = score
          if (this.#complete(docs[i]!, score, last)) this.#offer(docs[i]!)
        }
        scored += lead.length - lead.at
      }
      lead.enter(this.#nextBlock(lead, below))
    }
    top.scored += scored
  }

  /** Whether scoring the documents up to `doc` one by one took longer than by windows; starts to count anew. */
  #isSlow(doc: number, scored: number): boolean {
    const alone = (scored - this.#paceScored) * COST_ALONE
    const windows = (doc - this.#paceDoc) * this.#windowCost
    this.#paceScored = scored
    this.#paceDoc = doc
    return this.#windows && alone > windows
  }

  /** All documents from `from` on by windows; false, and nothing is done, where that cannot be. */
  #runWindows(from: number): boolean {
    return withScoreWindow((window) => this.#scoreWindows(window, from)) ?? false
  }

  #scoreWindows(window: ScoreWindow, from: number): boolean {
    const maxDoc = Math.min(this.#clauses[0]!.postings.maxDoc, this.#refused.end)
    const top = this.#top
    const next = this.#clauses.map(({ postings }) => postings.blockOf(from, 0))
    // an exhaustive start is short, so that a threshold is there soon
    let size = 4096
    for (let start = from; start < maxDoc; start += size, size = SCORE_WINDOW) {
      const end = Math.min(maxDoc, start + size)
      const ranges = this.#clauses.map(({ postings }, k): readonly [number, number] => {
        const first = postings.blockOf(start, next[k]!)
        next[k] = first
        return [first, Math.min(postings.numBlocks, postings.blockOf(end - 1, first) + 1)]
      })
      if (!this.#canEnter(this.#boundOf(ranges))) continue
      window.start(start, end)
      for (const [k, { postings, weight, norms }] of this.#clauses.entries()) {
        const [first, stop] = ranges[k]!
        if (first >= stop) continue
        postings.addScores(window, { weight: weight.weight, lengths: weight.cache, norms }, first, stop)
      }
      const count = window.take(top.threshold)
      const { docs, scores } = window
      for (let i = 0; i < count; i += 1) {
        if (scores[i]! > top.threshold && !isRefused(this.#refused, docs[i]!)) top.offer(docs[i]!, scores[i]!)
      }
      top.scored += count
    }
    return true
  }

  /** Bound of the scores of documents in ranges of blocks, one a clause. */
  #boundOf(ranges: readonly (readonly [number, number])[]): number {
    let sum = 0
    for (const [k, { bounds }] of this.#clauses.entries()) {
      const [from, to] = ranges[k]!
      let max = 0
      for (let block = from; block < to; block += 1) if (bounds.blocks[block]! > max) max = bounds.blocks[block]!
      sum += max
    }
    return sum
  }

  /** The first block behind the lead's that may hold a document. */
  #nextBlock(lead: TermCursor, below: number): number {
    const { blocks } = lead.bounds
    let block = lead.block + 1
    while (block < blocks.length && !this.#canEnter(blocks[block]! + below)) block += 1
    return block
  }
}

/** Of more documents that are wanted, no score is known by reading few blocks. */
const MAX_SOUGHT = 100
/**
 * The best blocks that are scored first, for a document each, and the part of a term's blocks that they may be: a few, up to
 * half of them, of any term.
 */
const MAX_BLOCKS = 12
const MAX_PART = 1 / 8
const MIN_BLOCKS = 4

/**
 * A score that at least as many documents with a term reach as are wanted: of those in its blocks with the highest bounds.
 * Documents come in ascending order, so without it much is scored before the threshold has risen. -Infinity where none is
 * known. The cursor is back at its start.
 */
function firstThreshold(cursor: TermCursor, { alive, excluded }: Refused, top: TopScores): number {
  const { limit } = top
  if (limit === 0 || limit > MAX_SOUGHT || excluded !== null) return -Infinity
  const { numBlocks } = cursor.postings
  const wanted = Math.min(limit, MAX_BLOCKS, numBlocks)
  const { blocks } = cursor.bounds
  const few = Math.min(MIN_BLOCKS, numBlocks / 2)
  if (wanted > Math.max(MAX_PART * numBlocks, few) || cursor.bounds.max <= top.threshold) return -Infinity
  const best = new TopScores(limit)
  for (const block of highest(blocks, wanted)) {
    if (blocks[block]! <= best.threshold) continue
    cursor.enter(block)
    cursor.scoreBlock()
    top.scored += cursor.length
    for (let i = 0; i < cursor.length; i += 1) {
      const score = cursor.scores[i]!
      if (score <= best.threshold) continue
      if (alive === null || alive.isAlive(cursor.docs[i]!)) best.offer(cursor.docs[i]!, score)
    }
  }
  cursor.enter(0)
  return best.threshold
}

/** Places of the `count` highest of some bounds, highest first. */
function highest(bounds: Float64Array, count: number): number[] {
  const places: number[] = []
  for (let k = 0; k < bounds.length; k += 1) {
    if (places.length === count && bounds[k]! <= bounds[places[count - 1]!]!) continue
    let at = places.length < count ? places.length : count - 1
    for (; at > 0 && bounds[places[at - 1]!]! < bounds[k]!; at -= 1) places[at] = places[at - 1]!
    places[at] = k
  }
  return places
}

/** Offers the documents of all of several terms, given in clause order. */
export function collectIntersectionTop(clauses: readonly TermCursor[], refused: Refused, top: TopScores): void {
  const byRarity = clauses.toSorted((a, b) => a.postings.docFreq - b.postings.docFreq)
  const lead = byRarity[0]!
  const others = byRarity.slice(1)
  const slack = slackOf(clauses.length)
  let othersMax = 0
  for (const cursor of others) othersMax += cursor.bounds.max
  let scored = 0
  const { docs, scores } = lead
  const { blocks } = lead.bounds
  let block = 0
  let from = refused.start
  for (;;) {
    while (block < blocks.length && (blocks[block]! + othersMax) * slack <= top.threshold) block += 1
    if (block >= blocks.length) break
    if (from > lead.lastOf(block)) block = lead.postings.blockOf(from, block)
    if (block !== lead.block) lead.enter(block)
    if (block >= blocks.length || docs[0]! >= refused.end) break
    // a block that was sought for has its own bound
    if ((blocks[block]! + othersMax) * slack > top.threshold) {
      lead.scoreBlock()
      scored += lead.length
      for (let i = 0; i < lead.length; i += 1) {
        const doc = docs[i]!
        if (doc < from || (scores[i]! + othersMax) * slack <= top.threshold) continue
        if (doc >= refused.end) break
        let bound = scores[i]!
        for (let k = 0; k < others.length; k += 1) bound += others[k]!.boundAt(doc)
        if (bound * slack <= top.threshold) continue
        lead.at = i
        lead.doc = doc
        from = matchAll(others, doc)
        if (from !== doc || isRefused(refused, doc)) continue
        let score = 0
        for (const cursor of clauses) score = Math.fround(score + cursor.score())
        top.offer(doc, score)
      }
    }
    block += 1
  }
  top.scored += scored
}

/** Moves cursors to a document; returns it where all have it, else the next one that they may all have. */
function matchAll(others: readonly TermCursor[], doc: number): number {
  for (const cursor of others) {
    const found = cursor.seek(doc)
    if (found !== doc) return found
  }
  return doc
}
