import type { BytesColumn, Column, IpColumn, NumericColumn } from '../../columnar/column.ts'
import { prepare } from '../../query/prepare.ts'
import type { SegmentReader } from '../../segment/segment-reader.ts'
import type { AggregationOptions } from './aggregation-collector.ts'
import { invalidRequest } from './aggregation-error.ts'
import type {
  Aggregation,
  CardinalityAggregation,
  CompositeAggregation,
  CompositeSource,
  CompositeValue,
  HistogramAggregation,
  MissingValue,
  MultiTermsAggregation,
  RangeAggregation,
  StatsAggregation,
  TermsAggregation,
  TopHitsAggregation,
} from './aggregation-request.ts'
import { BlockReader } from './block-reader.ts'
import { type BucketMap, DirectBuckets, NestedBuckets } from './bucket-map.ts'
import { CardinalityAggregator, TermCoupons } from './cardinality-aggregator.ts'
import { CompositeAggregator, type SegmentSource, type SourceAfter } from './composite-aggregator.ts'
import { CouponAggregator } from './coupon-aggregator.ts'
import { AddressCoupons, couponOfWords, NumberCoupons } from './coupon-sources.ts'
import { ExactSums } from './exact-sums.ts'
import { ExtendedStatsAggregator } from './extended-stats-aggregator.ts'
import { bitmapOf, FilterAggregator } from './filter-aggregator.ts'
import { gridOf } from './histogram-grid.ts'
import { HistogramAggregator } from './histogram-aggregator.ts'
import { DateAccessor, IntervalAccessor, type KeyAccessor, termAccessorOf, TYPE_RANKS } from './key-accessor.ts'
import { MergedAggregation } from './merged-aggregation.ts'
import {
  convertedMissing,
  couponOfMissing,
  extended,
  internMissing,
  missingTerm,
  unsupportedMissing,
} from './missing-values.ts'
import { MissingTermsAggregator } from './missing-terms-aggregator.ts'
import { encodeMissing, MultiTerms } from './multi-terms.ts'
import { type OrdinalDomain, ordinalDomainOf } from './ordinal-domain.ts'
import { PercentilesAggregator } from './percentiles-aggregator.ts'
import { FloatRanges, IntegerRanges, RangeAggregator } from './range-aggregator.ts'
import { rangeBucketsOf } from './range-buckets.ts'
import { NUMBER_TYPES, openColumns, TERM_TYPES } from './resolve-column.ts'
import { Floats, HalfWords, TermOrdinals } from './row-sources.ts'
import { type SegmentAggregation, SubAggregations } from './segment-aggregation.ts'
import { SortValues } from './sort-values.ts'
import { StatsAggregator } from './stats-aggregator.ts'
import { checkOrder, FieldTerms, TermsAggregator } from './terms-aggregator.ts'
import { allowedTerms } from './term-filter.ts'
import { TopHitsAggregator } from './top-hits-aggregator.ts'
import { docvalueColumns } from './docvalue-columns.ts'
import { TupleTable } from './tuple-table.ts'
import { floatToMapped, wordsOfMapped } from './mapped-floats.ts'

const floatArray = (count: number): Float64Array => new Float64Array(count)
const wordArray = (count: number): Uint32Array => new Uint32Array(count)

/** Opens what the aggregations of a request need of one segment. */
export class AggregationBuilder {
  readonly #segment: SegmentReader
  readonly #options: AggregationOptions

  constructor(segment: SegmentReader, options: AggregationOptions) {
    this.#segment = segment
    this.#options = options
  }

  /** @param nested whether there are several parent buckets. */
  async build(aggregations: readonly Aggregation[], nested: boolean): Promise<SubAggregations> {
    const nodes = await Promise.all(aggregations.map((aggregation) => this.#node(aggregation, nested)))
    return new SubAggregations(
      aggregations.map(({ name }) => name),
      nodes,
    )
  }

  #node(aggregation: Aggregation, nested: boolean): Promise<SegmentAggregation> {
    switch (aggregation.kind) {
      case 'terms':
        return this.#terms(aggregation, nested)
      case 'multi_terms':
        return this.#multiTerms(aggregation, nested)
      case 'histogram':
      case 'date_histogram':
        return this.#histogram(aggregation, nested)
      case 'range':
        return this.#range(aggregation, nested)
      case 'filter':
        return this.#filter(aggregation.query, aggregation.aggregations, nested)
      case 'composite':
        return this.#composite(aggregation, nested)
      case 'extended_stats':
        return this.#floats(aggregation.field, aggregation.missing).then(
          (reader) => new ExtendedStatsAggregator(reader, aggregation.sigma),
        )
      case 'percentiles':
        return this.#floats(aggregation.field, aggregation.missing).then((reader) => new PercentilesAggregator(reader))
      case 'cardinality':
        return this.#cardinality(aggregation, nested)
      case 'top_hits':
        return this.#topHits(aggregation)
      default:
        return this.#stats(aggregation)
    }
  }

  #buckets(nested: boolean, domain: () => number): BucketMap {
    return nested ? new NestedBuckets(domain) : new DirectBuckets(domain)
  }

  /** The first column of numbers of a field. */
  async #numbers(field: string): Promise<NumericColumn | null> {
    return ((await openColumns(this.#segment, field, NUMBER_TYPES))[0] as NumericColumn | undefined) ?? null
  }

  async #floats(field: string, missing: number | null): Promise<BlockReader<Float64Array>> {
    const column = await this.#numbers(field)
    return floatReader(column, missing)
  }

  async #stats(request: StatsAggregation): Promise<SegmentAggregation> {
    const { kind, field, missing } = request
    if (kind !== 'value_count') {
      const column = await this.#numbers(field)
      const exact =
        this.#options.exactIntegers === true && column !== null && column.type !== 'f64' && missing === null
          ? new ExactSums(column)
          : null
      return new StatsAggregator(kind, floatReader(column, missing), exact)
    }
    const column = (await openColumns(this.#segment, field, TERM_TYPES))[0]
    if (column === undefined || NUMBER_TYPES.includes(column.type)) {
      return new StatsAggregator(kind, floatReader((column as NumericColumn | undefined) ?? null, missing), null)
    }
    const source = ordinalDomainOf(column).source
    return new StatsAggregator(kind, new BlockReader(source, wordArray, missing === null ? null : 0), null)
  }

  async #terms(request: TermsAggregation, nested: boolean): Promise<SegmentAggregation> {
    checkOrder(request)
    const { field, missing } = request
    const columns = await openColumns(this.#segment, field, TERM_TYPES)
    const parts: SegmentAggregation[] = []
    const apart =
      missing !== null &&
      (columns.length > 1 || (columns.length === 1 && columns[0]!.type !== 'str' && typeof missing === 'string'))
    if (apart) {
      const all = await openColumns(this.#segment, field, null)
      const subs = await this.build(request.aggregations, nested)
      parts.push(new MissingTermsAggregator(request, all, this.#segment.maxDoc, subs))
    }
    for (const column of columns) {
      if ((request.include !== null || request.exclude !== null) && column.type !== 'str') continue
      parts.push(await this.#termsOf(request, column, apart ? null : missing, nested))
    }
    if (parts.length === 0) parts.push(await this.#termsOfNothing(request, nested))
    return parts.length === 1 ? parts[0]! : new MergedAggregation(parts)
  }

  async #termsOf(
    request: TermsAggregation,
    column: Column,
    missing: MissingValue | null,
    nested: boolean,
  ): Promise<SegmentAggregation> {
    const domain = ordinalDomainOf(column)
    const isText = column.type === 'str'
    const numTerms = isText ? (column as BytesColumn).dictionary.numTerms : null
    const missingKey = missing === null ? null : encodeMissing(missing)
    let missingOrdinal: number | null = null
    let overriding: OrdinalDomain = domain
    if (missing !== null) {
      if (isText) missingOrdinal = numTerms!
      else {
        const interned = internMissing(column, missing, request.field)
        overriding = interned.domain
        missingOrdinal = interned.ordinal
      }
    }
    const reader = new BlockReader(overriding.source, wordArray, missingOrdinal, true)
    const allowed = await allowedTerms(column, request, this.#options.signal)
    const wanted = allowed === null || missingOrdinal === null || !isText ? allowed : extended(allowed)
    const source = new FieldTerms({
      reader,
      near: (ordinal) => overriding.near(ordinal),
      compare: (a, b) => overriding.compare(a, b),
      keysOf: async (ordinals) => {
        if (!isText || missingKey === null || ordinals.at(-1) !== missingOrdinal) {
          return overriding.keysOf(ordinals, this.#options.signal)
        }
        return [...(await overriding.keysOf(ordinals.subarray(0, -1), this.#options.signal)), missingKey]
      },
      allowed: wanted,
      numTerms,
      countRange: isText && !nested && wanted === null && missing === null ? countingOf(column as BytesColumn) : null,
    })
    const size = (): number => overriding.size + (isText && missingKey !== null ? 1 : 0)
    const subs = await this.build(request.aggregations, true)
    return new TermsAggregator(request, source, this.#buckets(nested, size), subs)
  }

  /** Of a field without a column here: at most the bucket of missing values. */
  async #termsOfNothing(request: TermsAggregation, nested: boolean): Promise<SegmentAggregation> {
    const { missing } = request
    const kept = missing !== null && request.include === null && request.exclude === null
    const source = new FieldTerms({
      reader: new BlockReader<Uint32Array>(null, wordArray, kept ? 0 : null),
      near: () => 0,
      compare: () => 0,
      keysOf: async (ordinals) => Array.from(ordinals, () => encodeMissing(missing!)),
      allowed: null,
      numTerms: null,
      countRange: null,
    })
    const subs = await this.build(request.aggregations, true)
    return new TermsAggregator(
      request,
      source,
      this.#buckets(nested, () => 1),
      subs,
    )
  }

  async #multiTerms(request: MultiTermsAggregation, nested: boolean): Promise<SegmentAggregation> {
    checkOrder(request)
    const sources = await Promise.all(
      request.terms.map(async ({ field, missing }) => ({
        accessors: (await openColumns(this.#segment, field, TERM_TYPES)).map((column) => termAccessorOf(column, true)),
        keepMissing: missing !== null,
      })),
    )
    const source = new MultiTerms(
      sources,
      request.terms.map(({ missing }) => missing),
    )
    const subs = await this.build(request.aggregations, true)
    return new TermsAggregator(
      request,
      source,
      this.#buckets(nested, () => source.size),
      subs,
    )
  }

  async #histogram(request: HistogramAggregation, nested: boolean): Promise<SegmentAggregation> {
    const types = request.kind === 'date_histogram' ? (['date'] as const) : NUMBER_TYPES
    const column = ((await openColumns(this.#segment, request.field, types))[0] as NumericColumn | undefined) ?? null
    const isDate = request.kind === 'date_histogram' || column?.type === 'date'
    const grid = gridOf(request, column, isDate)
    const intervals = grid.dense === null ? new TupleTable(2) : null
    const map = this.#buckets(nested, () => grid.dense?.length ?? intervals!.size)
    const subs = await this.build(request.aggregations, true)
    return new HistogramAggregator(floatReader(column, null), grid, isDate, map, intervals, subs)
  }

  async #range(request: RangeAggregation, nested: boolean): Promise<SegmentAggregation> {
    const column = await this.#numbers(request.field)
    const type = column?.type ?? 'u64'
    const ranges = rangeBucketsOf(request, type)
    const starts = ranges.map(({ start }) => start)
    const reader =
      column === null || type === 'f64'
        ? new FloatRanges(
            floatReader(column, null),
            Float64Array.from(ranges, ({ from }) => from ?? -Infinity),
          )
        : new IntegerRanges(
            new BlockReader(new HalfWords(column, 0), wordArray),
            new BlockReader(new HalfWords(column, 1), wordArray),
            type !== 'u64',
            starts,
          )
    const map = this.#buckets(nested, () => ranges.length)
    const subs = await this.build(request.aggregations, true)
    return new RangeAggregator(ranges, reader, type === 'date', map, subs)
  }

  async #filter(query: string, aggregations: readonly Aggregation[], nested: boolean): Promise<SegmentAggregation> {
    const { signal, parseFilter } = this.#options
    const parsed = parseFilter!(query)
    const segment = this.#segment
    const prepared = await prepare(parsed, segment, { scoring: false, ...(signal === undefined ? {} : { signal }) })
    const matches = bitmapOf(prepared.docs(0, segment.maxDoc), segment.maxDoc)
    return new FilterAggregator(matches, await this.build(aggregations, nested))
  }

  async #composite(request: CompositeAggregation, nested: boolean): Promise<SegmentAggregation> {
    const sources = await Promise.all(
      request.sources.map((source, k) => this.#compositeSource(source, request.after?.[k] ?? null)),
    )
    return new CompositeAggregator(request, sources, await this.build(request.aggregations, true), nested)
  }

  async #compositeSource(request: CompositeSource, after: CompositeValue | null): Promise<SegmentSource> {
    const accessors = await this.#accessors(request)
    return {
      request,
      accessors,
      keepMissing: request.missingBucket,
      after: after === null ? null : await placeAfter(accessors, after),
    }
  }

  async #accessors(request: CompositeSource): Promise<KeyAccessor[]> {
    const open = (types: Parameters<typeof openColumns>[2]): Promise<Column[]> =>
      openColumns(this.#segment, request.field, types)
    switch (request.kind) {
      case 'terms':
        return (await open(TERM_TYPES)).map((column) => termAccessorOf(column, false)).sort((a, b) => a.rank - b.rank)
      case 'histogram':
        return (await open(NUMBER_TYPES)).map(
          (column) => new IntervalAccessor(column as NumericColumn, request.interval),
        )
      case 'date_histogram':
        return (await open(['date'])).map((column) => new DateAccessor(column as NumericColumn, request.interval))
    }
  }

  async #cardinality(request: CardinalityAggregation, nested: boolean): Promise<SegmentAggregation> {
    const { field, missing } = request
    const columns = await openColumns(this.#segment, field, TERM_TYPES)
    const mismatch = columns.length === 1 && columns[0]!.type !== 'str' && typeof missing === 'string'
    if (missing !== null && (columns.length > 1 || mismatch)) {
      throw invalidRequest(
        `cardinality aggregation with missing on non-text/number field is not supported: field ${field}`,
      )
    }
    const parts = columns.map((column) => this.#cardinalityOf(column, missing, field, nested))
    if (columns.length === 0) parts.push(this.#cardinalityOfNothing(missing, nested))
    return parts.length === 1 ? parts[0]! : new MergedAggregation(parts)
  }

  #cardinalityOf(column: Column, missing: MissingValue | null, field: string, nested: boolean): SegmentAggregation {
    if (column.type === 'str') {
      const text = column as BytesColumn
      const term = missing === null ? null : missingTerm(missing)
      const reader = new BlockReader(
        new TermOrdinals(text),
        wordArray,
        missing === null ? null : text.dictionary.numTerms,
      )
      return new CardinalityAggregator(reader, new TermCoupons(text, term, this.#options.signal), nested)
    }
    if (column.type === 'ip') {
      if (missing !== null) throw unsupportedMissing(column, missing, field)
      return new CouponAggregator(new BlockReader(new AddressCoupons(column as IpColumn), wordArray))
    }
    const { type } = column as NumericColumn
    const coupon =
      missing === null ? null : couponOfMissing(type, missing, () => unsupportedMissing(column, missing, field))
    return new CouponAggregator(new BlockReader(new NumberCoupons(column as NumericColumn), wordArray, coupon))
  }

  #cardinalityOfNothing(missing: MissingValue | null, nested: boolean): SegmentAggregation {
    if (missing === null || typeof missing === 'string') {
      const reader = new BlockReader<Uint32Array>(null, wordArray, missing === null ? null : 0)
      const coupons = new TermCoupons(null, missing === null ? null : missingTerm(missing))
      return new CardinalityAggregator(reader, coupons, nested)
    }
    const type = typeof missing === 'number' ? 'f64' : 'i64'
    const words = wordsOfMapped(floatToMapped(Number(missing), type), type)
    const coupon = couponOfWords(type, words[0]!, words[1]!)
    return new CouponAggregator(new BlockReader<Uint32Array>(null, wordArray, coupon))
  }

  async #topHits(request: TopHitsAggregation): Promise<SegmentAggregation> {
    const keys = await Promise.all(request.sort.map(async ({ field }) => new SortValues(await this.#numbers(field))))
    const fields = await docvalueColumns(this.#segment, request.docvalueFields)
    return new TopHitsAggregator(request, this.#segment.id, keys, fields)
  }
}

function floatReader(column: NumericColumn | null, missing: number | null): BlockReader<Float64Array> {
  const value = missing === null || column === null ? missing : convertedMissing(missing, column.type)
  return new BlockReader(column === null ? null : new Floats(column), floatArray, value)
}

async function placeAfter(accessors: readonly KeyAccessor[], after: CompositeValue): Promise<SourceAfter> {
  if (after.type === 'null') return { isNull: true, rank: 0, positions: accessors.map(() => null) }
  const rank = TYPE_RANKS[after.type]
  const positions = await Promise.all(
    accessors.map((accessor) => (accessor.rank === rank ? accessor.positionOf(after) : null)),
  )
  return { isNull: false, rank, positions }
}

/** Terms of a column up to which a block is counted without reading it: counters are cleared for each. */
const MAX_COUNTED_TERMS = 256

function countingOf(column: BytesColumn): ((start: number, end: number, counts: Uint32Array) => boolean) | null {
  if (column.cardinality !== 'full' || column.dictionary.numTerms > MAX_COUNTED_TERMS) return null
  return (start, end, counts) => column.countOrdinals(start, end, counts)
}
