// MurmurHash3 x64 128 (Appleby) over bytes, with 64-bit integers as halves.

const SEED = 9001
const C1_LO = 0x114253d5
const C1_HI = 0x87c37b91
const C2_LO = 0x2745937f
const C2_HI = 0x4cf5ad43

/** High half of the last product or mix. */
let high = 0

function multiplyHigh(a: number, b: number): number {
  const al = a & 0xffff
  const ah = a >>> 16
  const bl = b & 0xffff
  const bh = b >>> 16
  const middle = ah * bl + ((al * bl) >>> 16)
  const cross = al * bh + (middle & 0xffff)
  return (ah * bh + (middle >>> 16) + (cross >>> 16)) | 0
}

/** Low half of a product modulo 2^64; its high half is left in `high`. */
function multiply(aLo: number, aHi: number, bLo: number, bHi: number): number {
  high = (multiplyHigh(aLo >>> 0, bLo >>> 0) + Math.imul(aLo, bHi) + Math.imul(aHi, bLo)) | 0
  return Math.imul(aLo, bLo)
}

/** The final mix of 64 bits. */
function mix(lo: number, hi: number): number {
  let l = lo ^ (hi >>> 1)
  l = multiply(l, hi, 0xed558ccd, 0xff51afd7)
  let h = high
  l ^= h >>> 1
  l = multiply(l, h, 0x1a85ec53, 0xc4ceb9fe)
  h = high
  high = h
  return l ^ (h >>> 1)
}

/** Result of a hash: the two 64-bit words as four halves, low ones first. */
export const hashWords: Int32Array = new Int32Array(4)

/** Hashes `length` bytes that lie as little-endian words in `words`, zeros after the end; the result is in hashWords. */
export function murmur3(words: Int32Array, length: number): void {
  let h1l = SEED
  let h1h = 0
  let h2l = SEED
  let h2h = 0
  const blocks = length >>> 4
  for (let block = 0; block < blocks; block += 1) {
    const at = 4 * block
    let lo = multiply(words[at]!, words[at + 1]!, C1_LO, C1_HI)
    let hi = high
    // rotate left by 31
    let l = (lo << 31) | (hi >>> 1)
    let h = (hi << 31) | (lo >>> 1)
    lo = multiply(l, h, C2_LO, C2_HI)
    h1l ^= lo
    h1h ^= high
    // rotate left by 27, add h2, times 5, add
    l = (h1l << 27) | (h1h >>> 5)
    h = (h1h << 27) | (h1l >>> 5)
    let sum = (l >>> 0) + (h2l >>> 0)
    h = (h + h2h + +(sum > 0xffffffff)) | 0
    lo = multiply(sum | 0, h, 5, 0)
    sum = (lo >>> 0) + 0x52dce729
    h1h = (high + +(sum > 0xffffffff)) | 0
    h1l = sum | 0

    lo = multiply(words[at + 2]!, words[at + 3]!, C2_LO, C2_HI)
    hi = high
    // rotate left by 33
    l = (hi << 1) | (lo >>> 31)
    h = (lo << 1) | (hi >>> 31)
    lo = multiply(l, h, C1_LO, C1_HI)
    h2l ^= lo
    h2h ^= high
    // rotate left by 31, add h1, times 5, add
    l = (h2l << 31) | (h2h >>> 1)
    h = (h2h << 31) | (h2l >>> 1)
    sum = (l >>> 0) + (h1l >>> 0)
    h = (h + h1h + +(sum > 0xffffffff)) | 0
    lo = multiply(sum | 0, h, 5, 0)
    sum = (lo >>> 0) + 0x38495ab5
    h2h = (high + +(sum > 0xffffffff)) | 0
    h2l = sum | 0
  }
  const rest = length & 15
  const at = 4 * blocks
  if (rest > 8) {
    const lo = multiply(words[at + 2]!, words[at + 3]!, C2_LO, C2_HI)
    const hi = high
    h2l ^= multiply((hi << 1) | (lo >>> 31), (lo << 1) | (hi >>> 31), C1_LO, C1_HI)
    h2h ^= high
  }
  if (rest > 0) {
    const lo = multiply(words[at]!, words[at + 1]!, C1_LO, C1_HI)
    const hi = high
    h1l ^= multiply((lo << 31) | (hi >>> 1), (hi << 31) | (lo >>> 1), C2_LO, C2_HI)
    h1h ^= high
  }
  h1l ^= length
  h2l ^= length
  let sum = (h1l >>> 0) + (h2l >>> 0)
  h1h = (h1h + h2h + +(sum > 0xffffffff)) | 0
  h1l = sum | 0
  sum = (h2l >>> 0) + (h1l >>> 0)
  h2h = (h2h + h1h + +(sum > 0xffffffff)) | 0
  h2l = sum | 0
  h1l = mix(h1l, h1h)
  h1h = high
  h2l = mix(h2l, h2h)
  h2h = high
  sum = (h1l >>> 0) + (h2l >>> 0)
  h1h = (h1h + h2h + +(sum > 0xffffffff)) | 0
  h1l = sum | 0
  sum = (h2l >>> 0) + (h1l >>> 0)
  hashWords[0] = h1l
  hashWords[1] = h1h
  hashWords[2] = sum | 0
  hashWords[3] = (h2h + h1h + +(sum > 0xffffffff)) | 0
}
