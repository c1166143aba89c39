import type { DataType } from 'apache-arrow'
import { layoutOf, withLayout, typeName, typesEqual, type TypeName } from './data-types.ts'
import {
  decimalType,
  elementType,
  FLOAT32,
  FLOAT64,
  INT16,
  INT32,
  INT64,
  INTERVAL,
  listType,
  NULL,
  precisionOf,
  scaleOf,
  structType,
  type TimeUnit,
  timestampType,
  timezoneOf,
  unitOf,
  UTF8,
} from './type-factory.ts'

const SIGNED_BITS: Partial<Record<TypeName, number>> = { Int8: 8, Int16: 16, Int32: 32, Int64: 64 }
const UNSIGNED_BITS: Partial<Record<TypeName, number>> = { Uint8: 8, Uint16: 16, Uint32: 32, Uint64: 64 }
/** Decimal digits that hold every value of an integer type. */
const INTEGER_DIGITS: Partial<Record<TypeName, number>> = {
  Int8: 3,
  Int16: 5,
  Int32: 10,
  Int64: 19,
  Uint8: 3,
  Uint16: 5,
  Uint32: 10,
  Uint64: 20,
}
const MAX_PRECISION = 38

export function isInteger(type: DataType): boolean {
  return INTEGER_DIGITS[typeName(type)] !== undefined
}

export function isFloat(type: DataType): boolean {
  const name = typeName(type)
  return name === 'Float32' || name === 'Float64'
}

export function isNumeric(type: DataType): boolean {
  return isInteger(type) || isFloat(type) || typeName(type) === 'Decimal'
}

/** Whether values are text: Utf8 or Json. */
export function isText(type: DataType): boolean {
  const name = typeName(type)
  return name === 'Utf8' || name === 'Json'
}

function signedOfBits(bits: number): DataType {
  return bits <= 16 ? INT16 : bits <= 32 ? INT32 : INT64
}

/** The decimal type that holds every value of an integer or decimal type. */
export function asDecimalType(type: DataType): DataType {
  const digits = INTEGER_DIGITS[typeName(type)]
  return digits === undefined ? type : decimalType(digits, 0)
}

function commonDecimal(a: DataType, b: DataType): DataType {
  const left = asDecimalType(a)
  const right = asDecimalType(b)
  const scale = Math.max(scaleOf(left), scaleOf(right))
  const whole = Math.max(precisionOf(left) - scaleOf(left), precisionOf(right) - scaleOf(right))
  return decimalType(Math.min(MAX_PRECISION, whole + scale), scale)
}

function commonInteger(a: DataType, b: DataType): DataType {
  const an = typeName(a)
  const bn = typeName(b)
  const as = SIGNED_BITS[an]
  const bs = SIGNED_BITS[bn]
  const au = UNSIGNED_BITS[an]
  const bu = UNSIGNED_BITS[bn]
  if (as !== undefined && bs !== undefined) return as >= bs ? a : b
  if (au !== undefined && bu !== undefined) return au >= bu ? a : b
  const signed = (as ?? bs)!
  const unsigned = (au ?? bu)!
  // The next wider signed type holds both; above 64 bits only a decimal does.
  if (unsigned === 64) return decimalType(20, 0)
  return signedOfBits(Math.max(signed, unsigned * 2))
}

/**
 * The type that both sides of an operator, the branches of a CASE or the columns of a UNION are cast to; null when there
 * is none. Every integer converts exactly: Int64 with Uint64 is a Decimal. Integers or decimals with floats are Float64.
 * Timestamps take the finer unit. Null adapts. Text does not adapt to other types, except to Json.
 */
export function commonType(a: DataType, b: DataType): DataType | null {
  if (typesEqual(a, b)) return widerLayout(a, b)
  const an = typeName(a)
  const bn = typeName(b)
  if (an === 'Null') return b
  if (bn === 'Null') return a
  if (isNumeric(a) && isNumeric(b)) {
    if (isFloat(a) || isFloat(b)) {
      const small = (type: DataType): boolean =>
        typeName(type) === 'Float32' || (INTEGER_DIGITS[typeName(type)] ?? 99) <= 5
      return small(a) && small(b) ? FLOAT32 : FLOAT64
    }
    if (an === 'Decimal' || bn === 'Decimal') return commonDecimal(a, b)
    return commonInteger(a, b)
  }
  if (an === 'Timestamp' && bn === 'Timestamp') {
    return timestampType(Math.max(unitOf(a), unitOf(b)), timezoneOf(a) ?? timezoneOf(b))
  }
  if (an === 'Timestamp' && bn === 'Date') return a
  if (an === 'Date' && bn === 'Timestamp') return b
  if (an === 'Time' && bn === 'Time') return unitOf(a) >= unitOf(b) ? a : b
  if (an === 'List' && bn === 'List') {
    const element = commonType(elementType(a), elementType(b))
    return element === null ? null : listType(element)
  }
  if (an === 'Struct' && bn === 'Struct') return commonStruct(a, b)
  if ((an === 'Utf8' && bn === 'Json') || (an === 'Json' && bn === 'Utf8')) return UTF8
  return null
}

/** Of two layouts of one type, Arrow's view before its large one, and both before the plain one. */
function widerLayout(a: DataType, b: DataType): DataType {
  const rank = (type: DataType): number => {
    const layout = layoutOf(type)
    return layout === null ? 0 : layout.endsWith('View') ? 2 : layout.startsWith('Large') ? 1 : 3
  }
  return rank(b) > rank(a) ? b : a
}

/** Structs of as many fields meet by position; where both have the same names, by name. */
function commonStruct(a: DataType, b: DataType): DataType | null {
  const [left, right] = [a.children!, b.children!]
  if (left.length !== right.length) return null
  const byName = left.every((field) => right.some((other) => other.name === field.name))
  const types = left.map((field, i) =>
    commonType(field.type, (byName ? right.find((other) => other.name === field.name)! : right[i]!).type),
  )
  if (types.includes(null)) return null
  return structType(left.map((field, i) => [field.name, types[i]!] as const))
}

/** An interval that is a difference of two moments of a unit: Arrow calls it a duration. */
function durationType(unit: TimeUnit): DataType {
  return withLayout(INTERVAL, `Duration(${['s', 'ms', 'µs', 'ns'][unit]})`)
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%'

/** What an arithmetic operator's sides are cast to, and what it returns. */
export interface ArithmeticSignature {
  readonly left: DataType
  readonly right: DataType
  readonly type: DataType
}

function decimalResult(op: ArithmeticOperator, left: DataType, right: DataType): DataType {
  const [p1, s1, p2, s2] = [precisionOf(left), scaleOf(left), precisionOf(right), scaleOf(right)]
  const scale = Math.max(s1, s2)
  switch (op) {
    case '+':
    case '-':
      return decimalType(Math.min(MAX_PRECISION, Math.max(p1 - s1, p2 - s2) + scale + 1), scale)
    case '*':
      return decimalType(Math.min(MAX_PRECISION, p1 + p2), Math.min(MAX_PRECISION, s1 + s2))
    case '/': {
      const whole = p1 - s1 + s2
      const wanted = Math.max(16, scale)
      // 38 digits are the type of a sum, not what it takes: the quotient's fraction must not suffer from it.
      const result = Math.max(
        Math.min(wanted, MAX_PRECISION - whole),
        p1 === MAX_PRECISION ? wanted : Math.min(wanted, Math.max(6, s1)),
      )
      return decimalType(Math.min(MAX_PRECISION, whole + result), result)
    }
    case '%':
      return decimalType(Math.min(MAX_PRECISION, Math.min(p1 - s1, p2 - s2) + scale), scale)
  }
}

/**
 * The signature of `left op right`; null when the operator does not take these types. Integers stay integers (also `/`,
 * which truncates), decimals grow as in Arrow up to 38 digits, Timestamp and Date take Interval, two timestamps or dates
 * subtract, Interval takes numbers as factors.
 */
export function arithmeticSignature(
  op: ArithmeticOperator,
  left: DataType,
  right: DataType,
): ArithmeticSignature | null {
  const ln = typeName(left)
  const rn = typeName(right)
  if (ln === 'Null' && rn === 'Null') return { left: INT32, right: INT32, type: INT32 }
  if (ln === 'Null' || rn === 'Null') {
    const known = ln === 'Null' ? right : left
    if (isNumeric(known)) return arithmeticSignature(op, known, known)
    const other = typeName(known) === 'Interval' && (op === '*' || op === '/') ? FLOAT64 : INTERVAL
    return ln === 'Null' ? arithmeticSignature(op, other, known) : arithmeticSignature(op, known, other)
  }
  if (isNumeric(left) && isNumeric(right)) {
    if (ln === 'Decimal' || rn === 'Decimal') {
      if (isFloat(left) || isFloat(right)) return { left: FLOAT64, right: FLOAT64, type: FLOAT64 }
      const l = asDecimalType(left)
      const r = asDecimalType(right)
      return { left: l, right: r, type: decimalResult(op, l, r) }
    }
    const common = commonType(left, right)!
    if (op === '%' && isFloat(common)) return { left: FLOAT64, right: FLOAT64, type: FLOAT64 }
    if (typeName(common) === 'Decimal') return arithmeticSignature(op, asDecimalType(left), asDecimalType(right))
    return { left: common, right: common, type: common }
  }
  if (op === '+' || op === '-') {
    if (ln === 'Interval' && rn === 'Interval') return { left, right, type: INTERVAL }
    if (ln === 'Timestamp' && rn === 'Interval') return { left, right, type: left }
    if (ln === 'Interval' && rn === 'Timestamp' && op === '+') return { left, right, type: right }
    if (ln === 'Date' && rn === 'Interval') return { left, right, type: timestampType(2) }
    if (ln === 'Interval' && rn === 'Date' && op === '+') return { left, right, type: timestampType(2) }
    if (ln === 'Date' && isInteger(right)) return { left, right: INT32, type: left }
    if (isInteger(left) && rn === 'Date' && op === '+') return { left: INT32, right, type: right }
    if (ln === 'Date' && rn === 'Date' && op === '-') return { left, right, type: INT32 }
    if ((ln === 'Timestamp' || ln === 'Date') && (rn === 'Timestamp' || rn === 'Date') && op === '-') {
      const common = commonType(left, right)!
      return { left: common, right: common, type: durationType(unitOf(common)) }
    }
    if (ln === 'Time' && rn === 'Interval') return { left, right, type: left }
    if (ln === 'Interval' && rn === 'Time' && op === '+') return { left, right, type: right }
    if (ln === 'Time' && rn === 'Time' && op === '-')
      return { left: commonType(left, right)!, right: commonType(left, right)!, type: INTERVAL }
  }
  if (op === '*' || op === '/') {
    if (ln === 'Interval' && isNumeric(right)) return { left, right: FLOAT64, type: INTERVAL }
    if (op === '*' && isNumeric(left) && rn === 'Interval') return { left: FLOAT64, right, type: INTERVAL }
  }
  return null
}

/** Whether a CAST exists; a value may still fail. */
export function canCast(from: DataType, to: DataType): boolean {
  if (typesEqual(from, to)) return true
  const f = typeName(from)
  const t = typeName(to)
  if (f === 'Null') return true
  if (t === 'Null') return false
  if (f === 'List' || t === 'List') {
    if (f === 'List' && t === 'List') return canCast(elementType(from), elementType(to))
    return t === 'Utf8' || f === 'Utf8' ? canCast(UTF8, elementType(f === 'List' ? from : to)) : false
  }
  if (f === 'Struct' && t === 'Struct') {
    const [source, target] = [from.children!, to.children!]
    return source.length === target.length && source.every((field, i) => canCast(field.type, target[i]!.type))
  }
  if (t === 'Utf8') return true
  if (f === 'Utf8') return t !== 'Struct'
  if (isNumeric(from) && isNumeric(to)) return true
  if (f === 'Bool') return isInteger(to)
  if (t === 'Bool') return isInteger(from)
  if (f === 'Json') return isNumeric(to)
  if (t === 'Json') return isNumeric(from)
  if (f === 'Timestamp') return t === 'Timestamp' || t === 'Date' || t === 'Time' || isInteger(to)
  if (f === 'Date') return t === 'Timestamp' || isInteger(to)
  if (f === 'Time') return t === 'Time' || t === 'Interval' || isInteger(to)
  if (f === 'Interval') return t === 'Time'
  if (t === 'Timestamp') return isNumeric(from)
  if (t === 'Interval') return isInteger(from) && layoutOf(to) !== null
  return isInteger(from) && (t === 'Date' || t === 'Time')
}

/** The type of a column that has no other: text, as PostgreSQL gives to `SELECT NULL`. */
export function resolveNull(type: DataType): DataType {
  return typesEqual(type, NULL) ? UTF8 : type
}
