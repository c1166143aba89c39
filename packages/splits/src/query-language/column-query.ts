import {
  type BytesColumn,
  type Column,
  type ColumnDictionary,
  type ColumnEntry,
  PreparedQuery,
  type PrepareContext,
  type Query,
  Scorer,
  type SegmentReader,
  TERMINATED,
} from '@volley/tantivy'

/** Ascending documents, found before. */
class PreparedDocs extends PreparedQuery {
  readonly #docs: Uint32Array
  readonly #score: number

  constructor(docs: Uint32Array, score: number) {
    super()
    this.#docs = docs
    this.#score = score
  }

  override scorer(): Scorer {
    return new DocsScorer(this.#docs, this.#score)
  }

  override docs(start: number, end: number): Uint32Array {
    return this.#docs.subarray(lowerBound(this.#docs, start, 0), lowerBound(this.#docs, end, 0))
  }

  override count(): number {
    return this.#docs.length
  }
}

class DocsScorer extends Scorer {
  readonly #docs: Uint32Array
  readonly #score: number
  #at: number = 0
  doc: number
  readonly sizeHint: number

  constructor(docs: Uint32Array, score: number) {
    super()
    this.#docs = docs
    this.#score = score
    this.sizeHint = docs.length
    this.doc = docs.length > 0 ? docs[0]! : TERMINATED
  }

  override advance(): number {
    this.#at++
    this.doc = this.#at < this.#docs.length ? this.#docs[this.#at]! : TERMINATED
    return this.doc
  }

  override seek(target: number): number {
    if (this.doc < target) {
      this.#at = lowerBound(this.#docs, target, this.#at)
      this.doc = this.#at < this.#docs.length ? this.#docs[this.#at]! : TERMINATED
    }
    return this.doc
  }

  override score(): number {
    return this.#score
  }
}

/** First position from `from` on whose document is not below `target`. */
function lowerBound(docs: Uint32Array, target: number, from: number): number {
  let low = from
  let high = docs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (docs[middle]! < target) low = middle + 1
    else high = middle
  }
  return low
}

/** Ascending documents of several ascending lists, each once. */
function union(lists: readonly Uint32Array[]): Uint32Array {
  const filled = lists.filter((list) => list.length > 0)
  if (filled.length <= 1) return filled[0] ?? new Uint32Array(0)
  const all = new Uint32Array(filled.reduce((sum, list) => sum + list.length, 0))
  let at = 0
  for (const list of filled) {
    all.set(list, at)
    at += list.length
  }
  all.sort()
  let count = 0
  for (let k = 0; k < all.length; k++) if (k === 0 || all[k] !== all[k - 1]) all[count++] = all[k]!
  return all.subarray(0, count)
}

/** Documents that columns answer: those of every column that `#wants`, together. Each scores its boost. */
abstract class ColumnQuery implements Query {
  abstract readonly kind: string
  abstract toString(): string
  protected abstract wants(entry: ColumnEntry): boolean
  /** Ascending documents of one column. */
  protected abstract matching(column: Column, signal: AbortSignal | undefined): Promise<Uint32Array>

  visitTerms(): void {}

  async prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    const entries = (await segment.columns()).filter((entry) => this.wants(entry))
    const lists = await Promise.all(
      entries.map(async (entry) => this.matching(await segment.openColumn(entry), context.signal)),
    )
    return new PreparedDocs(union(lists), context.boost)
  }
}

/** Which values of a column of one type match: numbers as the order-preserving u64 of the type, text as bytes. */
export type ColumnInterval = NumberInterval | TextInterval
export interface NumberInterval {
  readonly type: 'i64' | 'u64' | 'f64' | 'bool' | 'date' | 'ip'
  readonly min: bigint
  readonly max: bigint
}
export interface TextInterval {
  readonly type: 'str' | 'bytes'
  readonly lower: TextBound
  readonly upper: TextBound
}
export type TextBound = { readonly term: Uint8Array; readonly inclusive: boolean } | null

/**
 * Documents with a value of the named column in an interval. A JSON path has a column for each type of its values; the
 * interval is given for each type that can match.
 */
export class ColumnIntervalQuery extends ColumnQuery {
  override readonly kind = 'ColumnInterval'
  readonly column: string
  readonly intervals: readonly ColumnInterval[]

  constructor(column: string, intervals: readonly ColumnInterval[]) {
    super()
    this.column = column
    this.intervals = intervals
  }

  override toString(): string {
    return `${this.column.replaceAll('\x01', '.')} in ${this.intervals.map((interval) => interval.type).join('|')} interval`
  }

  protected override wants(entry: ColumnEntry): boolean {
    return entry.name === this.column && this.intervals.some((interval) => interval.type === entry.type)
  }

  protected override async matching(column: Column, signal: AbortSignal | undefined): Promise<Uint32Array> {
    const interval = this.intervals.find(({ type }) => type === column.type)!
    if (isBytesColumn(column)) {
      const { lower, upper } = interval as TextInterval
      const { dictionary, numDocs } = column
      const first = lower === null ? 0 : await ordinalFrom(dictionary, lower, true, signal)
      const end = upper === null ? dictionary.numTerms : await ordinalFrom(dictionary, upper, false, signal)
      return first >= end ? new Uint32Array(0) : column.docsInRange(first, end - 1, 0, numDocs)
    }
    const { min, max } = interval as NumberInterval
    return min > max ? new Uint32Array(0) : column.docsInRange(min, max, 0, column.numDocs)
  }
}

function isBytesColumn(column: Column): column is BytesColumn {
  return column.type === 'str' || column.type === 'bytes'
}

/** Ordinal of the first term on the bound's upper side: the bound's own term belongs to it as asked. */
async function ordinalFrom(
  dictionary: ColumnDictionary,
  bound: { readonly term: Uint8Array; readonly inclusive: boolean },
  lower: boolean,
  signal: AbortSignal | undefined,
): Promise<number> {
  const ordinal = await dictionary.lowerBound(bound.term, signal)
  if (bound.inclusive === lower) return ordinal
  return (await dictionary.ordOf(bound.term, signal)) === ordinal ? ordinal + 1 : ordinal
}

const U64_MAX = (1n << 64n) - 1n
const U128_MAX = (1n << 128n) - 1n

/** Documents with a value in the named column or, of a JSON path, in a column below it. */
export class ColumnExistsQuery extends ColumnQuery {
  override readonly kind = 'ColumnExists'
  readonly column: string

  constructor(column: string) {
    super()
    this.column = column
  }

  override toString(): string {
    return `${this.column.replaceAll('\x01', '.')} exists`
  }

  protected override wants(entry: ColumnEntry): boolean {
    return entry.name === this.column || entry.name.startsWith(`${this.column}\x01`)
  }

  protected override async matching(column: Column): Promise<Uint32Array> {
    if (isBytesColumn(column)) {
      const { numTerms } = column.dictionary
      return numTerms === 0 ? new Uint32Array(0) : column.docsInRange(0, numTerms - 1, 0, column.numDocs)
    }
    return column.docsInRange(0n, column.type === 'ip' ? U128_MAX : U64_MAX, 0, column.numDocs)
  }
}

/** Documents with a text in the named column that a pattern matches whole. */
export class ColumnPatternQuery extends ColumnQuery {
  override readonly kind = 'ColumnPattern'
  readonly column: string
  readonly pattern: RegExp

  constructor(column: string, pattern: RegExp) {
    super()
    this.column = column
    this.pattern = pattern
  }

  override toString(): string {
    return `${this.column.replaceAll('\x01', '.')} like ${this.pattern}`
  }

  protected override wants(entry: ColumnEntry): boolean {
    return entry.name === this.column && entry.type === 'str'
  }

  protected override async matching(column: Column, signal: AbortSignal | undefined): Promise<Uint32Array> {
    if (!isBytesColumn(column)) return new Uint32Array(0)
    const { offsets, bytes } = await column.dictionary.all(signal)
    const decoder = new TextDecoder()
    const lists: Uint32Array[] = []
    for (let ordinal = 0; ordinal < column.dictionary.numTerms; ordinal++) {
      const text = decoder.decode(bytes.subarray(offsets[ordinal], offsets[ordinal + 1]))
      if (this.pattern.test(text)) lists.push(column.docsInRange(ordinal, ordinal, 0, column.numDocs))
    }
    return union(lists)
  }
}
