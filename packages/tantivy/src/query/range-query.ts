import type { Column, NumericColumn } from '../columnar/column.ts'
import { UnsupportedIndexError } from '../errors.ts'
import type { SegmentReader } from '../segment/segment-reader.ts'
import { JSON_TYPE_CODES, termForDate } from '../terms.ts'
import { unmapU64 } from '../columnar/columns.ts'
import type { TermBound } from '../term-dictionary/term-dictionary.ts'
import { formatTerm } from './format-term.ts'
import { numericBounds } from './numeric-bounds.ts'
import { PreparedDocs, PreparedEmpty } from './prepared-sets.ts'
import type { PreparedQuery } from './prepared-query.ts'
import type { PrepareContext, Query } from './query.ts'
import { prepareTermRange } from './term-range.ts'

/**
 * Documents with a value between two bounds, by the column where the field is fast, else by the dictionary; the score
 * is 1. Bounds are term bytes, but dates may be finer than the second that terms are cut to.
 */
export class RangeQuery implements Query {
  readonly kind = 'Range'
  readonly field: number
  readonly lower: TermBound
  readonly upper: TermBound

  constructor(field: number, lower: TermBound, upper: TermBound) {
    this.field = field
    this.lower = lower
    this.upper = upper
  }

  visitTerms(): void {}

  async prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    const entry = segment.schema.fields[this.field]
    if (entry === undefined) throw new RangeError(`no field ${this.field} in the schema`)
    const { type, options } = entry
    if (type === 'json_object') return this.#prepareJson(segment, context, entry.name, options.fast)
    if (options.fast && type !== 'bool' && type !== 'facet') return this.#byColumns(segment, context, entry.name)
    if (type === 'date') {
      const [lower, upper] = secondBounds(this.lower, this.upper)
      return prepareTermRange(segment, this.field, lower, upper, context)
    }
    return prepareTermRange(segment, this.field, this.lower, this.upper, context)
  }

  toString(): string {
    const lower =
      this.lower === null ? '[*' : `${this.lower.inclusive ? '[' : '{'}${formatTerm(this.field, this.lower.term)}`
    const upper =
      this.upper === null ? '*]' : `${formatTerm(this.field, this.upper.term)}${this.upper.inclusive ? ']' : '}'}`
    return `${lower} TO ${upper}`
  }

  async #byColumns(segment: SegmentReader, context: PrepareContext, name: string): Promise<PreparedQuery> {
    const entries = await segment.columnsOf(name)
    if (entries.length === 0) return new PreparedEmpty()
    const column = await segment.openColumn(entries[0]!)
    const docs = await docsBetween(column, this.lower, this.upper, segment.maxDoc, context.signal)
    return new PreparedDocs(docs, context.boost)
  }

  /** Bounds of a JSON field carry a path and a type, which choose the column. */
  async #prepareJson(
    segment: SegmentReader,
    context: PrepareContext,
    name: string,
    fast: boolean,
  ): Promise<PreparedQuery> {
    const known = this.lower ?? this.upper
    if (known === null) throw new RangeError('a range over a JSON field needs a bound')
    const path = known.term.indexOf(0)
    const code = known.term[path + 1]
    if (!fast) {
      const lower = this.lower ?? { term: known.term.subarray(0, path + 2), inclusive: true }
      const end = known.term.slice(0, path + 2)
      end[path + 1]! += 1
      return prepareTermRange(segment, this.field, lower, this.upper ?? { term: end, inclusive: false }, context)
    }
    const column = `${name}\u0001${new TextDecoder().decode(known.term.subarray(0, path))}`
    const payload = (bound: TermBound): TermBound =>
      bound === null ? null : { term: bound.term.subarray(path + 2), inclusive: bound.inclusive }
    const entries = await segment.columnsOf(column)
    const types = COLUMN_TYPES.get(code ?? 0)
    if (types === undefined) {
      throw new UnsupportedIndexError(`a range over ${column.replaceAll('\u0001', '.')} with a bound of its type`)
    }
    const wanted = entries.filter((entry) => types.columns.includes(entry.type))
    if (wanted.length === 0) return new PreparedEmpty()
    const opened = await segment.openColumn(wanted[0]!)
    const lower = payload(this.lower)
    const upper = payload(this.upper)
    if (types.number === null) {
      return new PreparedDocs(await docsBetween(opened, lower, upper, segment.maxDoc, context.signal), context.boost)
    }
    const numbers = opened as NumericColumn
    const value = (bound: TermBound): { value: bigint | number; inclusive: boolean } | null =>
      bound === null ? null : { value: unmapU64(types.number!, readU64(bound.term)), inclusive: bound.inclusive }
    const bounds = numericBounds(value(lower), value(upper), numbers.type)
    const docs = bounds === null ? new Uint32Array(0) : numbers.docsInRange(bounds[0], bounds[1], 0, segment.maxDoc)
    return new PreparedDocs(docs, context.boost)
  }
}

/** By the type code of a JSON bound: the columns that it looks at, and the type of a numeric bound. */
const COLUMN_TYPES = new Map<number, { columns: readonly string[]; number: 'i64' | 'u64' | 'f64' | null }>([
  [JSON_TYPE_CODES.str, { columns: ['str'], number: null }],
  [JSON_TYPE_CODES.date, { columns: ['date'], number: null }],
  [JSON_TYPE_CODES.i64, { columns: ['i64', 'u64', 'f64'], number: 'i64' }],
  [JSON_TYPE_CODES.u64, { columns: ['i64', 'u64', 'f64'], number: 'u64' }],
  [JSON_TYPE_CODES.f64, { columns: ['i64', 'u64', 'f64'], number: 'f64' }],
])

const U64_MAX = (1n << 64n) - 1n
const U128_MAX = (1n << 128n) - 1n

/** Documents of a column with a value between bounds given as term bytes. */
async function docsBetween(
  column: Column,
  lower: TermBound,
  upper: TermBound,
  maxDoc: number,
  signal: AbortSignal | undefined,
): Promise<Uint32Array> {
  if ('dictionary' in column) {
    const { dictionary } = column
    const min = lower === null ? 0 : await ordinalBound(lower.term, !lower.inclusive)
    const end = upper === null ? dictionary.numTerms : await ordinalBound(upper.term, upper.inclusive)
    return column.docsInRange(min, end - 1, 0, maxDoc)
    async function ordinalBound(term: Uint8Array, after: boolean): Promise<number> {
      const at = await dictionary.lowerBound(term, signal)
      return after && (await dictionary.ordOf(term, signal)) === at ? at + 1 : at
    }
  }
  const ip = column.type === 'ip'
  const read = ip ? readU128 : readU64
  let min = 0n
  let max = ip ? U128_MAX : U64_MAX
  if (lower !== null) min = read(lower.term) + (lower.inclusive ? 0n : 1n)
  if (upper !== null) max = read(upper.term) - (upper.inclusive ? 0n : 1n)
  return min > max || max < 0n ? new Uint32Array(0) : column.docsInRange(min, max, 0, maxDoc)
}

function readU64(term: Uint8Array): bigint {
  if (term.length !== 8) throw new RangeError(`a bound of ${term.length} bytes, 8 expected`)
  return new DataView(term.buffer, term.byteOffset).getBigUint64(0)
}

function readU128(term: Uint8Array): bigint {
  if (term.length !== 16) throw new RangeError(`a bound of ${term.length} bytes, 16 expected`)
  const view = new DataView(term.buffer, term.byteOffset)
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8)
}

/** Bounds over terms that are cut to seconds. */
function secondBounds(lower: TermBound, upper: TermBound): [TermBound, TermBound] {
  const cut = (bound: TermBound): TermBound => {
    if (bound === null) return null
    const nanoseconds = unmapU64('date', readU64(bound.term)) as bigint
    return { term: termForDate(nanoseconds), inclusive: bound.inclusive }
  }
  return [cut(lower), cut(upper)]
}
