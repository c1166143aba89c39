// The proleptic Gregorian calendar, years before 1 counted as 0, -1, ... (Howard Hinnant, "chrono-Compatible Low-Level
// Date Algorithms").

/** A civil date, written by `civilFromDays`: one object for all calls, read it at once. */
export const civil: { year: number; month: number; day: number } = { year: 0, month: 0, day: 0 }

/** Days since 1970-01-01 of a civil date. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146097 + dayOfEra - 719468
}

/** The civil date of a day, in `civil`. */
export function civilFromDays(days: number): void {
  const z = days + 719468
  const era = Math.floor(z / 146097)
  const dayOfEra = z - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const mp = Math.floor((5 * dayOfYear + 2) / 153)
  civil.day = dayOfYear - Math.floor((153 * mp + 2) / 5) + 1
  civil.month = mp < 10 ? mp + 3 : mp - 9
  civil.year = yearOfEra + era * 400 + (civil.month <= 2 ? 1 : 0)
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** The day that is `months` later; the day of the month is clamped to the month's last. */
export function addMonths(days: number, months: number): number {
  if (months === 0) return days
  civilFromDays(days)
  const index = civil.year * 12 + (civil.month - 1) + months
  const year = Math.floor(index / 12)
  const month = index - year * 12 + 1
  return daysFromCivil(year, month, Math.min(civil.day, daysInMonth(year, month)))
}

/** Monday 1 to Sunday 7. */
export function isoWeekday(days: number): number {
  return ((((days + 3) % 7) + 7) % 7) + 1
}

/** The Monday with which the ISO week-numbering year of a day begins. */
function isoYearStart(days: number): number {
  const thursday = days - isoWeekday(days) + 4
  civilFromDays(thursday)
  const january4 = daysFromCivil(civil.year, 1, 4)
  return january4 - isoWeekday(january4) + 1
}

/** The ISO week-numbering year of a day. */
export function isoYear(days: number): number {
  civilFromDays(days - isoWeekday(days) + 4)
  return civil.year
}

export function isoWeek(days: number): number {
  return Math.floor((days - isoYearStart(days)) / 7) + 1
}
