import { FIELD_NORMS } from '../postings/fieldnorms.ts'

const { fround } = Math
export const K1: number = fround(1.2)
export const B: number = fround(0.75)

/** Inverse document frequency of a term in `docFreq` of `numDocs` documents, in f32 (section 12). */
export function idf(docFreq: number, numDocs: number): number {
  const half = fround(0.5)
  const x = fround(fround(fround(numDocs - docFreq) + half) / fround(fround(docFreq) + half))
  return fround(Math.log(fround(1 + x)))
}

/** Scores of one term or phrase: weight * tf / (tf + cache[norm]), in f32. */
export class Bm25Weight {
  readonly weight: number
  /** f32 average length of the field's documents, over all that are searched. */
  readonly average: number
  /** By norm code: k1 * (1 - b + b * length / average). */
  readonly cache: Float32Array = new Float32Array(256)

  /** `numTokens` is the total of the field, `boost` multiplies the weight. */
  constructor(idfSum: number, numTokens: number, numDocs: number, boost: number) {
    this.weight = fround(fround(idfSum * fround(1 + K1)) * boost)
    this.average = fround(fround(numTokens) / fround(numDocs))
    for (let code = 0; code < 256; code += 1) {
      const length = fround(fround(B * fround(FIELD_NORMS[code]!)) / this.average)
      this.cache[code] = fround(K1 * fround(fround(1 - B) + length))
    }
  }

  score(normCode: number, tf: number): number {
    const freq = fround(tf)
    return fround(this.weight * fround(freq / fround(freq + this.cache[normCode]!)))
  }
}
