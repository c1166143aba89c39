import { threadScratch } from './scratch.ts'

/** Sum and bounds of floats; of no values, bounds are infinite. */
export interface FloatFold {
  sum: number
  /** NaN is neither. */
  least: number
  most: number
  /** Of values that are not zero. */
  leastOther: number
  mostOther: number
  zeros: number
}

/** Below this many values the copy costs more than it saves. */
const WASM_FROM = 64

/** Writes the sum and the bounds of values[0..count) to `fold`; the sum is of four sums, of every fourth value. */
export function foldFloats(values: Float64Array, count: number, fold: FloatFold): void {
  if (count > values.length) throw new RangeError(`a fold of ${count} floats of ${values.length}`)
  const scratch = count < WASM_FROM ? null : threadScratch()
  if (scratch === null) {
    foldTwin(values, count, fold)
    return
  }
  const mark = scratch.mark()
  const address = scratch.putWords(new Uint32Array(values.buffer, values.byteOffset, 2 * count))
  const out = scratch.alloc(48)
  scratch.kernels.foldFloats(address, count, out)
  const { floats } = scratch
  const at = out >>> 3
  fold.sum = floats[at]!
  fold.least = floats[at + 1]!
  fold.most = floats[at + 2]!
  fold.leastOther = floats[at + 3]!
  fold.mostOther = floats[at + 4]!
  fold.zeros = floats[at + 5]!
  scratch.release(mark)
}

function foldTwin(values: Float64Array, count: number, fold: FloatFold): void {
  const whole = count & ~3
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let i = 0; i < whole; i += 4) {
    a += values[i]!
    b += values[i + 1]!
    c += values[i + 2]!
    d += values[i + 3]!
  }
  for (let i = whole; i < count; i += 1) a += values[i]!
  let [least, most, leastOther, mostOther, zeros] = [Infinity, -Infinity, Infinity, -Infinity, 0]
  for (let i = 0; i < count; i += 1) {
    const value = values[i]!
    if (value < least) least = value
    if (value > most) most = value
    if (value === 0) {
      zeros += 1
      continue
    }
    if (value < leastOther) leastOther = value
    if (value > mostOther) mostOther = value
  }
  fold.sum = a + b + (c + d)
  fold.least = least
  fold.most = most
  fold.leastOther = leastOther
  fold.mostOther = mostOther
  fold.zeros = zeros
}
