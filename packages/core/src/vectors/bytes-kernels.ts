/** Order of two byte runs: negative, 0 or positive, by unsigned bytes, a prefix first. */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const shared = Math.min(aEnd - aStart, bEnd - bStart)
  for (let i = 0; i < shared; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!
    if (difference !== 0) return difference
  }
  return aEnd - aStart - (bEnd - bStart)
}

export function equalBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  const length = aEnd - aStart
  if (length !== bEnd - bStart) return false
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false
  return true
}

/** First position of `needle` in `bytes[start .. end)`, or -1. */
export function indexOfBytes(bytes: Uint8Array, start: number, end: number, needle: Uint8Array): number {
  const length = needle.length
  if (length === 0) return start
  const first = needle[0]!
  const last = end - length
  for (let i = start; i <= last; i++) {
    if (bytes[i] !== first) continue
    let j = 1
    while (j < length && bytes[i + j] === needle[j]) j++
    if (j === length) return i
  }
  return -1
}
