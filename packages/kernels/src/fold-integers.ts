import { type Scratch, threadScratch } from './scratch.ts'

/** Sums of halves, least and greatest of 64-bit integers; the sum is lows + highs * 2^32. */
export interface IntegerFold {
  lows: number
  highs: number
  least: bigint
  most: bigint
}

/** Values of a call: sums of so many halves are exact in a float. */
const CHUNK = 1 << 16
/** Below this many values the copy costs more than it saves. */
const WASM_FROM = 64
const SIGN = 1n << 63n

/**
 * Folds values[0..count), which are more than none and at most 2^20, without rounding; `signed` tells how the 64 bits are
 * meant.
 */
export function foldIntegers(values: BigInt64Array | BigUint64Array, count: number, signed: boolean): IntegerFold {
  if (count < 1 || count > values.length || count > 1 << 20) throw new RangeError(`a fold of ${count} integers`)
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * count)
  const scratch = count < WASM_FROM ? null : threadScratch()
  if (scratch === null) return foldTwin(words, count, signed)
  const fold = foldChunk(scratch, words, 0, Math.min(count, CHUNK), signed)
  for (let at = CHUNK; at < count; at += CHUNK) {
    const more = foldChunk(scratch, words, at, Math.min(count, at + CHUNK), signed)
    fold.lows += more.lows
    fold.highs += more.highs
    if (more.least < fold.least) fold.least = more.least
    if (more.most > fold.most) fold.most = more.most
  }
  return fold
}

function foldChunk(scratch: Scratch, words: Uint32Array, from: number, to: number, signed: boolean): IntegerFold {
  const mark = scratch.mark()
  const values = scratch.putWords(words.subarray(2 * from, 2 * to))
  const out = scratch.alloc(32)
  scratch.kernels.foldIntegers(values, to - from, signed ? 0n : SIGN, out)
  const view = new DataView(scratch.bytes.buffer, out, 32)
  const fold = {
    lows: Number(view.getBigUint64(0, true)),
    highs: Number(view.getBigInt64(8, true)),
    least: signed ? view.getBigInt64(16, true) : view.getBigUint64(16, true),
    most: signed ? view.getBigInt64(24, true) : view.getBigUint64(24, true),
  }
  scratch.release(mark)
  return fold
}

function foldTwin(words: Uint32Array, count: number, signed: boolean): IntegerFold {
  const flip = signed ? 0x80000000 : 0
  let lows = 0
  let highs = 0
  let [leastHigh, leastLow, mostHigh, mostLow] = [0xffffffff, 0xffffffff, 0, 0]
  for (let i = 0; i < count; i += 1) {
    const low = words[2 * i]!
    const high = words[2 * i + 1]!
    lows += low
    highs += signed ? high | 0 : high
    const ordered = (high ^ flip) >>> 0
    if (ordered < leastHigh || (ordered === leastHigh && low < leastLow)) {
      leastHigh = ordered
      leastLow = low
    }
    if (ordered > mostHigh || (ordered === mostHigh && low > mostLow)) {
      mostHigh = ordered
      mostLow = low
    }
  }
  const join = (high: number, low: number): bigint => {
    const value = (BigInt((high ^ flip) >>> 0) << 32n) | BigInt(low)
    return signed ? BigInt.asIntN(64, value) : value
  }
  return { lows, highs, least: join(leastHigh, leastLow), most: join(mostHigh, mostLow) }
}
