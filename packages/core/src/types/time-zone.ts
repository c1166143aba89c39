import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { typeName } from './data-types.ts'
import { timezoneOf } from './type-factory.ts'

/** Offsets of the hours that were asked for, by zone. */
const caches = new Map<string, { readonly format: Intl.DateTimeFormat; readonly offsets: Map<number, number> }>()
const MAX_CACHED = 100_000

function cacheOf(zone: string): { readonly format: Intl.DateTimeFormat; readonly offsets: Map<number, number> } {
  let cache = caches.get(zone)
  if (cache !== undefined) return cache
  try {
    cache = {
      format: new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }),
      offsets: new Map(),
    }
  } catch (cause) {
    throw new VolleyError(`time zone "${zone}" not recognized`, { code: SqlState.invalidParameterValue, cause })
  }
  caches.set(zone, cache)
  return cache
}

/** Seconds east of Greenwich of a zone written as an offset, or `UTC`; null for a zone by its name. */
function fixedOffset(zone: string): number | null {
  if (/^(?:utc|gmt|z|zulu|etc\/utc)$/i.test(zone)) return 0
  const match = /^([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(zone)
  if (match === null) return null
  const seconds = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60
  if (seconds > 18 * 3600)
    throw new VolleyError(`time zone "${zone}" not recognized`, { code: SqlState.invalidParameterValue })
  return match[1] === '-' ? -seconds : seconds
}

/**
 * Seconds that a zone is ahead of UTC at a moment. Zones are offsets (`+05:30`) or names of the IANA database.
 *
 * @throws VolleyError 22023 for a zone that does not exist
 */
export function zoneOffset(zone: string, seconds: number): number {
  const fixed = fixedOffset(zone)
  if (fixed !== null) return fixed
  const { format, offsets } = cacheOf(zone)
  // Transitions are at whole quarters of an hour.
  const quarter = Math.floor(seconds / 900)
  const known = offsets.get(quarter)
  if (known !== undefined) return known
  // Beyond what a Date holds, the nearest it does.
  const millis = Math.max(-8.64e15, Math.min(8.64e15, quarter * 900_000))
  const name = format.formatToParts(new Date(millis)).find((part) => part.type === 'timeZoneName')!.value
  const match = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name)
  const offset =
    match === null
      ? 0
      : (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0))
  if (offsets.size >= MAX_CACHED) offsets.clear()
  offsets.set(quarter, offset)
  return offset
}

/**
 * The moment at which a clock of the zone shows a local time: of two, when clocks are put back, the second; of none, when
 * they are put forward, as if they had not been (PostgreSQL's DetermineTimeZoneOffset).
 */
export function localToUtc(zone: string, local: number): number {
  const before = local - zoneOffset(zone, local - 86_400)
  const after = local - zoneOffset(zone, local + 86_400)
  return before !== after && after + zoneOffset(zone, after) === local ? after : before
}

/** The zone of a timestamp type whose clocks do not show UTC; null for other types. */
export function clockZone(type: DataType): string | null {
  const zone = typeName(type) === 'Timestamp' ? timezoneOf(type) : null
  return zone === null || /^(?:utc|\+00:?(?:00)?)$/i.test(zone) ? null : zone
}
