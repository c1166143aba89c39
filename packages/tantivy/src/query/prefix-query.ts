import { prefixEnd } from '../bytes/compare.ts'
import type { SegmentReader } from '../segment/segment-reader.ts'
import { formatTerm } from './format-term.ts'
import type { PreparedQuery } from './prepared-query.ts'
import type { PrepareContext, Query } from './query.ts'
import { prepareTermRange } from './term-range.ts'

/** Documents with any term that starts with some bytes; the score is 1. */
export class PrefixQuery implements Query {
  readonly kind = 'Prefix'
  readonly field: number
  readonly prefix: Uint8Array

  constructor(field: number, prefix: Uint8Array) {
    this.field = field
    this.prefix = prefix
  }

  visitTerms(): void {}

  prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    const end = prefixEnd(this.prefix)
    const upper = end === null ? null : { term: end, inclusive: false }
    return prepareTermRange(segment, this.field, { term: this.prefix, inclusive: true }, upper, context)
  }

  toString(): string {
    return `${formatTerm(this.field, this.prefix)}*`
  }
}
