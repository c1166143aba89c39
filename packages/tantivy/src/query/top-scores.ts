const FIRST_CAPACITY = 1024

/**
 * The best `limit` documents by score, best first, ties by segment and document. Documents are offered in ascending order
 * of segment and document, so that of equal scores the one that came first stays.
 */
export class TopScores {
  readonly limit: number
  /** A document enters only with a score above this; -Infinity until there are `limit` of them. */
  threshold: number = -Infinity
  /** Number of documents whose score was computed. */
  scored = 0
  #scores: Float32Array
  #segments: Uint32Array
  #docs: Uint32Array
  #size = 0
  #segment = 0

  constructor(limit: number) {
    if (!(Number.isInteger(limit) && limit >= 0)) throw new RangeError(`a limit of ${limit} documents`)
    this.limit = limit
    if (limit === 0) this.threshold = Infinity
    const capacity = Math.min(limit, FIRST_CAPACITY)
    this.#scores = new Float32Array(capacity)
    this.#segments = new Uint32Array(capacity)
    this.#docs = new Uint32Array(capacity)
  }

  get size(): number {
    return this.#size
  }

  /** Refuses documents below a score that `limit` documents, still to be offered or found elsewhere, are known to reach. */
  raiseThreshold(score: number): void {
    // below the score itself, also below zero, above the f32 before it
    const below = score - Math.max(Math.abs(score) * 1e-8, Number.MIN_VALUE)
    if (below > this.threshold) this.threshold = below
  }

  /** Sets the segment of the documents that follow; segments come in ascending order. */
  startSegment(ord: number): void {
    this.#segment = ord
  }

  /** Offers a document with its f32 score. */
  offer(doc: number, score: number): void {
    if (score <= this.threshold) return
    if (this.#size < this.limit) {
      if (this.#size === this.#docs.length) this.#grow()
      this.#siftUp(this.#size, score, this.#segment, doc)
      this.#size += 1
      if (this.#size < this.limit) return
    } else this.#siftDown(score, this.#segment, doc, this.#size)
    this.threshold = Math.max(this.threshold, this.#scores[0]!)
  }

  /** The documents, best first. Ends the collection. */
  finish(): { readonly segment: number; readonly doc: number; readonly score: number }[] {
    const order = Uint32Array.from({ length: this.#size }, (_, k) => k).sort((a, b) => (this.#isWorse(a, b) ? 1 : -1))
    return Array.from(order, (k) => ({
      segment: this.#segments[k]!,
      doc: this.#docs[k]!,
      score: this.#scores[k]!,
    }))
  }

  /** Whether entry a comes behind entry b. */
  #isWorse(a: number, b: number): boolean {
    const scores = this.#scores
    return scores[a]! < scores[b]! || (scores[a] === scores[b] && this.#isLater(a, this.#segments[b]!, this.#docs[b]!))
  }

  #isLater(k: number, segment: number, doc: number): boolean {
    return this.#segments[k]! > segment || (this.#segments[k] === segment && this.#docs[k]! > doc)
  }

  /** Whether entry k comes behind another. */
  #isBehind(k: number, score: number, segment: number, doc: number): boolean {
    const other = this.#scores[k]!
    return other < score || (other === score && this.#isLater(k, segment, doc))
  }

  #put(at: number, score: number, segment: number, doc: number): void {
    this.#scores[at] = score
    this.#segments[at] = segment
    this.#docs[at] = doc
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#scores[from]!, this.#segments[from]!, this.#docs[from]!)
  }

  /** Puts an entry where the worst is on top of those that are better. */
  #siftUp(from: number, score: number, segment: number, doc: number): void {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#isBehind(parent, score, segment, doc)) break
      this.#move(parent, at)
      at = parent
    }
    this.#put(at, score, segment, doc)
  }

  /** Replaces the worst entry. */
  #siftDown(score: number, segment: number, doc: number, size: number): void {
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (child + 1 < size && this.#isWorse(child + 1, child)) child += 1
      if (!this.#isBehind(child, score, segment, doc)) break
      this.#move(child, at)
      at = child
    }
    this.#put(at, score, segment, doc)
  }

  #grow(): void {
    const capacity = Math.min(this.limit, this.#docs.length * 2)
    const scores = new Float32Array(capacity)
    const segments = new Uint32Array(capacity)
    const docs = new Uint32Array(capacity)
    scores.set(this.#scores)
    segments.set(this.#segments)
    docs.set(this.#docs)
    this.#scores = scores
    this.#segments = segments
    this.#docs = docs
  }
}
