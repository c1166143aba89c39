import { SqlState, VolleyError } from '../errors.ts'

/** A float as PostgreSQL prints it: the fewest digits that read back, an exponent from 15 digits (6 for 32 bits) on. */
export function formatFloat(value: number, single: boolean): string {
  if (value !== value) return 'NaN'
  if (value === Infinity) return 'Infinity'
  if (value === -Infinity) return '-Infinity'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa, exponentText] = (single ? shortestSingle(value) : value.toExponential()).split('e') as [
    string,
    string,
  ]
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= (single ? 6 : 15)) {
    const digits = String(Math.abs(exponent)).padStart(2, '0')
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`
  }
  return plainDigits(mantissa, exponent)
}

function shortestSingle(value: number): string {
  for (let digits = 0; digits < 9; digits++) {
    const text = value.toExponential(digits)
    if (Math.fround(Number(text)) === value) return text
  }
  return value.toExponential()
}

function plainDigits(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith('-') ? '-' : ''
  const digits = mantissa.replace('-', '').replace('.', '')
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  if (digits.length <= exponent + 1) return sign + digits.padEnd(exponent + 1, '0')
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`
}

const FLOAT_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/**
 * Reads a float.
 *
 * @throws VolleyError 22P02 for text of another form, 22003 for a number that is infinite or zero only by its size.
 */
export function parseFloatText(source: string, single: boolean): number {
  const text = source.trim()
  const lower = text.toLowerCase()
  if (lower === 'nan') return Number.NaN
  if (/^[+-]?inf(inity)?$/.test(lower)) return lower.startsWith('-') ? -Infinity : Infinity
  const name = single ? 'real' : 'double precision'
  if (!FLOAT_TEXT.test(text)) {
    throw new VolleyError(`invalid input syntax for type ${name}: "${source}"`, {
      code: SqlState.invalidTextRepresentation,
    })
  }
  const value = single ? Math.fround(Number(text)) : Number(text)
  if (!Number.isFinite(value) || (value === 0 && /[1-9]/.test(text.split(/[eE]/)[0]!))) {
    throw new VolleyError(`"${source}" is out of range for type ${name}`, { code: SqlState.numericValueOutOfRange })
  }
  return value
}

const INTEGER_TEXT = /^[+-]?\d+$/

/**
 * Reads an integer between the bounds.
 *
 * @throws VolleyError 22P02 for text of another form, 22003 beyond the bounds.
 */
export function parseIntegerText(source: string, min: bigint, max: bigint, name: string): bigint {
  const text = source.trim()
  if (!INTEGER_TEXT.test(text)) {
    throw new VolleyError(`invalid input syntax for type ${name}: "${source}"`, {
      code: SqlState.invalidTextRepresentation,
    })
  }
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text)
  if (value < min || value > max) {
    throw new VolleyError(`value "${source}" is out of range for type ${name}`, {
      code: SqlState.numericValueOutOfRange,
    })
  }
  return value
}

/** Reads a boolean: an unambiguous start of true, yes, on, 1, false, no, off, 0. */
export function parseBoolText(source: string): boolean {
  const text = source.trim().toLowerCase()
  if (text !== '' && ('true'.startsWith(text) || 'yes'.startsWith(text) || text === 'on' || text === '1')) return true
  if (text !== '' && ('false'.startsWith(text) || 'no'.startsWith(text) || text === '0')) return false
  if (text === 'of' || text === 'off') return false
  throw new VolleyError(`invalid input syntax for type boolean: "${source}"`, {
    code: SqlState.invalidTextRepresentation,
  })
}

/** Nearest integer, halves to the even one, as C's rint. */
export function roundHalfEven(value: number): number {
  const down = Math.floor(value)
  const rest = value - down
  if (rest < 0.5) return down
  if (rest > 0.5) return down + 1
  return down % 2 === 0 ? down : down + 1
}
