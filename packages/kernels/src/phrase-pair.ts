import { threadScratch } from './scratch.ts'

/** A term's documents with its frequencies, and the position deltas of all documents one after another. */
export interface PositionedDocs {
  readonly docs: Uint32Array
  readonly freqs: Uint32Array
  readonly count: number
  readonly positions: Uint32Array
}

/**
 * Documents of [start, end] that have a position of `right` at `distance` behind one of `left`: writes them, and the number
 * of such pairs in each, to `outDocs` and `outFreqs`, which have room for the shorter list; returns how many.
 */
export function phrasePair(
  left: PositionedDocs,
  right: PositionedDocs,
  distance: number,
  start: number,
  end: number,
  outDocs: Uint32Array,
  outFreqs: Uint32Array,
): number {
  const scratch = threadScratch()
  if (scratch === null) return phrasePairTwin(left, right, distance, start, end, outDocs, outFreqs)
  const mark = scratch.mark()
  const put = (side: PositionedDocs): [number, number, number, number] => [
    scratch.putWords(side.docs.subarray(0, side.count)),
    scratch.putWords(side.freqs.subarray(0, side.count)),
    side.count,
    scratch.putWords(side.positions),
  ]
  const a = put(left)
  const b = put(right)
  const room = Math.min(left.count, right.count) * 4 + 4
  const docs = scratch.alloc(room)
  const freqs = scratch.alloc(room)
  const count = scratch.kernels.phrasePair(...a, ...b, distance, start, end, docs, freqs)
  outDocs.set(scratch.words.subarray(docs >>> 2, (docs >>> 2) + count))
  outFreqs.set(scratch.words.subarray(freqs >>> 2, (freqs >>> 2) + count))
  scratch.release(mark)
  return count
}

function phrasePairTwin(
  left: PositionedDocs,
  right: PositionedDocs,
  distance: number,
  start: number,
  end: number,
  outDocs: Uint32Array,
  outFreqs: Uint32Array,
): number {
  let i = 0
  let k = 0
  let atLeft = 0
  let atRight = 0
  let found = 0
  while (i < left.count && k < right.count) {
    const a = left.docs[i]!
    const b = right.docs[k]!
    const sizeLeft = left.freqs[i]!
    const sizeRight = right.freqs[k]!
    if (a === b) {
      if (a > end) break
      if (a >= start) {
        outDocs[found] = a
        const matches = countPairs(
          left.positions,
          atLeft,
          atLeft + sizeLeft,
          right.positions,
          atRight,
          atRight + sizeRight,
          distance,
        )
        outFreqs[found] = matches
        found += +(matches > 0)
      }
    }
    const stepLeft = +(a <= b)
    const stepRight = +(b <= a)
    i += stepLeft
    k += stepRight
    atLeft += sizeLeft * stepLeft
    atRight += sizeRight * stepRight
  }
  return found
}

function countPairs(
  left: Uint32Array,
  fromLeft: number,
  endLeft: number,
  right: Uint32Array,
  fromRight: number,
  endRight: number,
  distance: number,
): number {
  let a = fromLeft
  let b = fromRight
  let x = (left[a]! + distance) | 0
  let y = right[b]! | 0
  let count = 0
  for (;;) {
    count += +(x === y)
    const stepLeft = x <= y
    const stepRight = y <= x
    if (stepLeft) {
      a += 1
      if (a >= endLeft) return count
      x = (x + left[a]!) | 0
    }
    if (stepRight) {
      b += 1
      if (b >= endRight) return count
      y = (y + right[b]!) | 0
    }
  }
}
