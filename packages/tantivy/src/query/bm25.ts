import { type Explanation, leaf } from './explanation.ts'
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

  readonly #idf: number
  readonly #boost: number

  /** `numTokens` is the total of the field, `boost` multiplies the weight. */
  constructor(idfSum: number, numTokens: number, numDocs: number, boost: number) {
    this.#idf = idfSum
    this.#boost = boost
    this.weight = fround(fround(idfSum * fround(1 + K1)) * boost)
    this.average = fround(fround(numTokens) / fround(numDocs))
    for (let code = 0; code < 256; code += 1) {
      const length = fround(fround(B * fround(FIELD_NORMS[code]!)) / this.average)
      this.cache[code] = fround(K1 * fround(fround(1 - B) + length))
    }
  }

  /** Why a document scores as it does; `counts` are the details of a single term's inverse document frequency. */
  explain(
    normCode: number,
    tf: number,
    counts: { readonly docFreq: number; readonly numDocs: number } | null,
  ): Explanation {
    const freq = fround(tf)
    const parts: Explanation[] = [
      leaf('(K1+1)', fround(1 + K1)),
      counts === null
        ? leaf('idf', this.#idf)
        : {
            description: 'idf, computed as log(1 + (N - n + 0.5) / (n + 0.5))',
            value: this.#idf,
            details: [
              leaf('n, number of docs containing this term', counts.docFreq),
              leaf('N, total number of docs', counts.numDocs),
            ],
          },
      {
        description: 'freq / (freq + k1 * (1 - b + b * dl / avgdl))',
        value: fround(freq / fround(freq + this.cache[normCode]!)),
        details: [
          leaf('freq, occurrences of term within document', freq),
          leaf('k1, term saturation parameter', K1),
          leaf('b, length normalization parameter', B),
          leaf('dl, length of field', FIELD_NORMS[normCode]!),
          leaf('avgdl, average length of field', this.average),
        ],
      },
    ]
    if (this.#boost !== 1) parts.push(leaf('boost', this.#boost))
    return { description: 'TermQuery, product of...', value: this.score(normCode, tf), details: parts }
  }

  score(normCode: number, tf: number): number {
    const freq = fround(tf)
    return fround(this.weight * fround(freq / fround(freq + this.cache[normCode]!)))
  }
}
