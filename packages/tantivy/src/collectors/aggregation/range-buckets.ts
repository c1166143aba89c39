import type { NumericColumn } from '../../columnar/column.ts'
import { invalidRequest } from './aggregation-error.ts'
import type { RangeAggregation } from './aggregation-request.ts'
import { formatDate } from './format-date.ts'
import { formatFloat } from './format-float.ts'
import { floatToMapped, mappedToFloat } from './mapped-floats.ts'
import type { RangeBucket } from './range-aggregator.ts'

const MAX_U64 = (1n << 64n) - 1n
const SIGN = 1n << 63n

/** The ranges of a request in a column's type, ascending, with what lies before, between and after them. */
export function rangeBucketsOf(request: RangeAggregation, type: NumericColumn['type']): RangeBucket[] {
  const ranges = request.ranges
    .map(({ key, from, to }) => ({
      key,
      start: from === null ? 0n : floatToMapped(from, type),
      end: to === null ? MAX_U64 : floatToMapped(to, type),
    }))
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
  if (ranges.length === 0) throw invalidRequest(`range aggregation ${request.name} has no ranges`)
  const all: { key: string | null; start: bigint; end: bigint }[] = []
  let end = 0n
  for (const range of ranges) {
    if (range.start < end) {
      throw invalidRequest(`overlapping ranges not supported: aggregation ${request.name}`)
    }
    if (range.start > end) all.push({ key: null, start: end, end: range.start })
    all.push(range)
    end = range.end
  }
  if (end < MAX_U64) all.push({ key: null, start: end, end: MAX_U64 })
  return all.map(({ key, start, end: stop }) => {
    const id = `${boundText(start, type, 0n)}-${boundText(stop, type, MAX_U64)}`
    return {
      id,
      key: key ?? id,
      from: start === 0n ? null : mappedToFloat(start, type),
      to: stop === MAX_U64 ? null : mappedToFloat(stop, type),
      start,
    }
  })
}

function boundText(mapped: bigint, type: NumericColumn['type'], unbounded: bigint): string {
  if (mapped === unbounded) return '*'
  return type === 'date' ? formatDate(mapped - SIGN) : formatFloat(mappedToFloat(mapped, type))
}
