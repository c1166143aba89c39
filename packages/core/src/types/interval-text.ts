import { SqlState, VolleyError } from '../errors.ts'
import { formatFraction } from './datetime-text.ts'
import type { IntervalValue } from './scalar-value.ts'

const NANOS_PER_SECOND = 1_000_000_000n

type Part = 'months' | 'days' | 'nanos'

/** What a unit counts in, and how many of it. */
const UNITS = new Map<string, readonly [Part, number]>(
  (
    [
      ['nanoseconds nanosecond ns', 'nanos', 1],
      ['microseconds microsecond us usec usecs', 'nanos', 1e3],
      ['milliseconds millisecond ms msec msecs', 'nanos', 1e6],
      ['seconds second secs sec s', 'nanos', 1e9],
      ['minutes minute mins min m', 'nanos', 60e9],
      ['hours hour hrs hr h', 'nanos', 3600e9],
      ['days day d', 'days', 1],
      ['weeks week w', 'days', 7],
      ['months month mons mon', 'months', 1],
      ['quarters quarter', 'months', 3],
      ['years year yrs yr y', 'months', 12],
      ['decades decade', 'months', 120],
      ['centuries century c', 'months', 1200],
      ['millennia millennium mil', 'months', 12000],
    ] as const
  ).flatMap(([names, part, factor]) => names.split(' ').map((name) => [name, [part, factor] as const] as const)),
)

class Sum {
  months = 0
  days = 0
  nanos = 0n

  /** Adds `whole.fraction` units: what is left of a month becomes days of 30, what is left of a day becomes time. */
  add(text: string, unit: string): boolean {
    const known = UNITS.get(unit)
    if (known === undefined) return false
    const [part, factor] = known
    if (part === 'nanos') {
      this.nanos += scaleExactly(text, BigInt(factor))
      return true
    }
    const exact = Number(text) * factor
    const whole = Math.trunc(exact)
    if (part === 'months') {
      this.months += whole
      this.#addDays(round6((exact - whole) * 30))
    } else this.#addDays(exact)
    return true
  }

  #addDays(days: number): void {
    const whole = Math.trunc(days)
    this.days += whole
    this.nanos += BigInt(Math.round(round6((days - whole) * 86400) * 1e6)) * 1000n
  }
}

function round6(value: number): number {
  return Math.round(value * 1e6) / 1e6
}

/** A decimal text times an integer, the rest of a nanosecond dropped. */
function scaleExactly(text: string, factor: bigint): bigint {
  const negative = text.startsWith('-')
  const [whole, fraction = ''] = text.replace(/^[+-]/, '').split('.') as [string, string?]
  const digits = fraction.slice(0, 30)
  const value = (BigInt(`${whole || '0'}${digits}`) * factor) / 10n ** BigInt(digits.length)
  return negative ? -value : value
}

const TOKEN =
  /\s*(?:([+-]?)(\d+):(\d{1,2})(?::(\d{1,2}(?:\.\d*)?))?(?![\w:])|([+-]?)(\d+)-(\d{1,2})(?![\w-])|([+-]?(?:\d+\.?\d*|\.\d+))\s*([a-z]+)?|(ago)\b|(@))/giy
const ISO = /^([+-]?)P(?=.)((?:[+-]?\d+(?:\.\d+)?[YMWD])*)(?:T((?:[+-]?\d+(?:\.\d+)?[HMS])+))?$/i

/**
 * Reads an interval in PostgreSQL's form (`1 year 2 mons -3 days 04:05:06.7`, `1-2`, `2 hours ago`) or ISO-8601
 * (`P1Y2M3DT4H`). A bare number at the end is seconds, or the unit given.
 *
 * @throws VolleyError 22007 for text of another form, 22008 when a part does not fit.
 */
export function parseInterval(text: string, bareUnit = 'seconds'): IntervalValue {
  const sum = new Sum()
  if (!parseIso(text.trim(), sum) && !parseVerbose(text, sum, bareUnit)) {
    throw new VolleyError(`invalid input syntax for type interval: "${text}"`, { code: SqlState.invalidDatetimeFormat })
  }
  const fits = Math.abs(sum.months) <= 2147483647 && Math.abs(sum.days) <= 2147483647
  if (!fits || BigInt.asIntN(64, sum.nanos) !== sum.nanos) {
    throw new VolleyError(`interval field value out of range: "${text}"`, { code: SqlState.datetimeFieldOverflow })
  }
  return { months: sum.months + 0, days: sum.days + 0, nanos: sum.nanos }
}

function parseIso(text: string, sum: Sum): boolean {
  const match = ISO.exec(text)
  if (match === null) return false
  const sign = match[1] === '-' ? '-' : ''
  const units = { Y: 'years', M: 'months', W: 'weeks', D: 'days' } as Record<string, string>
  const clock = { H: 'hours', M: 'minutes', S: 'seconds' } as Record<string, string>
  const addAll = (part: string | undefined, names: Record<string, string>): void => {
    for (const item of part?.match(/[+-]?[\d.]+[a-z]/gi) ?? []) {
      const number = item.slice(0, -1)
      const signed = sign === '-' ? (number.startsWith('-') ? number.slice(1) : `-${number}`) : number
      sum.add(signed, names[item.at(-1)!.toUpperCase()]!)
    }
  }
  addAll(match[2], units)
  addAll(match[3], clock)
  return true
}

function parseVerbose(text: string, sum: Sum, bareUnit: string): boolean {
  TOKEN.lastIndex = 0
  let tokens = 0
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex
    if (text.slice(at).trim() === '') break
    const match = TOKEN.exec(text)
    if (match === null) return false
    if (match[2] !== undefined) addClock(match, sum)
    else if (match[6] !== undefined) {
      const months = Number(match[6]) * 12 + Number(match[7])
      sum.months += match[5] === '-' ? -months : months
    } else if (match[8] !== undefined) {
      const unit = match[9]?.toLowerCase()
      if (unit === undefined && text.slice(TOKEN.lastIndex).trim() !== '') return false
      if (!sum.add(match[8], unit ?? bareUnit)) return false
    } else if (match[10] !== undefined) {
      if (text.slice(TOKEN.lastIndex).trim() !== '') return false
      sum.months = -sum.months
      sum.days = -sum.days
      sum.nanos = -sum.nanos
    }
    tokens++
  }
  return tokens > 0
}

function addClock(match: RegExpExecArray, sum: Sum): void {
  const nanos =
    BigInt(match[2]!) * 3600n * NANOS_PER_SECOND +
    BigInt(match[3]!) * 60n * NANOS_PER_SECOND +
    scaleExactly(match[4] ?? '0', NANOS_PER_SECOND)
  sum.nanos += match[1] === '-' ? -nanos : nanos
}

/** PostgreSQL's default style: `1 year 2 mons -3 days +04:05:06.7`; `00:00:00` for nothing. */
export function formatInterval(value: IntervalValue): string {
  const years = Math.trunc(value.months / 12)
  const months = value.months - years * 12
  const parts: string[] = []
  let negativeBefore = false
  for (const [amount, one, many] of [
    [years, 'year', 'years'],
    [months, 'mon', 'mons'],
    [value.days, 'day', 'days'],
  ] as const) {
    if (amount === 0) continue
    parts.push(`${negativeBefore && amount > 0 ? '+' : ''}${amount} ${amount === 1 ? one : many}`)
    negativeBefore = amount < 0
  }
  if (value.nanos !== 0n || parts.length === 0) {
    const negative = value.nanos < 0n
    const nanos = negative ? -value.nanos : value.nanos
    const seconds = nanos / NANOS_PER_SECOND
    const clock = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map((n) => n.toString().padStart(2, '0'))
    const sign = negative ? '-' : negativeBefore ? '+' : ''
    parts.push(`${sign}${clock.join(':')}${formatFraction(Number(nanos % NANOS_PER_SECOND))}`)
  }
  return parts.join(' ')
}
