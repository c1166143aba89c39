import type { FieldEntry } from '@volley/tantivy'
import { ipFromText } from '../mapping/value-text.ts'
import type { ColumnInterval, TextBound } from './column-query.ts'
import type { Bound, BoundLiteral } from './query-ast.ts'
import { parseInstant } from './datetime-literal.ts'
import { number, orderedBits, textTerm, truncated } from './terms.ts'

const I64_MIN = -(1n << 63n)
const I64_MAX = (1n << 63n) - 1n
const U64_MAX = (1n << 64n) - 1n
const U128_MAX = (1n << 128n) - 1n

interface Side<T> {
  readonly value: T
  readonly inclusive: boolean
}

/**
 * The interval of column values between two bounds; null when a bound is no value of the type. An interval that holds
 * nothing has its minimum above its maximum. With `strict`, bounds are what Quickwit takes them for: only integers of the
 * type bound integers, and instants are cut to the precision of the column, whatever the bound.
 */
export function rangeInterval(
  { type, options }: FieldEntry,
  lower: Bound,
  upper: Bound,
  normalize: (text: string) => string,
  strict: boolean = false,
): ColumnInterval | null {
  switch (type) {
    case 'i64':
    case 'tie_breaker':
      if (strict && !(isInteger(lower, I64_MIN, I64_MAX) && isInteger(upper, I64_MIN, I64_MAX))) return null
      return integers('i64', lower, upper, I64_MIN, I64_MAX)
    case 'u64':
      if (strict && !(isInteger(lower, 0n, U64_MAX) && isInteger(upper, 0n, U64_MAX))) return null
      return integers('u64', lower, upper, 0n, U64_MAX)
    case 'f64':
      return doubles(lower, upper)
    case 'date':
      return instants(lower, upper, (text) => {
        const instant = parseInstant(text)
        return instant === null || !strict ? instant : truncated(instant, options.precision)
      })
    case 'ip_addr':
      return discrete('ip', sides(lower, upper, ipFromText), 0n, U128_MAX, (value) => value)
    case 'text':
      return texts(lower, upper, normalize)
    default:
      return null
  }
}

/**
 * The intervals of a JSON path's columns: numbers when both bounds are numbers, instants when both can be read as such, texts when
 * both are written as text. An open side fits everything.
 */
export function jsonRangeIntervals(
  lower: Bound,
  upper: Bound,
  normalize: (text: string) => string = (text) => text,
): ColumnInterval[] {
  const intervals: (ColumnInterval | null)[] = [
    integers('i64', lower, upper, I64_MIN, I64_MAX),
    integers('u64', lower, upper, 0n, U64_MAX),
    doubles(lower, upper),
    instants(lower, upper, parseInstant),
    isText(lower) && isText(upper) ? texts(lower, upper, normalize) : null,
  ]
  return intervals.filter((interval) => interval !== null)
}

function literalOf(bound: Bound): BoundLiteral | null {
  if (bound === 'Unbounded') return null
  return 'Included' in bound ? bound.Included : bound.Excluded
}

function isText(bound: Bound): boolean {
  const literal = literalOf(bound)
  return literal === null || typeof literal === 'string'
}

/** Whether a bound is open or an integer of a type. */
function isInteger(bound: Bound, min: bigint, max: bigint): boolean {
  const literal = literalOf(bound)
  if (literal === null) return true
  if (typeof literal === 'boolean' || !/^[+-]?\d+$/.test(String(literal))) return false
  const value = BigInt(String(literal).replace('+', ''))
  return value >= min && value <= max
}

/** Both sides parsed, null for an open one; null when a bound is no value. */
function sides<T>(
  lower: Bound,
  upper: Bound,
  parse: (text: string) => T | null,
): [Side<T> | null, Side<T> | null] | null {
  const parsed: (Side<T> | null)[] = []
  for (const bound of [lower, upper]) {
    const literal = literalOf(bound)
    if (literal === null) {
      parsed.push(null)
      continue
    }
    const value = parse(String(literal))
    if (value === null) return null
    parsed.push({ value, inclusive: typeof bound === 'object' && 'Included' in bound })
  }
  return parsed as [Side<T> | null, Side<T> | null]
}

function discrete(
  type: 'i64' | 'u64' | 'date' | 'ip',
  found: [Side<bigint> | null, Side<bigint> | null] | null,
  min: bigint,
  max: bigint,
  bits: (value: bigint) => bigint,
): ColumnInterval | null {
  if (found === null) return null
  const [lower, upper] = found
  let from = lower === null ? min : lower.inclusive ? lower.value : lower.value + 1n
  let to = upper === null ? max : upper.inclusive ? upper.value : upper.value - 1n
  if (from < min) from = min
  if (to > max) to = max
  return from > to ? { type, min: 1n, max: 0n } : { type, min: bits(from), max: bits(to) }
}

function integers(type: 'i64' | 'u64', lower: Bound, upper: Bound, min: bigint, max: bigint): ColumnInterval | null {
  const from = sides(lower, 'Unbounded', (text) => wholeBound(text, 'up'))
  const to = sides('Unbounded', upper, (text) => wholeBound(text, 'down'))
  if (from === null || to === null) return null
  const side = (found: Side<WholeBound> | null): Side<bigint> | null =>
    found && { value: found.value.value, inclusive: found.inclusive || found.value.rounded }
  return discrete(type, [side(from[0]), side(to[1])], min, max, (value) => orderedBits({ type, value }))
}

interface WholeBound {
  readonly value: bigint
  /** The bound lay between two integers. */
  readonly rounded: boolean
}

function wholeBound(text: string, direction: 'up' | 'down'): WholeBound | null {
  if (/^[+-]?\d+$/.test(text)) return { value: BigInt(text.replace('+', '')), rounded: false }
  const value = number(text)
  if (value === null) return null
  const whole = direction === 'up' ? Math.ceil(value) : Math.floor(value)
  return { value: BigInt(whole), rounded: whole !== value }
}

function doubles(lower: Bound, upper: Bound): ColumnInterval | null {
  const found = sides(lower, upper, number)
  if (found === null) return null
  const bits = (value: number): bigint => orderedBits({ type: 'f64', value })
  // Zero has two forms that are equal as numbers.
  const [from, to] = found
  const min =
    from === null
      ? bits(-Infinity)
      : from.inclusive
        ? bits(from.value === 0 ? -0 : from.value)
        : bits(from.value === 0 ? 0 : from.value) + 1n
  const max =
    to === null
      ? bits(Infinity)
      : to.inclusive
        ? bits(to.value === 0 ? 0 : to.value)
        : bits(to.value === 0 ? -0 : to.value) - 1n
  return { type: 'f64', min, max }
}

function instants(lower: Bound, upper: Bound, parse: (text: string) => bigint | null): ColumnInterval | null {
  return discrete('date', sides(lower, upper, parse), I64_MIN, I64_MAX, (value) => orderedBits({ type: 'date', value }))
}

function texts(lower: Bound, upper: Bound, normalize: (text: string) => string): ColumnInterval | null {
  const found = sides(lower, upper, (text) => textTerm(normalize(text)))
  if (found === null) return null
  const side = (bound: Side<Uint8Array> | null): TextBound => bound && { term: bound.value, inclusive: bound.inclusive }
  return { type: 'str', lower: side(found[0]), upper: side(found[1]) }
}
