import { judgeZones, mapF64, mapI64, type BytesColumn, type NumericColumn } from '@volley/tantivy'
import { allDocs, complement, docsOfSpans, intersection, union } from './doc-lists.ts'
import { MOST, type DocFilter } from './doc-filter.ts'

/** Values of a column, `[low, high]`, both inclusive: the order-preserving u64 of a number, or the ordinal of a term. */
export type Range = readonly [low: bigint, high: bigint]

const U64_MAX = (1n << 64n) - 1n
/** A column as ranges are looked for in it. */
export interface RangedColumn {
  readonly raw: NumericColumn | BytesColumn
  /** The least and the greatest value; null without values. */
  readonly bounds: Range | null
  docs(range: Range, start: number, end: number): Uint32Array
  /** Of some spans of documents, a start and an end each, ascending. */
  ofSpans(spans: Uint32Array, range: Range): Uint32Array
  among(docs: Uint32Array, range: Range): Uint32Array
}

export function rangedNumbers(raw: NumericColumn): RangedColumn {
  const mapped = (value: bigint | number): bigint =>
    typeof value === 'number' ? mapF64(value) : raw.type === 'i64' || raw.type === 'date' ? mapI64(value) : value
  const { minValue, maxValue } = raw
  // A NaN stands for all of them.
  const most = Number.isNaN(maxValue) ? U64_MAX : mapped(maxValue ?? 0n)
  return {
    raw,
    bounds: minValue === null || maxValue === null ? null : [mapped(minValue), most],
    docs: ([low, high], start, end) => raw.docsInRange(low, high, start, end),
    ofSpans: (spans, [low, high]) => raw.docsOfSpans(spans, low, high),
    among: (docs, [low, high]) => raw.docsOfInRange(docs, low, high),
  }
}

export function rangedTerms(raw: BytesColumn): RangedColumn {
  const { numTerms } = raw.dictionary
  return {
    raw,
    bounds: numTerms === 0 ? null : [0n, BigInt(numTerms - 1)],
    docs: ([low, high], start, end) => raw.docsInRange(Number(low), Number(high), start, end),
    ofSpans: (spans, [low, high]) => raw.docsOfSpans(spans, Number(low), Number(high)),
    among: (docs, [low, high]) => raw.docsOfInRange(docs, Number(low), Number(high)),
  }
}

/** Documents whose value is in some ranges, disjoint and ascending, and with `nulls` those without one. */
export class RangeFilter implements DocFilter {
  readonly by = 'column'
  readonly exact = true
  readonly tests = false
  readonly share: number
  readonly column: RangedColumn
  /** Those that meet the column's values, cut to them. */
  readonly ranges: readonly Range[]
  readonly nulls: boolean
  /** Whether all documents are accepted. */
  readonly #all: boolean

  constructor(column: RangedColumn, ranges: readonly Range[], nulls: boolean) {
    const full = column.raw.cardinality === 'full'
    const [least, most] = column.bounds ?? [0n, 0n]
    this.column = column
    this.nulls = nulls && !full
    this.ranges = column.bounds === null ? [] : overlaps(ranges, [column.bounds])
    const accepted = this.ranges.reduce((sum, [low, high]) => sum + (high - low + 1n), 0n)
    this.share = Number(accepted) / Number(most - least + 1n)
    this.#all = accepted === most - least + 1n && column.bounds !== null && (full || nulls)
    if (this.#all) this.share = 1
    else this.share = Math.min(this.share, MOST)
  }

  docs(start: number, end: number): Uint32Array {
    if (this.#all) return allDocs(start, end)
    const found = this.#union((range) => this.column.docs(range, start, end))
    return this.nulls ? union(found, complement(this.column.raw.docsWithValue(start, end), start, end)) : found
  }

  /** Those of some spans of documents, a start and an end each, ascending. */
  ofSpans(spans: Uint32Array): Uint32Array {
    if (this.#all) return docsOfSpans(spans)
    return this.nulls ? this.among(docsOfSpans(spans)) : this.#union((range) => this.column.ofSpans(spans, range))
  }

  among(docs: Uint32Array): Uint32Array {
    if (this.#all || docs.length === 0) return docs
    const found = this.#union((range) => this.column.among(docs, range))
    if (!this.nulls) return found
    const [start, end] = [docs[0]!, docs[docs.length - 1]! + 1]
    return union(found, intersection(docs, complement(this.column.raw.docsWithValue(start, end), start, end)))
  }

  /** Which zones of documents, from `first` on, may have documents that it accepts: those with a number above 0. */
  zones(first: number, count: number): Uint8Array | null {
    const zones = this.nulls || this.#all ? null : this.column.raw.zones()
    if (zones === null) return null
    const verdicts = new Uint8Array(count)
    for (const [low, high] of this.ranges) judgeZones(zones, first, verdicts, low, high)
    return verdicts
  }

  /** The documents that both accept, of one column. */
  and(other: RangeFilter): RangeFilter {
    return new RangeFilter(this.column, overlaps(this.ranges, other.ranges), this.nulls && other.nulls)
  }

  #union(of: (range: Range) => Uint32Array): Uint32Array {
    const [first, ...more] = this.ranges
    if (first === undefined) return new Uint32Array(0)
    return more.reduce((docs, range) => union(docs, of(range)), of(first))
  }
}

/** What is in a range of each of two ascending lists of disjoint ranges. */
function overlaps(a: readonly Range[], b: readonly Range[]): Range[] {
  const found: Range[] = []
  for (const [low, high] of a) {
    for (const [from, to] of b) {
      const both: Range = [low > from ? low : from, high < to ? high : to]
      if (both[0] <= both[1]) found.push(both)
    }
  }
  return found
}
