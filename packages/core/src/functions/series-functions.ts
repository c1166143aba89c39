import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { addMonths } from '../types/calendar.ts'
import { commonType, isInteger } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import { clockZone, localToUtc, zoneOffset } from '../types/time-zone.ts'
import { readBigInt64, writeInt64 } from '../types/ticks.ts'
import type { IntervalValue, ScalarValue } from '../types/scalar-value.ts'
import { INT64, INTERVAL, listType, NULL, ticksPerSecond } from '../types/type-factory.ts'
import { Operand, wordsOf } from '../vectors/operand.ts'
import { allRows } from '../vectors/selection.ts'
import { ConstantVector, ListVector, PrimitiveVector, type Vector } from '../vectors/vector.ts'
import { checkItems } from './check-items.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ResolvedFunction, ScalarCall, ScalarFunction } from './scalar-function.ts'

const MAX_OFFSET = 2147483647
const MAX_EXACT = BigInt(Number.MAX_SAFE_INTEGER)
const NANOS_PER_SECOND = 1_000_000_000n
const NANOS_PER_DAY = 86_400_000_000_000n

function resolveIntegers(argTypes: readonly DataType[]): ResolvedFunction | null {
  const fits = argTypes.every((type) => isInteger(type) || typeName(type) === 'Null')
  if (!fits || argTypes.length < 1 || argTypes.length > 3) return null
  return { argTypes: argTypes.map(() => INT64), returnType: listType(INT64), nullable: 'propagate' }
}

/** Two dates or timestamps and an interval; of dates, what is below a day is dropped. */
function resolveMoments(argTypes: readonly DataType[]): ResolvedFunction | null {
  if (argTypes.length !== 3) return null
  const type = commonType(argTypes[0]!, argTypes[1]!)
  if (type === null || !/^(?:Date|Timestamp)$/.test(typeName(type))) return null
  if (!/^(?:Interval|Null)$/.test(typeName(argTypes[2]!))) return null
  return { argTypes: [type, type, INTERVAL], returnType: listType(type), nullable: 'propagate' }
}

/** Start, step and length of a series of integers. */
interface Series {
  readonly start: bigint
  readonly step: bigint
  readonly count: number
}

function seriesOf(args: readonly bigint[], inclusive: boolean): Series {
  const [start, stop] = args.length === 1 ? [0n, args[0]!] : [args[0]!, args[1]!]
  const step = args[2] ?? 1n
  if (step === 0n) throw new VolleyError('step size cannot be zero', { code: SqlState.invalidParameterValue })
  const end = inclusive ? stop + (step > 0n ? 1n : -1n) : stop
  const distance = step > 0n ? end - start : start - end
  const size = step > 0n ? step : -step
  return { start, step, count: checkItems(distance <= 0n ? 0 : Number((distance + size - 1n) / size)) }
}

/** One list of integers for each selected row; one for all, where all arguments are constant. */
function integerLists({ args, type, selection, length, region }: ScalarCall, inclusive: boolean): Vector {
  const operands = args.map((arg) => new Operand(arg))
  const constant = operands.every((operand) => operand.isConstant)
  const lists = constant ? 1 : length
  const offsets = region.i32(lists + 1).fill(0)
  const validity = region.bitmap(lists, false)
  const found: (Series | null)[] = []
  let total = 0
  for (const row of constant ? [0] : (selection ?? allRows(length))) {
    const present = operands.every((operand) => operand.isValid(row))
    const series = present
      ? seriesOf(
          operands.map(({ words, mask }) => readBigInt64(words, 2 * (row & mask))),
          inclusive,
        )
      : null
    if (series !== null) validity[row >>> 3]! |= 1 << (row & 7)
    found.push(series)
    offsets[row + 1] = series?.count ?? 0
    total += series?.count ?? 0
  }
  if (total > MAX_OFFSET) throw new VolleyError(`lists of ${total} items in one batch are too long`, { code: '54000' })
  for (let row = 0; row < lists; row++) offsets[row + 1]! += offsets[row]!
  const values = region.i64(total)
  let at = 0
  for (const series of found) if (series !== null) at = writeSeries(series, values, at)
  const items = new PrimitiveVector(INT64, total, null, values)
  const list = new ListVector(type, lists, validity, offsets, items)
  return constant ? new ConstantVector(list, length) : list
}

/** Writes a series at a place and returns the place behind it; by doubles where all of it is exact in them. */
function writeSeries({ start, step, count }: Series, values: BigInt64Array, at: number): number {
  const ends = [start, start + step * BigInt(count)]
  if (ends.every((end) => end <= MAX_EXACT && end >= -MAX_EXACT)) {
    const words = wordsOf(values)
    const by = Number(step)
    for (let i = 0, value = Number(start); i < count; i++, value += by) writeInt64(words, 2 * (at + i), value)
  } else for (let i = 0; i < count; i++) values[at + i] = start + BigInt(i) * step
  return at + count
}

/**
 * A moment some intervals later, in nanoseconds since 1970: months first, clamped to the end of the month. Months and days
 * are those of clocks of the zone.
 */
function later(start: bigint, step: IntervalValue, times: number, zone: string | null): bigint {
  const local = zone === null ? start : start + BigInt(zoneOffset(zone, secondsOf(start))) * NANOS_PER_SECOND
  const clock = ((local % NANOS_PER_DAY) + NANOS_PER_DAY) % NANOS_PER_DAY
  const day = Number((local - clock) / NANOS_PER_DAY)
  const moved = addMonths(day, step.months * times) + step.days * times
  const shown = BigInt(moved) * NANOS_PER_DAY + clock
  const seconds = secondsOf(shown)
  const back = zone === null ? 0n : BigInt(seconds - localToUtc(zone, seconds)) * NANOS_PER_SECOND
  return shown - back + step.nanos * BigInt(times)
}

function secondsOf(nanos: bigint): number {
  return Number((nanos - (((nanos % NANOS_PER_SECOND) + NANOS_PER_SECOND) % NANOS_PER_SECOND)) / NANOS_PER_SECOND)
}

function moments(args: readonly ScalarValue[], type: DataType, inclusive: boolean): ScalarValue[] {
  const perTick = typeName(type) === 'Date' ? NANOS_PER_DAY : 1_000_000_000n / BigInt(ticksPerSecond(type))
  const [start, stop] = [args[0], args[1]].map((value) => BigInt(value as number | bigint) * perTick) as [
    bigint,
    bigint,
  ]
  const step = args[2] as IntervalValue
  const zone = clockZone(type)
  const first = later(start, step, 1, zone)
  if (first === start) throw new VolleyError('step size cannot be zero', { code: SqlState.invalidParameterValue })
  const items: ScalarValue[] = []
  for (let i = 0, at = start; first > start ? at <= stop : at >= stop; at = later(start, step, ++i, zone)) {
    if (at === stop && !inclusive) break
    checkItems(items.length)
    const ticks = at / perTick
    items.push(typeName(type) === 'Date' ? Number(ticks) : ticks)
  }
  return items
}

/** Lists of evenly spaced values. */
export const SERIES_FUNCTIONS: readonly ScalarFunction[] = (['range', 'generate_series'] as const).map((name) => {
  const inclusive = name === 'generate_series'
  return defineFunction({
    name,
    category: 'array',
    description: `The integers from a start (0 by default) to a stop${inclusive ? '' : ', which is left out'}, by steps; or dates or timestamps, by an interval.`,
    examples: [
      [`${name}(1, 5, 2)`, inclusive ? '{1,3,5}' : '{1,3}'],
      [
        `${name}(DATE '2024-01-31', DATE '2024-03-31', INTERVAL '1 month')`,
        inclusive ? '{2024-01-31,2024-02-29,2024-03-31}' : '{2024-01-31,2024-02-29}',
      ],
    ],
    resolve: (argTypes) =>
      argTypes.length > 0 && argTypes.every((type) => typeName(type) === 'Null')
        ? { argTypes: argTypes.map(() => NULL), returnType: listType(INT64), nullable: 'always' }
        : (resolveIntegers(argTypes) ?? resolveMoments(argTypes)),
    evaluate: (call) =>
      typeName(call.args[0]!.type) === 'Int64'
        ? integerLists(call, inclusive)
        : evaluateRows(call, (args) => moments(args, call.args[0]!.type, inclusive)),
  })
})
