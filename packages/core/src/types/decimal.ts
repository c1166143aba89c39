import { precisionOf, scaleOf } from './type-factory.ts'
import type { DataType } from 'apache-arrow'

const POWERS: bigint[] = []
for (let i = 0, power = 1n; i <= 77; i++, power *= 10n) POWERS.push(power)

/** 10 to the power of `exponent`, at most 77. */
export function pow10(exponent: number): bigint {
  return POWERS[exponent]!
}

/** Quotient rounded half away from zero. */
export function divideRound(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  const rest = dividend % divisor
  const twice = (rest < 0n ? -rest : rest) * 2n
  if (twice < (divisor < 0n ? -divisor : divisor)) return quotient
  return dividend < 0n === divisor < 0n ? quotient + 1n : quotient - 1n
}

/** An unscaled number moved to another scale, rounded half away from zero. */
export function rescale(unscaled: bigint, from: number, to: number): bigint {
  if (from === to) return unscaled
  return to > from ? unscaled * pow10(to - from) : divideRound(unscaled, pow10(from - to))
}

/** Whether an unscaled number has no more digits than the type. */
export function fitsDecimal(unscaled: bigint, type: DataType): boolean {
  const limit = pow10(precisionOf(type))
  return unscaled < limit && unscaled > -limit
}

/** An unscaled number as text: `-12.340` for -12340 at scale 3. */
export function formatDecimal(unscaled: bigint, scale: number): string {
  const negative = unscaled < 0n
  const digits = (negative ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  return `${negative ? '-' : ''}${whole}${scale > 0 ? `.${digits.slice(digits.length - scale)}` : ''}`
}

const DECIMAL_TEXT = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,5}))?\s*$/

/**
 * Reads a decimal number exactly: its digits without the point, and how many of them are behind it (negative for zeros to
 * be added). Null when the text is no number.
 */
function parseDecimal(text: string): { unscaled: bigint; scale: number } | null {
  const match = DECIMAL_TEXT.exec(text)
  if (match === null) return null
  const whole = match[2]!
  const fraction = match[3] ?? ''
  if (whole === '' && fraction === '') return null
  const unscaled = BigInt(`${whole}${fraction}`)
  return { unscaled: match[1] === '-' ? -unscaled : unscaled, scale: fraction.length - Number(match[4] ?? 0) }
}

/** A decimal text as an unscaled number of the type, rounded half away from zero; null when it is no number, 'range' when it does not fit. */
export function decimalFromText(text: string, type: DataType): bigint | null | 'range' {
  const parsed = parseDecimal(text)
  if (parsed === null) return null
  const shift = scaleOf(type) - parsed.scale
  if (parsed.unscaled === 0n) return 0n
  if (shift > 77) return 'range'
  if (shift < -77) return decimalFromLongText(parsed.unscaled, -shift, type)
  const unscaled = rescale(parsed.unscaled, Math.max(0, -shift), Math.max(0, shift))
  return fitsDecimal(unscaled, type) ? unscaled : 'range'
}

function decimalFromLongText(unscaled: bigint, drop: number, type: DataType): bigint | 'range' {
  const digits = unscaled.toString().replace('-', '').length
  if (drop > digits + 1) return 0n
  const value = divideRound(unscaled, 10n ** BigInt(drop))
  return fitsDecimal(value, type) ? value : 'range'
}

/** The number that an unscaled one stands for, correctly rounded. */
export function decimalToNumber(unscaled: bigint, scale: number): number {
  return Number(formatDecimal(unscaled, scale))
}
