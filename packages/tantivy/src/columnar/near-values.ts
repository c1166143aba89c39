import type { OptionalIndex } from './optional-index.ts'

/** Values of at most 32 bits, packed one after another: min + gcd * raw. */
export interface NarrowValues {
  readonly words: Uint32Array
  readonly width: number
  readonly min: number
  readonly gcd: number
}

/** Writes the value of each document as a float; NaN for one that is not in the set. */
export function gatherNear(
  docs: Uint32Array,
  count: number,
  set: OptionalIndex | null,
  { words, width, min, gcd }: NarrowValues,
  out: Float64Array,
): void {
  const mask = width === 32 ? -1 : (1 << width) - 1
  for (let i = 0; i < count; i += 1) {
    const doc = docs[i]!
    let row = doc
    if (set !== null) {
      if (((set.words[doc >>> 5]! >>> (doc & 31)) & 1) === 0) {
        out[i] = NaN
        continue
      }
      row = set.rank(doc)
    }
    const bit = Math.imul(row, width)
    const word = bit >>> 5
    const shift = bit & 31
    // << 1 << 31 - shift is << 32 - shift that also holds for a shift of 0
    const raw = ((words[word]! >>> shift) | ((words[word + 1]! << 1) << (31 - shift))) & mask
    out[i] = min + gcd * (raw >>> 0)
  }
}
