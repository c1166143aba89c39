import { type PreparedQuery, type PrepareContext, type Query, type SegmentReader, TermSetQuery } from '@volley/tantivy'

/** Documents with one of the first terms of a segment's dictionary that start with some bytes; the score is the boost. */
export class FirstTermsQuery implements Query {
  readonly kind = 'FirstTerms'
  readonly field: number
  readonly prefix: Uint8Array
  /** Number of terms that are tried in a segment. */
  readonly limit: number

  constructor(field: number, prefix: Uint8Array, limit: number) {
    this.field = field
    this.prefix = prefix
    this.limit = limit
  }

  visitTerms(): void {}

  toString(): string {
    return `${this.field}:${new TextDecoder().decode(this.prefix)}*~${this.limit}`
  }

  async prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    const index = await segment.invertedIndex(this.field)
    const terms: Uint8Array[] = []
    if (index !== null) {
      const range = index.terms.range({ term: this.prefix, inclusive: true }, prefixEnd(this.prefix), context.signal)
      for await (const batch of range) {
        for (let k = 0; k < batch.count && terms.length < this.limit; k++) {
          terms.push(batch.bytes.slice(batch.offsets[k], batch.offsets[k + 1]))
        }
        if (terms.length >= this.limit) break
      }
    }
    return new TermSetQuery(new Map([[this.field, terms]])).prepare(segment, context)
  }
}

/** The first byte string above all that start with the prefix; null is the end of all. */
function prefixEnd(prefix: Uint8Array): { term: Uint8Array; inclusive: false } | null {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 255) length--
  if (length === 0) return null
  const term = prefix.slice(0, length)
  term[length - 1]!++
  return { term, inclusive: false }
}
