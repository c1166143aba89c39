/** Compares byte strings as unsigned bytes, a prefix first; negative, 0 or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length)
  for (let i = 0; i < n; i += 1) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Compares `bytes[start, end)` with `b`. */
export function compareRange(bytes: Uint8Array, start: number, end: number, b: Uint8Array): number {
  const n = Math.min(end - start, b.length)
  for (let i = 0; i < n; i += 1) {
    const difference = bytes[start + i]! - b[i]!
    if (difference !== 0) return difference
  }
  return end - start - b.length
}

/** The smallest byte string above all that start with `prefix`; null where there is none. */
export function prefixEnd(prefix: Uint8Array): Uint8Array | null {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 255) length -= 1
  if (length === 0) return null
  const end = prefix.slice(0, length)
  end[length - 1]! += 1
  return end
}
