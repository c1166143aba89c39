import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { addMonths } from '../types/calendar.ts'
import { commonType, isInteger } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import { clockZone, localToUtc, zoneOffset } from '../types/time-zone.ts'
import type { IntervalValue, ScalarValue } from '../types/scalar-value.ts'
import { INT64, INTERVAL, listType, NULL, ticksPerSecond } from '../types/type-factory.ts'
import { checkItems } from './check-items.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ResolvedFunction, ScalarFunction } from './scalar-function.ts'

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

function integers(args: readonly bigint[], inclusive: boolean): bigint[] {
  const [start, stop] = args.length === 1 ? [0n, args[0]!] : [args[0]!, args[1]!]
  const step = args[2] ?? 1n
  if (step === 0n) throw new VolleyError('step size cannot be zero', { code: SqlState.invalidParameterValue })
  const end = inclusive ? stop + (step > 0n ? 1n : -1n) : stop
  const distance = step > 0n ? end - start : start - end
  const size = step > 0n ? step : -step
  const count = distance <= 0n ? 0 : Number((distance + size - 1n) / size)
  return Array.from({ length: checkItems(count) }, (_, i) => start + BigInt(i) * step)
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
        ? evaluateRows(call, (args) => integers(args as readonly bigint[], inclusive))
        : evaluateRows(call, (args) => moments(args, call.args[0]!.type, inclusive)),
  })
})
