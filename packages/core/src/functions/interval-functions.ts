import type { IntervalValue } from '../types/scalar-value.ts'
import { INTERVAL } from '../types/type-factory.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ScalarFunction } from './scalar-function.ts'

const NANOS_PER_DAY = 86_400_000_000_000n
const DAYS_PER_MONTH = 30

/** 24 hours become a day; both have one sign then. */
function justifyHours({ months, days, nanos }: IntervalValue): IntervalValue {
  const whole = nanos / NANOS_PER_DAY
  return sameSign({ months, days: days + Number(whole), nanos: nanos - whole * NANOS_PER_DAY })
}

function sameSign({ months, days, nanos }: IntervalValue): IntervalValue {
  if (days > 0 && nanos < 0n) return { months, days: days - 1, nanos: nanos + NANOS_PER_DAY }
  if (days < 0 && nanos > 0n) return { months, days: days + 1, nanos: nanos - NANOS_PER_DAY }
  return { months, days, nanos }
}

/** 30 days become a month; both have one sign then. */
function justifyDays({ months, days, nanos }: IntervalValue): IntervalValue {
  const whole = Math.trunc(days / DAYS_PER_MONTH)
  const moved = { months: months + whole, days: days - whole * DAYS_PER_MONTH, nanos }
  if (moved.months > 0 && moved.days < 0) return borrowed(moved, 1)
  return moved.months < 0 && moved.days > 0 ? borrowed(moved, -1) : moved
}

/** A month less, and 30 days more, or the reverse. */
function borrowed({ months, days, nanos }: IntervalValue, sign: 1 | -1): IntervalValue {
  return { months: months - sign, days: days + sign * DAYS_PER_MONTH, nanos }
}

/** Both, and all of one sign. */
function justifyInterval(value: IntervalValue): IntervalValue {
  const whole = value.nanos / NANOS_PER_DAY
  let { months, days } = { ...value, days: value.days + Number(whole) }
  const nanos = value.nanos - whole * NANOS_PER_DAY
  const more = Math.trunc(days / DAYS_PER_MONTH)
  months += more
  days -= more * DAYS_PER_MONTH
  let result: IntervalValue = { months, days, nanos }
  if (months > 0 && (days < 0 || (days === 0 && nanos < 0n))) result = borrowed(result, 1)
  else if (months < 0 && (days > 0 || (days === 0 && nanos > 0n))) result = borrowed(result, -1)
  return sameSign(result)
}

function justify(
  name: string,
  description: string,
  example: readonly [sql: string, result: string],
  change: (value: IntervalValue) => IntervalValue,
): ScalarFunction {
  return defineFunction({
    name,
    category: 'date and time',
    description,
    examples: [example],
    overloads: [{ args: [INTERVAL], returns: INTERVAL }],
    evaluate: (call) => evaluateRows(call, ([value]) => change(value as IntervalValue)),
  })
}

/** PostgreSQL's adjustments of intervals (https://www.postgresql.org/docs/current/functions-datetime.html). */
export const INTERVAL_FUNCTIONS: readonly ScalarFunction[] = [
  justify(
    'justify_hours',
    'The interval with each 24 hours as a day.',
    ["justify_hours(INTERVAL '50 hours 10 minutes')", '2 days 02:10:00'],
    justifyHours,
  ),
  justify(
    'justify_days',
    'The interval with each 30 days as a month.',
    ["justify_days(INTERVAL '1 year 65 days')", '1 year 2 mons 5 days'],
    justifyDays,
  ),
  justify(
    'justify_interval',
    'The interval with hours as days, days as months, and one sign.',
    ["justify_interval(INTERVAL '1 mon -1 hour')", '29 days 23:00:00'],
    justifyInterval,
  ),
]
