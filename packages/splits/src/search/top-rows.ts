/** The first `limit` rows of 0 to `count`, in order; `before` is negative where the first row comes before the second. */
export function topRows(count: number, limit: number, before: (a: number, b: number) => number): Uint32Array {
  const kept = Math.min(count, limit)
  if (kept === 0) return new Uint32Array(0)
  // A heap with the last of the kept rows on top.
  const heap = new Uint32Array(kept)
  let size = 0
  const sink = (from: number): void => {
    for (let at = from; ;) {
      let child = 2 * at + 1
      if (child >= size) return
      if (child + 1 < size && before(heap[child]!, heap[child + 1]!) < 0) child++
      if (before(heap[at]!, heap[child]!) >= 0) return
      const row = heap[at]!
      heap[at] = heap[child]!
      heap[child] = row
      at = child
    }
  }
  for (let row = 0; row < count; row++) {
    if (size < kept) {
      heap[size++] = row
      if (size === kept) for (let at = (kept >> 1) - 1; at >= 0; at--) sink(at)
    } else if (before(row, heap[0]!) < 0) {
      heap[0] = row
      sink(0)
    }
  }
  return heap.sort(before)
}
