import type { DataType } from 'apache-arrow'
import { addMonths } from '../types/calendar.ts'
import { joinTicks, readBigInt64, split, splitTicks, writeBigInt64, writeInt64 } from '../types/ticks.ts'
import { localToUtc, zoneOffset } from '../types/time-zone.ts'
import { INTERVAL } from '../types/type-factory.ts'
import { divisionByZero, outOfRange } from '../types/type-errors.ts'

const SECONDS_PER_DAY = 86400
const NANOS_PER_SECOND = 1e9
const MIN_INT32 = -2147483648
const MAX_INT32 = 2147483647

/**
 * Timestamps (`perSecond` counts in a second) or, with `perSecond` 0, dates (Int32 days) plus or minus intervals (`sign`):
 * first the months, clamped to the month's last day, then the days, then the time. Nanoseconds below the result's unit
 * are dropped, rounding down. Months and days are those of clocks of `zone`: over a change of clocks, a day is not 24 hours.
 */
export function addIntervals(
  a: Int32Array,
  aMask: number,
  perSecond: number,
  intervals: Int32Array,
  mask: number,
  sign: 1 | -1,
  rows: Uint32Array,
  out: Int32Array,
  outPerSecond: number,
  type: DataType,
  zone: string | null,
): void {
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const at = (row & mask) * 4
    let seconds: number
    let fraction = 0
    if (perSecond === 0) seconds = a[row & aMask]! * SECONDS_PER_DAY
    else {
      splitTicks(a, (row & aMask) * 2, perSecond)
      seconds = split.seconds
      fraction = split.fraction * (outPerSecond / perSecond)
    }
    const months = intervals[at]!
    const days = intervals[at + 1]!
    if (months !== 0 || days !== 0) {
      if (zone !== null) seconds += zoneOffset(zone, seconds)
      const day = Math.floor(seconds / SECONDS_PER_DAY)
      const moved = addMonths(day, sign * months) + sign * days
      seconds += (moved - day) * SECONDS_PER_DAY
      if (zone !== null) seconds = localToUtc(zone, seconds)
    }
    splitTicks(intervals, at + 2, NANOS_PER_SECOND)
    const ticks = Math.floor((sign * split.fraction) / (NANOS_PER_SECOND / outPerSecond))
    seconds += sign * split.seconds
    fraction += ticks
    if (fraction < 0 || fraction >= outPerSecond) {
      const carry = Math.floor(fraction / outPerSecond)
      seconds += carry
      fraction -= carry * outPerSecond
    }
    if (!joinTicks(seconds, fraction, outPerSecond, out, row * 2)) throw outOfRange(type)
  }
}

/** Differences of timestamps: whole days, and the rest as time; both have the sign of the difference. */
export function subtractTimestamps(
  a: Int32Array,
  aMask: number,
  b: Int32Array,
  bMask: number,
  perSecond: number,
  rows: Uint32Array,
  out: Int32Array,
): void {
  const nanosPerTick = NANOS_PER_SECOND / perSecond
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    splitTicks(a, (row & aMask) * 2, perSecond)
    let seconds = split.seconds
    let fraction = split.fraction
    splitTicks(b, (row & bMask) * 2, perSecond)
    seconds -= split.seconds
    fraction -= split.fraction
    if (fraction < 0) {
      fraction += perSecond
      seconds--
    }
    let days = Math.floor(seconds / SECONDS_PER_DAY)
    let nanos = (seconds - days * SECONDS_PER_DAY) * NANOS_PER_SECOND + fraction * nanosPerTick
    if (days < 0 && nanos > 0) {
      days++
      nanos -= SECONDS_PER_DAY * NANOS_PER_SECOND
    }
    out[row * 4] = 0
    out[row * 4 + 1] = days
    writeInt64(out, row * 4 + 2, nanos)
  }
}

/** Sums (`sign` 1) or differences (-1) of intervals, part by part. */
export function addIntervalParts(
  a: Int32Array,
  aMask: number,
  b: Int32Array,
  bMask: number,
  sign: 1 | -1,
  rows: Uint32Array,
  out: Int32Array,
): void {
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const i = (row & aMask) * 4
    const j = (row & bMask) * 4
    writeInterval(
      out,
      row,
      a[i]! + sign * b[j]!,
      a[i + 1]! + sign * b[j + 1]!,
      readBigInt64(a, i + 2) + BigInt(sign) * readBigInt64(b, j + 2),
    )
  }
}

/** @throws VolleyError 22008 when a part does not fit. */
function writeInterval(out: Int32Array, row: number, months: number, days: number, nanos: bigint): void {
  if (months < MIN_INT32 || months > MAX_INT32 || days < MIN_INT32 || days > MAX_INT32) throw outOfRange(INTERVAL)
  if (BigInt.asIntN(64, nanos) !== nanos) throw outOfRange(INTERVAL)
  out[row * 4] = months
  out[row * 4 + 1] = days
  writeBigInt64(out, row * 4 + 2, nanos)
}

/**
 * Intervals times a factor, or with `divide` divided by it: what is left of a month becomes days of a 30-day month, what is
 * left of a day becomes time (PostgreSQL's interval_mul).
 */
export function scaleIntervals(
  a: Int32Array,
  aMask: number,
  factors: ArrayLike<number>,
  mask: number,
  divide: boolean,
  rows: Uint32Array,
  out: Int32Array,
): void {
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const at = (row & aMask) * 4
    const factor = factors[row & mask]!
    if (divide && factor === 0) throw divisionByZero()
    const scaled = (value: number): number => (divide ? value / factor : value * factor)
    const exactMonths = scaled(a[at]!)
    const exactDays = scaled(a[at + 1]!)
    const months = Math.trunc(exactMonths)
    let days = Math.trunc(exactDays)
    const monthRest = roundTo((exactMonths - months) * 30, 1e6)
    let seconds = roundTo((exactDays - days + monthRest - Math.trunc(monthRest)) * SECONDS_PER_DAY, 1e6)
    if (Math.abs(seconds) >= SECONDS_PER_DAY) {
      const carry = Math.trunc(seconds / SECONDS_PER_DAY)
      days += carry
      seconds -= carry * SECONDS_PER_DAY
    }
    days += Math.trunc(monthRest)
    const nanos = Math.round(scaled(Number(readBigInt64(a, at + 2))) + seconds * NANOS_PER_SECOND)
    if (!Number.isFinite(nanos)) throw outOfRange(INTERVAL)
    writeInterval(out, row, months, days, BigInt(nanos))
  }
}

function roundTo(value: number, precision: number): number {
  return Math.round(value * precision) / precision
}

/** Times of day plus or minus intervals, modulo a day; months and days do not count. */
export function addToTimes(
  a: Int32Array,
  aMask: number,
  intervals: Int32Array,
  mask: number,
  sign: 1 | -1,
  perSecond: number,
  rows: Uint32Array,
  out: Int32Array,
): void {
  const day = SECONDS_PER_DAY * perSecond
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    splitTicks(a, (row & aMask) * 2, perSecond)
    const ticks = split.seconds * perSecond + split.fraction
    splitTicks(intervals, (row & mask) * 4 + 2, NANOS_PER_SECOND)
    const seconds = split.seconds - Math.floor(split.seconds / SECONDS_PER_DAY) * SECONDS_PER_DAY
    const moved = ticks + sign * (seconds * perSecond + Math.floor(split.fraction / (NANOS_PER_SECOND / perSecond)))
    writeInt64(out, row * 2, moved - Math.floor(moved / day) * day)
  }
}
