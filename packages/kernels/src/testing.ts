/** Numbers 0 to 2^32 - 1 that a seed determines (mulberry32), for tests. */
export function randoms(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
}

/** Numbers of [0, 1) that a seed determines. */
export function seeded(seed: number): () => number {
  const next = randoms(seed)
  return () => next() / 2 ** 32
}
