/**
 * Indexes of the k smallest scores, best first; equal ones are compared by `compareEqual`, then the lower index comes
 * first. NaN counts as greatest.
 */
export function selectSmallest(
  scores: Float64Array,
  k: number,
  compareEqual: ((a: number, b: number) => number) | null = null,
): Uint32Array {
  const n = scores.length
  const all = Math.min(k, n)
  const heap = new Uint32Array(all)
  // the worst of the kept ones is on top
  const isBehind = (a: number, b: number): boolean => {
    const left = scores[a]!
    const right = scores[b]!
    if (left > right || (left !== left && right === right)) return true
    if (left < right || (left === left && right !== right)) return false
    const sign = compareEqual === null ? 0 : compareEqual(a, b)
    return sign === 0 ? a > b : sign > 0
  }
  const siftDown = (from: number, size: number): void => {
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) return
      if (child + 1 < size && isBehind(heap[child + 1]!, heap[child]!)) child += 1
      if (!isBehind(heap[child]!, heap[at]!)) return
      const swapped = heap[at]!
      heap[at] = heap[child]!
      heap[child] = swapped
      at = child
    }
  }
  for (let i = 0; i < all; i += 1) heap[i] = i
  for (let i = (all >> 1) - 1; i >= 0; i -= 1) siftDown(i, all)
  if (all > 0) {
    let worst = scores[heap[0]!]!
    for (let i = all; i < n; i += 1) {
      if (scores[i]! > worst || (scores[i] === worst && compareEqual === null)) continue
      if (!isBehind(heap[0]!, i)) continue
      heap[0] = i
      siftDown(0, all)
      worst = scores[heap[0]!]!
    }
  }
  for (let size = all - 1; size > 0; size -= 1) {
    const swapped = heap[0]!
    heap[0] = heap[size]!
    heap[size] = swapped
    siftDown(0, size)
  }
  return heap
}
