import type { AliveBitset, Scorer } from '@volley/tantivy'

/** The documents of an ascending list that are not deleted; the same array when none is. */
export function aliveOnly(docs: Uint32Array, alive: AliveBitset | null): Uint32Array {
  if (alive === null) return docs
  const live = new Uint32Array(docs.length)
  let count = 0
  for (const doc of docs) {
    live[count] = doc
    count += +alive.isAlive(doc)
  }
  return live.subarray(0, count)
}

/** Live documents `start` to `end` (exclusive), ascending. */
export function aliveRange(start: number, end: number, alive: AliveBitset | null): Uint32Array {
  const docs = new Uint32Array(end - start)
  let count = 0
  for (let doc = start; doc < end; doc++) {
    docs[count] = doc
    count += alive === null ? 1 : +alive.isAlive(doc)
  }
  return docs.subarray(0, count)
}

/** Scores the matching live documents of `start` to `end`; documents ascend. */
export function scoreAll(
  scorer: Scorer,
  alive: AliveBitset | null,
  start: number,
  end: number,
): { docs: Uint32Array; scores: Float64Array } {
  let capacity = 1024
  let docs = new Uint32Array(capacity)
  let scores = new Float64Array(capacity)
  let count = 0
  for (let doc = scorer.doc < start ? scorer.seek(start) : scorer.doc; doc < end; doc = scorer.advance()) {
    if (alive !== null && !alive.isAlive(doc)) continue
    if (count === capacity) {
      capacity *= 2
      docs = grown(docs, new Uint32Array(capacity))
      scores = grown(scores, new Float64Array(capacity))
    }
    docs[count] = doc
    scores[count++] = scorer.score()
  }
  return { docs: docs.subarray(0, count), scores: scores.subarray(0, count) }
}

function grown<A extends Uint32Array | Float64Array>(from: A, to: A): A {
  to.set(from)
  return to
}
