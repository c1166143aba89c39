import type { NumericColumn } from '../../columnar/column.ts'
import type { HistogramAggregation } from './aggregation-request.ts'
import { type Grid, intervalOf, MAX_DENSE_INTERVALS } from './histogram-aggregator.ts'

const NANOS_PER_MILLI = 1_000_000

/** The grid of a request over a column; for dates its numbers become nanoseconds. */
export function gridOf(request: HistogramAggregation, column: NumericColumn | null, isDate: boolean): Grid {
  const unit = isDate ? NANOS_PER_MILLI : 1
  const interval = request.interval * unit
  const offset = request.offset * unit
  const min = column?.minValue === null || column === null ? 0 : Number(column.minValue)
  const max = column?.maxValue === null || column === null ? 0 : Number(column.maxValue)
  const hard = request.hardBounds
  let bounds = hard === null ? null : { min: hard.min * unit, max: hard.max * unit }
  if (bounds !== null && min >= bounds.min && max <= bounds.max) bounds = null
  // what is no number is in no interval
  if (bounds === null && column?.type === 'f64') bounds = { min: -Number.MAX_VALUE, max: Number.MAX_VALUE }
  const first = intervalOf(Math.max(min, bounds?.min ?? -Infinity), interval, offset)
  const last = intervalOf(Math.min(max, bounds?.max ?? Infinity), interval, offset)
  const length = last - first + 1
  const dense = length > 0 && length <= MAX_DENSE_INTERVALS ? { first, length } : null
  return { interval, offset, bounds, dense }
}
