import { AggregationError } from './aggregation-error.ts'
import type {
  AggregationPartial,
  PartialBucket,
  PartialComposite,
  PartialHistogram,
  PartialRanges,
  PartialResult,
  PartialTerms,
} from './aggregation-partial.ts'
import type {
  Aggregation,
  AggregationRequest,
  CompositeAggregation,
  HistogramAggregation,
  MultiTermsAggregation,
  RangeAggregation,
  TermsAggregation,
} from './aggregation-request.ts'
import { compareCompositeKeys, displayCompositeValue, formatAfterValue } from './composite-key.ts'
import { emptyPartial } from './empty-partial.ts'
import { fillIntervals } from './fill-intervals.ts'
import { finishMetric, metricValue } from './finish-metric.ts'
import { formatDate } from './format-date.ts'
import { formatFloat } from './format-float.ts'
import { splitKeys } from './multi-terms.ts'
import { displayKey } from './term-key.ts'
import { keyComparison } from './term-order.ts'

/** JSON of a result; integers beyond 2^53 are bigint. */
export type AggregationJson =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly AggregationJson[]
  | { readonly [key: string]: AggregationJson }

type JsonObject = { readonly [key: string]: AggregationJson }

export interface FinishOptions {
  /** Buckets that a result may have; 65,000 by default. */
  readonly bucketLimit?: number
  /** Shows sums, minima and maxima of integers as they are rather than as f64, where they were kept so. */
  readonly exactIntegers?: boolean
}

const DEFAULT_BUCKET_LIMIT = 65_000

/**
 * The result of a request, shaped as Quickwit answers it: an object with a member for each aggregation.
 *
 * @throws AggregationError of kind limit_exceeded for too many buckets.
 */
export function finishAggregations(
  partial: AggregationPartial,
  request: AggregationRequest,
  options: FinishOptions = {},
): JsonObject {
  return new Finisher(options).all(partial, request.aggregations)
}

class Finisher {
  readonly #limit: number
  readonly #exact: boolean
  #buckets = 0

  constructor({ bucketLimit, exactIntegers }: FinishOptions) {
    this.#limit = bucketLimit ?? DEFAULT_BUCKET_LIMIT
    this.#exact = exactIntegers ?? false
  }

  all(partial: AggregationPartial, aggregations: readonly Aggregation[]): JsonObject {
    const results = partial.length === 0 ? emptyPartial(aggregations) : partial
    // no prototype, for an aggregation may have any name
    return Object.fromEntries(
      aggregations.map((aggregation, k) => [aggregation.name, this.#one(results[k]!, aggregation)]),
    )
  }

  #one(result: PartialResult, aggregation: Aggregation): AggregationJson {
    switch (aggregation.kind) {
      case 'terms':
      case 'multi_terms':
        return this.#terms(result as PartialTerms, aggregation)
      case 'histogram':
      case 'date_histogram':
        return this.#histogram(result as PartialHistogram, aggregation)
      case 'range':
        return this.#ranges(result as PartialRanges, aggregation)
      case 'filter': {
        const { count, sub } = result as PartialBucket & PartialResult & { readonly kind: 'filter' }
        return { doc_count: count, ...this.all(sub, aggregation.aggregations) }
      }
      case 'composite':
        return this.#composite(result as PartialComposite, aggregation)
      default:
        return finishMetric(result, aggregation, this.#exact)
    }
  }

  /** Counts a bucket against the limit. */
  #count(buckets: number): void {
    this.#buckets += buckets
    if (this.#buckets > this.#limit) {
      throw new AggregationError(
        'limit_exceeded',
        `Aborting aggregation because bucket limit was exceeded. Limit: ${this.#limit}, Current: ${this.#buckets}`,
      )
    }
  }

  #terms(result: PartialTerms, request: TermsAggregation | MultiTermsAggregation): JsonObject {
    const entries = [...result.buckets].filter(([, { count }]) => count >= request.minDocCount)
    sortTerms(entries, request)
    const kept = entries.slice(0, request.size)
    let sumOther = result.sumOther
    for (const [, { count }] of entries.slice(request.size)) sumOther += count
    this.#count(kept.length)
    const buckets = kept.map(([key, { count, sub }]) => ({
      ...(request.kind === 'terms' ? showTerm(key) : showTerms(key)),
      doc_count: count,
      ...this.all(sub, request.aggregations),
    }))
    return {
      buckets,
      sum_other_doc_count: sumOther,
      ...(request.showErrorBound ? { doc_count_error_upper_bound: result.errorBound } : {}),
    }
  }

  #histogram(result: PartialHistogram, request: HistogramAggregation): JsonObject {
    const { isDate } = result
    const kept =
      request.minDocCount === 0
        ? fillIntervals(result, request, this.#limit - this.#buckets)
        : result.buckets.filter(({ count }) => count >= request.minDocCount)
    this.#count(kept.length)
    const buckets = kept.map(({ key, count, sub }) => {
      const shown = isDate ? key / 1_000_000 : key
      return {
        ...(isDate ? { key_as_string: formatDate(floatToNanos(key)) } : {}),
        key: shown,
        doc_count: count,
        ...this.all(sub, request.aggregations),
      }
    })
    return { buckets: request.keyed ? byKey(buckets, ({ key }) => formatFloat(key)) : buckets }
  }

  #ranges(result: PartialRanges, request: RangeAggregation): JsonObject {
    const sorted = [...result.buckets.values()].sort(
      (a, b) => (a.from ?? -Number.MAX_VALUE) - (b.from ?? -Number.MAX_VALUE),
    )
    this.#count(sorted.length)
    const dates = result.isDate
    const buckets = sorted.map(({ key, count, sub, from, to }) => ({
      key,
      doc_count: count,
      ...this.all(sub, request.aggregations),
      ...(from === null ? {} : { from }),
      ...(to === null ? {} : { to }),
      ...(dates && from !== null ? { from_as_string: formatDate(floatToNanos(from)) } : {}),
      ...(dates && to !== null ? { to_as_string: formatDate(floatToNanos(to)) } : {}),
    }))
    return { buckets: request.keyed ? byKey(buckets, ({ key }) => key) : buckets }
  }

  #composite(result: PartialComposite, request: CompositeAggregation): JsonObject {
    const sorted = [...result.buckets.values()]
      .sort((a, b) => compareCompositeKeys(a.key, b.key, result.orders))
      .slice(0, request.size)
    this.#count(sorted.length)
    const named = (key: readonly AggregationJson[]): JsonObject =>
      Object.fromEntries(request.sources.map(({ name }, k) => [name, key[k]!]))
    const last = sorted.at(-1)
    return {
      buckets: sorted.map(({ key, count, sub }) => ({
        key: named(key.map(displayCompositeValue)),
        doc_count: count,
        ...this.all(sub, request.aggregations),
      })),
      ...(last === undefined ? {} : { after_key: named(last.key.map(formatAfterValue)) }),
    }
  }
}

function showTerm(encoded: string): JsonObject {
  const { key, asString } = displayKey(encoded)
  return asString === null ? { key } : { key_as_string: asString, key }
}

function showTerms(joined: string): JsonObject {
  const shown = splitKeys(joined).map(displayKey)
  return {
    key: shown.map(({ key }) => key),
    key_as_string: shown.map(({ key, asString }) => asString ?? String(key)).join('|'),
  }
}

/** Sorts as the request says; ties by key. */
function sortTerms(entries: [string, PartialBucket][], request: TermsAggregation | MultiTermsAggregation): void {
  const { by, order } = request.order
  const sign = order === 'asc' ? 1 : -1
  const compare = keyComparison(request.kind)
  if (by === '_key') entries.sort((a, b) => sign * compare(a[0], b[0]))
  else if (by === '_count') entries.sort((a, b) => sign * (a[1].count - b[1].count) || compare(a[0], b[0]))
  else {
    const at = request.aggregations.findIndex(({ name }) => name === by.aggregation)
    const metric = request.aggregations[at]!
    const valued = entries.map((entry) => ({
      entry,
      value: metricValue(entry[1].sub[at]!, metric, by.property) ?? -Number.MAX_VALUE,
    }))
    valued.sort((a, b) => sign * (a.value - b.value) || compare(a.entry[0], b.entry[0]))
    for (const [k, { entry }] of valued.entries()) entries[k] = entry
  }
}

function byKey<Bucket extends JsonObject>(buckets: readonly Bucket[], keyOf: (bucket: Bucket) => string): JsonObject {
  return Object.fromEntries(buckets.map((bucket) => [keyOf(bucket), bucket]))
}

/** Cut towards zero and into 64 bits. */
function floatToNanos(value: number): bigint {
  const most = (1n << 63n) - 1n
  const nanos = BigInt(Math.trunc(Math.min(Math.max(value, -(2 ** 63)), 2 ** 63)))
  return nanos > most ? most : nanos
}
