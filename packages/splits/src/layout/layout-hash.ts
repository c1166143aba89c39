/** Odd multipliers of the four lanes; the first is FNV's 32-bit prime, the others are the same prime shifted in its high bits. */
const PRIMES = [0x01000193, 0x0b000193, 0x1d0001b3, 0x350001a7] as const

/**
 * A 128-bit hash of strings as 32 hexadecimal digits, for layout ids: four FNV-1a lanes (Fowler, Noll, Vo) over the
 * length-prefixed parts, each with its own multiplier, finalised by xor-shift-multiply. Not for adversaries: split ids
 * come from the metastore.
 */
export function layoutHash(parts: readonly string[]): string {
  const lanes = new Uint32Array(PRIMES.length).fill(0x811c9dc5)
  const mix = (unit: number) => {
    for (let lane = 0; lane < PRIMES.length; lane++) lanes[lane] = Math.imul(lanes[lane]! ^ unit, PRIMES[lane]!)
  }
  for (const part of parts) {
    mix(part.length)
    for (let i = 0; i < part.length; i++) mix(part.charCodeAt(i))
  }
  return Array.from(lanes, (lane) => finalise(lane).toString(16).padStart(8, '0')).join('')
}

function finalise(lane: number): number {
  let h = lane ^ (lane >>> 15)
  h = Math.imul(h, 0x2c1b3c6d)
  h ^= h >>> 12
  h = Math.imul(h, 0x297a2d39)
  return (h ^ (h >>> 15)) >>> 0
}
