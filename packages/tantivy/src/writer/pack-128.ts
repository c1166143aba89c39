import type { ByteWriter } from './byte-writer.ts'

/** Bits of the largest of the 128 values from `start` on. */
export function widthOf128(values: Uint32Array, start: number): number {
  let all = 0
  for (let i = start; i < start + 128; i += 1) all |= values[i]!
  return 32 - Math.clz32(all)
}

const words = new Uint32Array(128)

/** Packs 128 values in four interleaved lanes of `width` bits (section 1.3): 16 * width bytes. */
export function pack128(values: Uint32Array, start: number, width: number, out: ByteWriter): void {
  words.fill(0, 0, width * 4)
  for (let n = 0; n < 128; n += 1) {
    const value = values[start + n]!
    const lane = n & 3
    const bit = (n >> 2) * width
    const word = (bit >> 5) * 4 + lane
    const shift = bit & 31
    words[word]! |= value << shift
    if (shift + width > 32) words[word + 4]! |= value >>> (32 - shift)
  }
  for (let k = 0; k < width * 4; k += 1) out.u32(words[k]!)
}
