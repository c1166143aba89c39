// 64-bit integers as halves: lo[i] + 2^32 hi[i], all arithmetic modulo 2^64. No BigInt a value.

/** High 32 bits of a product of two u32. */
function multiplyHigh(a: number, b: number): number {
  const al = a & 0xffff
  const ah = a >>> 16
  const bl = b & 0xffff
  const bh = b >>> 16
  // no partial sum reaches 2^32
  const middle = ah * bl + ((al * bl) >>> 16)
  const cross = al * bh + (middle & 0xffff)
  return (ah * bh + (middle >>> 16) + (cross >>> 16)) >>> 0
}

/** Adds a constant to count values. */
export function addConstant(lo: Uint32Array, hi: Uint32Array, count: number, addLo: number, addHi: number): void {
  const addend = addLo >>> 0
  if (addend === 0 && addHi === 0) return
  for (let i = 0; i < count; i += 1) {
    const sum = (lo[i]! + addend) >>> 0
    hi[i] = hi[i]! + addHi + +(sum < addend)
    lo[i] = sum
  }
}

/** Multiplies count values by a constant. */
export function multiplyConstant(lo: Uint32Array, hi: Uint32Array, count: number, byLo: number, byHi: number): void {
  if (byLo === 1 && byHi === 0) return
  const bl = byLo & 0xffff
  const bh = byLo >>> 16
  for (let i = 0; i < count; i += 1) {
    const a = lo[i]!
    const al = a & 0xffff
    const ah = a >>> 16
    const middle = Math.imul(ah, bl) + (Math.imul(al, bl) >>> 16)
    const cross = Math.imul(al, bh) + (middle & 0xffff)
    const high = Math.imul(ah, bh) + (middle >>> 16) + (cross >>> 16)
    lo[i] = Math.imul(a, byLo)
    hi[i] = high + Math.imul(a, byHi) + Math.imul(hi[i]!, byLo)
  }
}

/**
 * Adds line(x) for x = firstX, firstX + 1, ... to values [at, at + count): the line is the intercept plus the
 * sign-extended high word of the low 64 bits of x * slope (section 9.5).
 */
export function addLine(lo: Uint32Array, hi: Uint32Array, at: number, count: number, firstX: number, line: Line): void {
  const { slopeLo, slopeHi, interceptLo, interceptHi } = line
  // the product x * slope, kept as running halves
  let productLo = Math.imul(firstX, slopeLo) >>> 0
  let productHi = (multiplyHigh(firstX, slopeLo) + Math.imul(firstX, slopeHi)) >>> 0
  for (let i = at; i < at + count; i += 1) {
    const shifted = productHi | 0
    const withIntercept = (interceptLo + (shifted >>> 0)) >>> 0
    const carry = +(withIntercept < interceptLo)
    const sum = (withIntercept + lo[i]!) >>> 0
    hi[i] = hi[i]! + interceptHi + (shifted >> 31) + carry + +(sum < withIntercept)
    lo[i] = sum
    const next = (productLo + slopeLo) >>> 0
    productHi = (productHi + slopeHi + +(next < slopeLo)) >>> 0
    productLo = next
  }
}

/** Slope and intercept of a linear codec, as halves. */
export interface Line {
  readonly slopeLo: number
  readonly slopeHi: number
  readonly interceptLo: number
  readonly interceptHi: number
}

export function makeLine(slope: bigint, intercept: bigint): Line {
  return {
    slopeLo: lowHalf(slope),
    slopeHi: highHalf(slope),
    interceptLo: lowHalf(intercept),
    interceptHi: highHalf(intercept),
  }
}

export function lowHalf(value: bigint): number {
  return Number(value & 0xffffffffn)
}

export function highHalf(value: bigint): number {
  return Number((value >> 32n) & 0xffffffffn)
}
