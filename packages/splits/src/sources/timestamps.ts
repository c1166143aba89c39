import type { DataType } from 'apache-arrow'

/** Nanoseconds in one unit of a Timestamp type. */
export function nanosPerUnit(type: DataType): number {
  return [1_000_000_000, 1_000_000, 1_000, 1][(type as unknown as { unit: number }).unit]!
}

const TWO_32 = 4294967296

/**
 * Turns `length` nanosecond counts into counts of a coarser unit, in place, rounding down. Works on 32-bit halves: a
 * column is truncated to its precision when it is written, so the quotient is almost always whole and a double is exact
 * after rounding; what is not whole goes through BigInt.
 */
export function divideNanos(values: BigInt64Array, length: number, nanos: number): void {
  if (nanos === 1) return
  const low = new Uint32Array(values.buffer, values.byteOffset, length * 2)
  const high = new Int32Array(values.buffer, values.byteOffset, length * 2)
  const divisor = BigInt(nanos)
  for (let i = 0; i < length; i++) {
    const [lo, hi] = [low[2 * i]!, high[2 * i + 1]!]
    const quotient = Math.round((hi * TWO_32 + lo) / nanos)
    // quotient * nanos, modulo 2^32, must give back the low half: a double cannot be off by a multiple of 2^32 here.
    if (Math.imul(quotient | 0, nanos) >>> 0 === lo && Number.isSafeInteger(quotient)) {
      low[2 * i] = quotient >>> 0
      high[2 * i + 1] = Math.floor(quotient / TWO_32)
    } else {
      const value = values[i]!
      const floor = value / divisor
      values[i] = value < 0n && floor * divisor !== value ? floor - 1n : floor
    }
  }
}
