import { ColumnExpr, ComparisonExpr, LiteralExpr } from '@volley/core'
import type { NumericColumn } from '@volley/tantivy'
import { numberTest } from '../filters/number-ranges.ts'
import { RangeFilter, rangedNumbers, rangedTerms, type Range, type RangedColumn } from '../filters/range-filter.ts'
import { valueOfWords, type TopKey } from './key-words.ts'
import type { SegmentColumns } from './segment-columns.ts'

/** Finds the documents whose first key is not behind a bound, by the packed values of its column in one segment. */
export class FirstKey {
  readonly #columns: SegmentColumns
  readonly #key: TopKey
  readonly #column: RangedColumn
  /** Words of the bound; null while every document passes. */
  #words: Uint32Array | null = null
  #filter: RangeFilter | null = null

  private constructor(columns: SegmentColumns, key: TopKey, column: RangedColumn) {
    this.#columns = columns
    this.#key = key
    this.#column = column
  }

  /** Null where the segment has no column with one number or term a document that orders as the key does. */
  static of(columns: SegmentColumns, key: TopKey): FirstKey | null {
    const means = columns.means(key.column)
    if (means.kind !== 'fast') return null
    const { raw } = means
    if (raw.cardinality === 'multivalued' || raw.type === 'ip' || raw.type === 'bytes' || raw.type === 'bool')
      return null
    if (raw.type !== 'str') return new FirstKey(columns, key, rangedNumbers(raw as NumericColumn))
    return columns.ordinals(key.column)?.sorted === true ? new FirstKey(columns, key, rangedTerms(raw)) : null
  }

  /** Sets the bound by the words of a row that k rows are not behind, its first key's before others. */
  setBound(words: Uint32Array): void {
    const same = this.#words?.every((word, i) => word === words[i]) ?? false
    if (same) return
    this.#words = words
    this.#filter = this.#filterOf(words)
  }

  /** The documents of [start, end) that pass, deleted ones included; null where all do. */
  docs(start: number, end: number): Uint32Array | null {
    return this.#filter === null || this.#filter.share === 1 ? null : this.#filter.docs(start, end)
  }

  /** Those of ascending documents that pass. */
  among(docs: Uint32Array): Uint32Array {
    return this.#filter === null ? docs : this.#filter.among(docs)
  }

  #filterOf(words: Uint32Array): RangeFilter | null {
    const { nullsFirst } = this.#key
    const isNull = words[0] === +!nullsFirst
    if (isNull) return nullsFirst ? new RangeFilter(this.#column, [], true) : null
    const ranges = this.#column.raw.type === 'str' ? this.#termRanges(words[1]!) : this.#numberRanges(words)
    return ranges === null ? null : new RangeFilter(this.#column, ranges, nullsFirst)
  }

  #termRanges(word: number): readonly Range[] {
    const { descending } = this.#key
    const ordinal = BigInt(descending ? ~word >>> 0 : word)
    return [descending ? [ordinal, this.#column.bounds?.[1] ?? 0n] : [0n, ordinal]]
  }

  #numberRanges(words: Uint32Array): readonly Range[] | null {
    const { type } = this.#columns.column(this.#key.column)
    const value = valueOfWords(words, type, this.#key)
    if (value === null) return null
    const op = this.#key.descending ? '>=' : '<='
    const predicate = new ComparisonExpr(op, new ColumnExpr(0, '', type, true), new LiteralExpr(type, value))
    return numberTest(predicate, this.#column.raw as NumericColumn, type)?.ranges ?? null
  }
}
