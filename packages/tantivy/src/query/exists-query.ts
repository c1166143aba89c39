import type { SegmentReader } from '../segment/segment-reader.ts'
import { PreparedAll, PreparedDocs, PreparedEmpty } from './prepared-sets.ts'
import type { PreparedQuery } from './prepared-query.ts'
import type { PrepareContext, Query } from './query.ts'
import { DocBitset } from './term-range.ts'

/** Documents with a value in a column; the score is 1. */
export class ExistsQuery implements Query {
  readonly kind = 'Exists'
  /** Name of the column; keys of a JSON path follow the field name, each after a byte 1. */
  readonly column: string
  /** Whether columns of longer paths count too. */
  readonly subpaths: boolean

  constructor(column: string, subpaths: boolean) {
    this.column = column
    this.subpaths = subpaths
  }

  visitTerms(): void {}

  async prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    const below = `${this.column}\u0001`
    const entries = (await segment.columns()).filter(
      ({ name }) => name === this.column || (this.subpaths && name.startsWith(below)),
    )
    const columns = await Promise.all(entries.map((entry) => segment.openColumn(entry)))
    const filled = columns.filter((column) => column.numValues > 0)
    if (filled.length === 0) return new PreparedEmpty()
    if (filled.some((column) => column.cardinality === 'full')) return new PreparedAll(segment.maxDoc, context.boost)
    if (filled.length === 1) return new PreparedDocs(filled[0]!.docsWithValue(0, segment.maxDoc), context.boost)
    const docs = new DocBitset(segment.maxDoc)
    for (const column of filled) docs.addAll(column.docsWithValue(0, segment.maxDoc))
    return new PreparedDocs(docs.toArray(), context.boost)
  }

  toString(): string {
    return `exists(${this.column.replaceAll('\u0001', '.')})`
  }
}
