/** Bytes [start, end) of an object. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** One read that answers several: `members` are the indices of the ranges that lie inside it. */
export interface CoalescedRange extends ByteRange {
  readonly members: readonly number[]
}

/**
 * Merges ranges whose gap is at most `maxGap` bytes into reads of at most `maxBytes` bytes (a longer single range, or
 * ranges that overlap it, stay whole), ascending. Empty ranges join whichever read they touch.
 */
export function coalesceRanges(ranges: readonly ByteRange[], maxGap: number, maxBytes: number): CoalescedRange[] {
  const order = ranges.map((_, index) => index).sort((a, b) => ranges[a]!.start - ranges[b]!.start || a - b)
  const reads: { start: number; end: number; members: number[] }[] = []
  for (const index of order) {
    const range = ranges[index]!
    const last = reads.at(-1)
    if (last !== undefined) {
      const end = Math.max(last.end, range.end)
      const overlaps = range.start < last.end
      if (overlaps || (range.start - last.end <= maxGap && end - last.start <= maxBytes)) {
        last.end = end
        last.members.push(index)
        continue
      }
    }
    reads.push({ start: range.start, end: range.end, members: [index] })
  }
  return reads
}
