import { typeName, type AggregateCall, type ColumnExpr, type ScalarValue } from '@volley/core'
import type { Region } from '@volley/kernels'
import { scalarAt } from '@volley/core'
import type { NumericColumn } from '@volley/tantivy'
import { addressFields } from './address.ts'
import type { DocUnit } from './opened-layout.ts'
import type { SegmentColumns } from './segment-columns.ts'
import { nanosPerUnit } from './timestamps.ts'

const ANSWERED = new Set(['count', 'min', 'max'])
const NUMBERS = new Set(['i64', 'u64', 'f64', 'date'])

/** Whether a call is a sum or mean of a column of integers, which a segment makes without a row of them. */
export function isColumnSum({ fn, args, distinct, filter }: AggregateCall): boolean {
  const [arg] = args
  if ((fn.name !== 'sum' && fn.name !== 'avg') || distinct || filter !== null || args.length !== 1) return false
  return arg!.kind === 'Column' && (typeName(arg!.type) === 'Int64' || typeName(arg!.type) === 'Uint64')
}

/** Whether a call may be answered by what a segment says of its columns. */
export function isStatistic({ fn, args, distinct, filter }: AggregateCall): boolean {
  if (!ANSWERED.has(fn.name) || filter !== null || args.length > 1) return false
  return args.every((arg) => arg.kind === 'Column') && !(distinct && fn.name === 'count')
}

/** The partial states of a call over the live documents of a unit, without a row of them; null where that is not possible. */
export async function unitStates(
  call: AggregateCall,
  unit: DocUnit,
  columns: SegmentColumns,
  region: Region,
): Promise<readonly ScalarValue[] | null> {
  if (isColumnSum(call)) return sumStates(call, unit, columns)
  const answer = await segmentStatistic(call, unit, columns, region)
  if (answer === null) return null
  // Of a segment in parts, the first stands for all.
  return [unit.start === 0 ? answer.state : call.fn.name === 'count' ? 0n : null]
}

function sumStates(call: AggregateCall, unit: DocUnit, columns: SegmentColumns): readonly ScalarValue[] | null {
  const i = (call.args[0] as ColumnExpr).index - addressFields.length
  if (i < 0 || unit.segment.alive !== null) return null
  const means = columns.means(i)
  const withCount = (sum: bigint | null, count: number): ScalarValue[] =>
    call.fn.name === 'avg' ? [sum, BigInt(count)] : [sum]
  if (means.kind === 'missing') return withCount(null, 0)
  if (means.kind !== 'fast' || (means.raw.type !== 'i64' && means.raw.type !== 'u64')) return null
  const total = means.raw.sumRange(unit.start, unit.end)
  return total && withCount(total.count === 0 ? null : total.sum, total.count)
}

/**
 * The partial state of `count(*)`, `count(column)`, `min` or `max` over all live documents of a segment, without reading
 * values: by the number of documents, the column's bounds, or the ends of its dictionary. Null where it is not known.
 */
async function segmentStatistic(
  call: AggregateCall,
  unit: DocUnit,
  columns: SegmentColumns,
  region: Region,
): Promise<{ readonly state: ScalarValue } | null> {
  const { segment } = unit
  const [arg] = call.args
  if (arg === undefined) return { state: BigInt(segment.numDocs) }
  if (segment.alive !== null) return null
  const i = (arg as ColumnExpr).index - addressFields.length
  if (i < 0) return null
  const means = columns.means(i)
  const count = call.fn.name === 'count'
  if (means.kind === 'missing') return { state: count ? 0n : null }
  if (means.kind !== 'fast' || means.raw.cardinality === 'multivalued') return null
  const { raw } = means
  // Other units may answer by their rows.
  if (means.ofUnit && (unit.start > 0 || unit.end < segment.maxDoc)) return null
  if (count) return { state: BigInt(raw.numValues) }
  if (raw.numValues === 0) return { state: null }
  const least = call.fn.name === 'min'
  if (raw.type === 'str') {
    const { numTerms } = raw.dictionary
    const texts = await means.column.ordinals?.().textsOf(Uint32Array.of(least ? 0 : numTerms - 1), region)
    return texts === undefined ? null : { state: scalarAt(texts, 0) }
  }
  if (!NUMBERS.has(raw.type)) return null
  const { minValue, maxValue } = raw as NumericColumn
  const value = least ? minValue : maxValue
  // A NaN at the lower end has a sign, which SQL does not see.
  if (value === null || Number.isNaN(minValue)) return null
  if (typeName(arg.type) !== 'Timestamp') return { state: value }
  return { state: floorDivide(value as bigint, BigInt(nanosPerUnit(arg.type))) }
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}
