import type {
  AggregationPartial,
  PartialBucket,
  PartialComposite,
  PartialExtendedStats,
  PartialHistogram,
  PartialResult,
  PartialStats,
  PartialTopHits,
} from './aggregation-partial.ts'
import { compareCompositeKeys } from './composite-key.ts'
import { DdSketch } from './dd-sketch.ts'
import { HllSketch } from './hll-sketch.ts'
import { compareSort } from './top-hits-aggregator.ts'

/** Merges what two segments, splits or nodes hold of one request; an empty one is nothing. May change and reuse both. */
export function mergePartials(a: AggregationPartial, b: AggregationPartial): AggregationPartial {
  if (a.length === 0) return b
  if (b.length === 0) return a
  return a.map((result, k) => mergeResults(result, b[k]!))
}

/** Merges two results of one aggregation; may change and reuse both. */
export function mergeResults(a: PartialResult, b: PartialResult): PartialResult {
  switch (a.kind) {
    case 'terms':
    case 'multi_terms': {
      const other = b as typeof a
      mergeMaps(a.buckets, other.buckets)
      a.sumOther += other.sumOther
      a.errorBound += other.errorBound
      return a
    }
    case 'histogram':
      return mergeHistograms(a, b as PartialHistogram)
    case 'range': {
      const other = b as typeof a
      a.isDate ||= other.isDate
      mergeMaps(a.buckets, other.buckets)
      return a
    }
    case 'filter': {
      const other = b as typeof a
      a.count += other.count
      a.sub = mergePartials(a.sub, other.sub)
      return a
    }
    case 'composite':
      return mergeComposites(a, b as PartialComposite)
    case 'stats':
      return mergeStats(a, b as PartialStats)
    case 'extended_stats':
      return mergeExtendedStats(a, b as PartialExtendedStats)
    case 'percentiles': {
      const sketch = new DdSketch(a)
      sketch.merge(new DdSketch(b as typeof a))
      return sketch.toPartial()
    }
    case 'cardinality': {
      const sketch = HllSketch.from(a)
      sketch.merge(HllSketch.from(b as typeof a))
      return sketch.toPartial()
    }
    case 'top_hits':
      return mergeTopHits(a, b as PartialTopHits)
  }
}

function mergeMaps<Bucket extends PartialBucket>(into: Map<string, Bucket>, from: Map<string, Bucket>): void {
  for (const [key, bucket] of from) {
    const own = into.get(key)
    if (own === undefined) into.set(key, bucket)
    else {
      own.count += bucket.count
      own.sub = mergePartials(own.sub, bucket.sub)
    }
  }
}

function mergeHistograms(a: PartialHistogram, b: PartialHistogram): PartialHistogram {
  const buckets: PartialHistogram['buckets'] = []
  let i = 0
  let j = 0
  while (i < a.buckets.length || j < b.buckets.length) {
    const left = a.buckets[i]
    const right = b.buckets[j]
    if (right === undefined || (left !== undefined && left.key < right.key)) {
      buckets.push(left!)
      i += 1
    } else if (left === undefined || right.key < left.key) {
      buckets.push(right)
      j += 1
    } else {
      buckets.push({ key: left.key, count: left.count + right.count, sub: mergePartials(left.sub, right.sub) })
      i += 1
      j += 1
    }
  }
  return { kind: 'histogram', isDate: a.isDate || b.isDate, buckets }
}

/** Keeps the first keys, as soon as there are many more. */
function mergeComposites(a: PartialComposite, b: PartialComposite): PartialComposite {
  mergeMaps(a.buckets, b.buckets)
  if (a.buckets.size > 2 * a.size) {
    const sorted = [...a.buckets].sort((x, y) => compareCompositeKeys(x[1].key, y[1].key, a.orders))
    a.buckets = new Map(sorted.slice(0, a.size))
  }
  return a
}

/** Kahan's sum of two sums. */
function addSums(a: { sum: number; delta: number }, b: { sum: number; delta: number }): { sum: number; delta: number } {
  const term = b.sum - (a.delta + b.delta)
  const sum = a.sum + term
  return { sum, delta: sum - a.sum - term }
}

function mergeStats(a: PartialStats, b: PartialStats): PartialStats {
  const exact =
    a.exact === null || b.exact === null
      ? // a side without values has no exact sums either
        ((a.count === 0 ? b.exact : b.count === 0 ? a.exact : null) ?? null)
      : {
          sum: a.exact.sum + b.exact.sum,
          min: a.exact.min < b.exact.min ? a.exact.min : b.exact.min,
          max: a.exact.max > b.exact.max ? a.exact.max : b.exact.max,
        }
  return {
    kind: 'stats',
    count: a.count + b.count,
    ...addSums(a, b),
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    exact,
  }
}

/** Chan, Golub, LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979. */
function mergeExtendedStats(a: PartialExtendedStats, b: PartialExtendedStats): PartialExtendedStats {
  if (b.count === 0) return a
  if (a.count === 0) return b
  const count = a.count + b.count
  const distance = b.mean - a.mean
  return {
    kind: 'extended_stats',
    count,
    ...addSums(a, b),
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    mean: (a.sum + b.sum) / count,
    deviation: a.deviation + b.deviation + (distance * distance * a.count * b.count) / count,
    squares: a.squares + b.squares,
  }
}

function mergeTopHits(a: PartialTopHits, b: PartialTopHits): PartialTopHits {
  const hits = [...a.hits, ...b.hits].sort(
    (x, y) =>
      compareSort(x.sort, y.sort, a.orders) || (x.segment < y.segment ? -1 : x.segment > y.segment ? 1 : x.doc - y.doc),
  )
  return { ...a, hits: hits.slice(0, a.limit) }
}
