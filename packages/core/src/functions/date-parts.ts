import { SqlState, VolleyError } from '../errors.ts'
import { civil, civilFromDays, daysFromCivil, isoWeek, isoWeekday, isoYear } from '../types/calendar.ts'

export type DateField =
  | 'microseconds'
  | 'milliseconds'
  | 'second'
  | 'minute'
  | 'hour'
  | 'day'
  | 'week'
  | 'month'
  | 'quarter'
  | 'year'
  | 'decade'
  | 'century'
  | 'millennium'
  | 'dow'
  | 'isodow'
  | 'doy'
  | 'isoyear'
  | 'epoch'
  | 'julian'
  | 'nanoseconds'

const NAMES = new Map<string, DateField>(
  (
    [
      ['microseconds', 'microsecond us usec usecs microsec'],
      ['milliseconds', 'millisecond ms msec msecs millisec'],
      ['nanoseconds', 'nanosecond ns nsec'],
      ['second', 'seconds sec secs s'],
      ['minute', 'minutes min mins m'],
      ['hour', 'hours hr hrs h'],
      ['day', 'days d'],
      ['week', 'weeks w'],
      ['month', 'months mon mons'],
      ['quarter', 'quarters qtr'],
      ['year', 'years yr yrs y'],
      ['decade', 'decades dec'],
      ['century', 'centuries cent c'],
      ['millennium', 'millennia mil mils'],
      ['dow', 'weekday'],
      ['isodow', ''],
      ['doy', ''],
      ['isoyear', ''],
      ['epoch', ''],
      ['julian', ''],
    ] as const
  ).flatMap(([field, others]) => [field, ...others.split(' ').filter(Boolean)].map((name) => [name, field] as const)),
)

/** @throws VolleyError 22023 for a name that is no field. */
export function dateField(name: string): DateField {
  const field = NAMES.get(name.trim().toLowerCase())
  if (field === undefined) {
    throw new VolleyError(`unit "${name}" not recognized for type timestamp`, { code: SqlState.invalidParameterValue })
  }
  return field
}

/** A field of a point in time (seconds since 1970-01-01, nanoseconds in the second). */
export function datePart(field: DateField, seconds: number, nanos: number): number {
  const days = Math.floor(seconds / 86400)
  const secondOfDay = seconds - days * 86400
  switch (field) {
    case 'nanoseconds':
      return (secondOfDay % 60) * 1e9 + nanos
    case 'microseconds':
      return (secondOfDay % 60) * 1e6 + nanos / 1e3
    case 'milliseconds':
      return (secondOfDay % 60) * 1e3 + nanos / 1e6
    case 'second':
      return (secondOfDay % 60) + nanos / 1e9
    case 'minute':
      return Math.floor(secondOfDay / 60) % 60
    case 'hour':
      return Math.floor(secondOfDay / 3600)
    case 'epoch':
      return seconds + nanos / 1e9
    case 'week':
      return isoWeek(days)
    case 'isoyear': {
      const year = isoYear(days)
      return year > 0 ? year : year - 1
    }
    case 'isodow':
      return isoWeekday(days)
    case 'dow':
      return isoWeekday(days) % 7
    case 'julian':
      return days + 2440588 + (secondOfDay + nanos / 1e9) / 86400
    default:
      civilFromDays(days)
      return civilPart(field, days)
  }
}

function civilPart(field: DateField, days: number): number {
  const { year, month, day } = civil
  // There is no year 0: 1 BC is year 0 of the calendar, and is counted as -1.
  const counted = year > 0 ? year : year - 1
  switch (field) {
    case 'day':
      return day
    case 'month':
      return month
    case 'quarter':
      return Math.ceil(month / 3)
    case 'doy':
      return days - daysFromCivil(year, 1, 1) + 1
    case 'decade':
      return Math.floor(year / 10)
    case 'century':
      return counted > 0 ? Math.ceil(counted / 100) : -Math.ceil(-counted / 100)
    case 'millennium':
      return counted > 0 ? Math.ceil(counted / 1000) : -Math.ceil(-counted / 1000)
    default:
      return counted
  }
}

/** Seconds of the start of the field (second or coarser) that a second is in. */
export function truncSeconds(field: DateField, seconds: number): number {
  switch (field) {
    case 'second':
      return seconds
    case 'minute':
      return seconds - mod(seconds, 60)
    case 'hour':
      return seconds - mod(seconds, 3600)
    case 'day':
      return seconds - mod(seconds, 86400)
    default: {
      const days = Math.floor(seconds / 86400)
      return truncDays(field, days) * 86400
    }
  }
}

function mod(value: number, divisor: number): number {
  return value - Math.floor(value / divisor) * divisor
}

function truncDays(field: DateField, days: number): number {
  if (field === 'week') return days - isoWeekday(days) + 1
  civilFromDays(days)
  const { year, month } = civil
  switch (field) {
    case 'month':
      return daysFromCivil(year, month, 1)
    case 'quarter':
      return daysFromCivil(year, month - ((month - 1) % 3), 1)
    case 'year':
      return daysFromCivil(year, 1, 1)
    case 'decade':
      return daysFromCivil(Math.floor(year / 10) * 10, 1, 1)
    case 'century':
      return daysFromCivil(Math.floor((year - 1) / 100) * 100 + 1, 1, 1)
    case 'millennium':
      return daysFromCivil(Math.floor((year - 1) / 1000) * 1000 + 1, 1, 1)
    default:
      throw new VolleyError(`unit "${field}" not supported by date_trunc`, { code: SqlState.featureNotSupported })
  }
}
