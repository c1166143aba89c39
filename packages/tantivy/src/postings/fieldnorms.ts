/** Number of tokens that a field norm code stands for (section 7). */
export const FIELD_NORMS: Uint32Array = Uint32Array.from({ length: 256 }, (_, code) => {
  if (code < 24) return code
  const e = code - 24
  const shift = (e >> 3) - 1
  return 24 + (shift < 0 ? e & 7 : ((e & 7) | 8) * 2 ** shift)
})

/** The largest code whose length is not above `length`. */
export function fieldNormCode(length: number): number {
  let low = 0
  let high = 256
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (FIELD_NORMS[middle]! <= length) low = middle
    else high = middle
  }
  return low
}
