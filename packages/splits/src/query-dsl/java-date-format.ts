import { formatDatetime } from '../mapping/datetime-formats.ts'
import { DslError } from './dsl-error.ts'

const ALIASES: Readonly<Record<string, string>> = {
  date_optional_time: "yyyy-MM-dd['T'HH:mm:ss.SSSZ]",
  strict_date_optional_time: "yyyy[-MM[-dd['T'HH[:mm[:ss[.SSS[Z]]]]]]]",
  strict_date_optional_time_nanos: "yyyy[-MM[-dd['T'HH:mm:ss.SSSSSSZ]]]",
  basic_date: 'yyyyMMdd',
  strict_basic_week_date: "xxxx'W'wwe",
  basic_week_date: "xxxx'W'wwe",
  strict_basic_week_date_time: "xxxx'W'wwe'T'HHmmss.SSSZ",
  basic_week_date_time: "xxxx'W'wwe'T'HHmmss.SSSZ",
  strict_basic_week_date_time_no_millis: "xxxx'W'wwe'T'HHmmssZ",
  basic_week_date_time_no_millis: "xxxx'W'wwe'T'HHmmssZ",
  strict_week_date: "xxxx-'W'ww-e",
  week_date: "xxxx-'W'w[w]-e",
}
const TOKENS = /yyyy|xxxx|S{7}(?:SS)?|S{1,6}|ZZ|ww|w\[w\]|MM|dd|HH|hh|kk|mm|ss|aa|[awMdHhkmsZe]/y
const GROUPS: Readonly<Record<string, string>> = {
  yyyy: '(?<year>[+-]?\\d{4,6})',
  xxxx: '(?<year>[+-]?\\d{4,6})',
  MM: '(?<month>\\d{2})',
  M: '(?<month>\\d{1,2})',
  dd: '(?<day>\\d{2})',
  d: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{2})',
  H: '(?<hour>\\d{1,2})',
  mm: '(?<minute>\\d{2})',
  m: '(?<minute>\\d{1,2})',
  ss: '(?<second>\\d{2})',
  s: '(?<second>\\d{1,2})',
  ww: '(?<week>\\d{2})',
  'w[w]': '(?<week>\\d{1,2})',
  w: '(?<week>\\d{1,2})',
  e: '(?<weekday>\\d)',
  Z: '(?<zone>Z|[+-]?\\d{2}:?\\d{2})',
}

/**
 * Reads instants in a pattern of Java's (`yyyy/MM/dd HH:mm`, `[...]` is optional, `'...'` literal), or in one that
 * Elasticsearch has a name for. A text without a zone is UTC. The parser gives RFC 3339.
 *
 * @throws DslError for a pattern with parts that are not known, and the parser for a text that does not fit it.
 */
export function javaDateParser(pattern: string): (text: string) => string {
  const source = compile(ALIASES[pattern] ?? pattern)
  const regex = new RegExp(`^${source}$`, 'u')
  return (text) => {
    const groups = regex.exec(text)?.groups
    const instant = groups === undefined ? null : instantOf(groups)
    if (instant === null) throw new DslError(`Failed to parse date time: ${text} does not fit ${pattern}`)
    return String(formatDatetime(instant, 'rfc3339'))
  }
}

function compile(pattern: string): string {
  let source = ''
  for (let at = 0; at < pattern.length;) {
    const char = pattern[at]!
    if (char === '[') source += '(?:'
    else if (char === ']') source += ')?'
    else if (char === "'") {
      const end = pattern.indexOf("'", at + 1)
      const stop = end < 0 ? pattern.length : end
      source += literal(pattern.slice(at + 1, stop))
      at = stop
    } else {
      TOKENS.lastIndex = at
      const token = TOKENS.exec(pattern)?.[0]
      if (token === undefined) source += literal(char)
      else {
        const group = token.startsWith('S') ? '(?<fraction>\\d+)' : GROUPS[token]
        if (group === undefined) {
          throw new DslError(`failed to parse range query date format. unrecognized token '${token}'`)
        }
        source += group
        at += token.length - 1
      }
    }
    at++
  }
  return source
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

function instantOf(groups: Readonly<Record<string, string | undefined>>): bigint | null {
  const part = (name: string, fallback: number): number => Number(groups[name] ?? fallback)
  const [month, day] = [part('month', 1), part('day', 1)]
  const [hour, minute, second] = [part('hour', 0), part('minute', 0), part('second', 0)]
  if (hour > 23 || minute > 59 || second > 59) return null
  const date = new Date(0)
  if (groups['week'] === undefined) {
    date.setUTCFullYear(part('year', 1970), month - 1, day)
    if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null
  } else {
    const [week, weekday] = [part('week', 0), part('weekday', 0)]
    if (week > 53 || weekday > 6) return null
    date.setUTCFullYear(part('year', 1970), 0, 1)
    // Week 1 begins with the year's first Monday, which is weekday 0.
    const firstMonday = (8 - date.getUTCDay()) % 7
    date.setUTCDate(1 + firstMonday + (week - 1) * 7 + weekday)
  }
  date.setUTCHours(hour, minute, second)
  const zone = /^([+-]?)(\d{2}):?(\d{2})$/.exec(groups['zone'] ?? '')
  const minutes = zone === null ? 0 : (Number(zone[2]) * 60 + Number(zone[3])) * (zone[1] === '-' ? -1 : 1)
  const millis = BigInt(date.getTime() - minutes * 60_000)
  return millis * 1_000_000n + BigInt((groups['fraction'] ?? '').slice(0, 9).padEnd(9, '0'))
}
