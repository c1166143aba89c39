import { type PreparedQuery, type PrepareContext, type Query, type SegmentReader, TermSetQuery } from '@volley/tantivy'

/**
 * Documents with a term that a pattern matches whole. Terms are looked for in the dictionary from `prefix` on; the pattern
 * sees what follows the prefix's first `skip` bytes (the path of a JSON term), as text.
 */
export class PatternQuery implements Query {
  readonly kind = 'Pattern'
  readonly field: number
  readonly prefix: Uint8Array
  readonly skip: number
  readonly pattern: RegExp

  constructor(field: number, prefix: Uint8Array, skip: number, pattern: RegExp) {
    this.field = field
    this.prefix = prefix
    this.skip = skip
    this.pattern = pattern
  }

  visitTerms(): void {}

  toString(): string {
    return `${this.field}:${this.pattern}`
  }

  async prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    const index = await segment.invertedIndex(this.field)
    const terms: Uint8Array[] = []
    if (index !== null) {
      const decoder = new TextDecoder()
      const range = index.terms.range({ term: this.prefix, inclusive: true }, prefixEnd(this.prefix), context.signal)
      for await (const batch of range) {
        for (let k = 0; k < batch.count; k++) {
          const term = batch.bytes.subarray(batch.offsets[k], batch.offsets[k + 1])
          if (this.pattern.test(decoder.decode(term.subarray(this.skip)))) terms.push(term.slice())
        }
      }
    }
    return new TermSetQuery(new Map([[this.field, terms]])).prepare(segment, context)
  }
}

/** The first byte string above all that start with the prefix; null is the end of all. */
export function prefixEnd(prefix: Uint8Array): { term: Uint8Array; inclusive: false } | null {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 255) length--
  if (length === 0) return null
  const term = prefix.slice(0, length)
  term[length - 1]!++
  return { term, inclusive: false }
}
