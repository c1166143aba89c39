/** What `splitTicks` found: one object for all calls, read it at once. It starts with fractions, so that its fields are doubles from the start. */
export const split: { seconds: number; fraction: number } = { seconds: 0.5, fraction: 0.5 }

/**
 * Divides a signed 64-bit count (words `at` and `at + 1`) by the counts in a second, rounding down: whole seconds and the
 * rest, in `split`. Exact wherever the seconds are below 2^53.
 */
export function splitTicks(words: Int32Array, at: number, perSecond: number): void {
  const low = words[at]!
  const high = words[at + 1]!
  if (perSecond === 1) {
    split.seconds = high * 4294967296 + (low >>> 0)
    split.fraction = 0
    return
  }
  if (high >= -0x100000 && high < 0x100000) {
    const ticks = high * 4294967296 + (low >>> 0)
    // The quotient may be rounded up to the next second.
    let seconds = Math.floor(ticks / perSecond)
    let fraction = ticks - seconds * perSecond
    if (fraction < 0) {
      seconds--
      fraction += perSecond
    }
    split.seconds = seconds
    split.fraction = fraction
    return
  }
  const q2 = Math.floor(high / perSecond)
  let t = (high - q2 * perSecond) * 65536 + (low >>> 16)
  const q1 = Math.floor(t / perSecond)
  t = (t - q1 * perSecond) * 65536 + (low & 0xffff)
  const q0 = Math.floor(t / perSecond)
  split.seconds = q2 * 4294967296 + q1 * 65536 + q0
  split.fraction = t - q0 * perSecond
}

/** The inverse of `splitTicks`, for a fraction from 0 to below a second; false when the count does not fit in 64 bits. */
export function joinTicks(
  seconds: number,
  fraction: number,
  perSecond: number,
  words: Int32Array,
  at: number,
): boolean {
  const s1 = Math.floor(seconds / 131072)
  const p1 = s1 * perSecond
  const p0 = (seconds - s1 * 131072) * perSecond + fraction
  const a = Math.floor(p1 / 32768)
  const t = (p1 - a * 32768) * 131072 + p0
  const high = a + Math.floor(t / 4294967296)
  words[at] = t
  words[at + 1] = high
  return high >= -2147483648 && high <= 2147483647
}

/** Writes an integer below 2^53 in absolute value as a signed 64-bit one. */
export function writeInt64(words: Int32Array, at: number, value: number): void {
  words[at] = value
  words[at + 1] = Math.floor(value / 4294967296)
}

/** A signed 64-bit integer as a number: exact up to 2^53, rounded beyond. */
export function readInt64(words: Int32Array, at: number): number {
  return words[at + 1]! * 4294967296 + (words[at]! >>> 0)
}

/** An unsigned 64-bit integer as a number: exact up to 2^53, rounded beyond. */
export function readUint64(words: Int32Array, at: number): number {
  return (words[at + 1]! >>> 0) * 4294967296 + (words[at]! >>> 0)
}

export function readBigInt64(words: Int32Array, at: number): bigint {
  return (BigInt(words[at + 1]!) << 32n) | BigInt(words[at]! >>> 0)
}

/** Writes the low 64 bits. */
export function writeBigInt64(words: Int32Array, at: number, value: bigint): void {
  words[at] = Number(BigInt.asIntN(32, value))
  words[at + 1] = Number(BigInt.asIntN(32, value >> 32n))
}
