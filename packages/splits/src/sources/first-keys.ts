import { ColumnExpr, ComparisonExpr, LiteralExpr, type ComparisonOperator, type ScalarValue } from '@volley/core'
import type { BytesColumn, NumericColumn } from '@volley/tantivy'
import { docsOfSpans, union } from '../filters/doc-lists.ts'
import { numberTest } from '../filters/number-ranges.ts'
import { RangeFilter, rangedNumbers, rangedTerms, type Range, type RangedColumn } from '../filters/range-filter.ts'
import { termRanges } from '../filters/term-ranges.ts'
import { valueOfWords, type TopKey } from './key-words.ts'
import type { SegmentColumns } from './segment-columns.ts'

/** Documents that tie in a key are told apart by the next one where there are so many. */
const MANY = 512

/** What a bound of a key says of documents: all that are not behind it, those before it, and those at it. */
interface Bounded {
  readonly passes: RangeFilter
  /** Null where that is not known apart. */
  readonly parts: { readonly before: RangeFilter; readonly at: RangeFilter } | null
}

/** Finds the documents whose first keys are not behind a bound, by the packed values of their columns in one segment. */
export class FirstKeys {
  readonly #keys: readonly BoundedKey[]

  private constructor(keys: readonly BoundedKey[]) {
    this.#keys = keys
  }

  /**
   * Of the leading keys that are columns with one number or term a document that orders as the key does; null where the
   * first is not. `counts` are the words of each key. To be called before columns are given as ordinals.
   */
  static of(columns: SegmentColumns, keys: readonly TopKey[], counts: readonly number[]): FirstKeys | null {
    const found: BoundedKey[] = []
    for (const [i, key] of keys.entries()) {
      const column = rangedColumn(columns, key)
      if (column === null) break
      found.push(new BoundedKey(columns, key, column, counts[i]!))
    }
    return found.length === 0 ? null : new FirstKeys(found)
  }

  /** Sets the bound by the words of a row that k rows are not behind, as far as they go. */
  setBound(words: Uint32Array): void {
    let at = 0
    for (const key of this.#keys) {
      if (at + key.count > words.length) return
      key.setBound(words.subarray(at, at + key.count))
      at += key.count
    }
  }

  /** Sets the bound of the first key to a text of another segment; gives words of it that no row may be behind. */
  setText(text: string): Promise<Uint32Array | null> {
    return this.#keys[0]!.setText(text)
  }

  /** The documents of some spans (a start and an end each, ascending) that pass, deleted ones included. */
  ofSpans(spans: Uint32Array): Uint32Array {
    const bounded = this.#keys[0]!.bounded
    if (bounded === null || bounded.passes.share === 1) return docsOfSpans(spans)
    return this.#apart(0, bounded.passes.ofSpans(spans))
  }

  /** Those of ascending documents that pass. */
  among(docs: Uint32Array): Uint32Array {
    const bounded = this.#keys[0]!.bounded
    return bounded === null ? docs : this.#apart(0, bounded.passes.among(docs))
  }

  /** Of documents that pass a key, those that pass the ones behind it too. */
  #apart(i: number, docs: Uint32Array): Uint32Array {
    const next = this.#keys[i + 1]?.bounded ?? null
    const parts = this.#keys[i]!.bounded?.parts ?? null
    if (docs.length < MANY || next === null || parts === null) return docs
    const tied = parts.at.among(docs)
    if (tied.length < MANY) return docs
    return union(parts.before.among(docs), this.#apart(i + 1, next.passes.among(tied)))
  }
}

function rangedColumn(columns: SegmentColumns, { column }: TopKey): RangedColumn | null {
  const means = columns.means(column)
  if (means.kind !== 'fast') return null
  const { raw } = means
  if (raw.cardinality === 'multivalued' || raw.type === 'ip' || raw.type === 'bytes' || raw.type === 'bool') return null
  if (raw.type !== 'str') return rangedNumbers(raw as NumericColumn)
  return columns.ordinals(column)?.sorted === true ? rangedTerms(raw as BytesColumn) : null
}

class BoundedKey {
  readonly count: number
  readonly #columns: SegmentColumns
  readonly #key: TopKey
  readonly #column: RangedColumn
  #words: Uint32Array | null = null
  /** Null while every document passes. */
  bounded: Bounded | null = null

  constructor(columns: SegmentColumns, key: TopKey, column: RangedColumn, count: number) {
    this.#columns = columns
    this.#key = key
    this.#column = column
    this.count = count
  }

  setBound(words: Uint32Array): void {
    if (this.#words?.every((word, i) => word === words[i]) === true) return
    this.#words = words.slice()
    this.bounded = this.#isNull(words) ? this.#atNull() : this.#atValue((op) => this.#ranges(op, words))
  }

  async setText(text: string): Promise<Uint32Array | null> {
    const { type } = this.#columns.column(this.#key.column)
    const predicate = compared(this.#last, new LiteralExpr(type, text))
    const ranges = await termRanges(predicate, (this.#column.raw as BytesColumn).dictionary)
    this.bounded = ranges && { passes: new RangeFilter(this.#column, ranges, this.#key.nullsFirst), parts: null }
    const [range] = ranges ?? []
    if (range === undefined) return null
    const { descending, nullsFirst } = this.#key
    return Uint32Array.of(+nullsFirst, descending ? ~Number(range[0]) : Number(range[1]))
  }

  #isNull(words: Uint32Array): boolean {
    return words[0] === +!this.#key.nullsFirst
  }

  #ordinalOf(words: Uint32Array): number {
    return (this.#key.descending ? ~words[1]! : words[1]!) >>> 0
  }

  get #last(): ComparisonOperator {
    return this.#key.descending ? '>=' : '<='
  }

  #atNull(): Bounded | null {
    if (!this.#key.nullsFirst) return null
    const [none, nulls] = [false, true].map((is) => new RangeFilter(this.#column, [], is))
    return { passes: nulls!, parts: { before: none!, at: nulls! } }
  }

  #atValue(rangesOf: (op: ComparisonOperator) => readonly Range[] | null): Bounded | null {
    const { descending, nullsFirst } = this.#key
    const [passes, before, at] = [rangesOf(this.#last), rangesOf(descending ? '>' : '<'), rangesOf('=')]
    if (passes === null || before === null || at === null) return null
    const filter = (ranges: readonly Range[], nulls: boolean): RangeFilter =>
      new RangeFilter(this.#column, ranges, nulls)
    return { passes: filter(passes, nullsFirst), parts: { before: filter(before, nullsFirst), at: filter(at, false) } }
  }

  #ranges(op: ComparisonOperator, words: Uint32Array): readonly Range[] | null {
    const { raw, bounds } = this.#column
    if (raw.type === 'str') return ordinalRanges(op, BigInt(this.#ordinalOf(words)), bounds?.[1] ?? 0n)
    const { type } = this.#columns.column(this.#key.column)
    const value: ScalarValue = valueOfWords(words, type, this.#key)
    if (value === null) return null
    return numberTest(compared(op, new LiteralExpr(type, value)), raw as NumericColumn, type)?.ranges ?? null
  }
}

function compared(op: ComparisonOperator, literal: LiteralExpr): ComparisonExpr {
  return new ComparisonExpr(op, new ColumnExpr(0, '', literal.type, true), literal)
}

function ordinalRanges(op: ComparisonOperator, ordinal: bigint, last: bigint): readonly Range[] {
  const [low, high] = {
    '<': [0n, ordinal - 1n],
    '<=': [0n, ordinal],
    '>': [ordinal + 1n, last],
    '>=': [ordinal, last],
  }[op as string] ?? [ordinal, ordinal]
  return low! > high! ? [] : [[low!, high!]]
}
