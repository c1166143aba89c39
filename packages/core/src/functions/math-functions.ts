import type { DataType } from 'apache-arrow'
import { VolleyError } from '../errors.ts'
import { evaluateArithmetic } from '../expressions/arithmetic.ts'
import { divisionByZero, outOfRange } from '../types/type-errors.ts'
import { arithmeticSignature, isNumeric } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import { divideRound, fitsDecimal, pow10 } from '../types/decimal.ts'
import { roundHalfEven } from '../types/number-text.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { BOOL, decimalType, FLOAT64, INT64, precisionOf, scaleOf } from '../types/type-factory.ts'
import { commonValidity } from '../vectors/bitmap.ts'
import { allocValues, constantVector } from '../vectors/build.ts'
import { Operand } from '../vectors/operand.ts'
import { allRows } from '../vectors/selection.ts'
import { ConstantVector, PrimitiveVector, type Vector } from '../vectors/vector.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import { presentRowsOf } from './present-rows.ts'
import type { ScalarCall, ScalarFunction } from './scalar-function.ts'

/** Applies a function of doubles to the selected rows. */
function mapFloats(call: ScalarCall, fn: (x: number, y: number) => number): Vector {
  const { args, type, length, region } = call
  const validity = commonValidity(args, length, region)
  const all = call.selection ?? allRows(length)
  if (validity === 'none' || all.length === 0) return constantVector(type, null, length, region)
  const operands = args.map((arg) => new Operand(arg))
  const constant = operands.every((operand) => operand.isConstant)
  const rows = constant ? allRows(1) : presentRowsOf(operands, all, region)
  const a = operands[0]!
  const b = operands[1] ?? a
  const x = (a.data as PrimitiveVector).values as Float64Array
  const y = (b.data as PrimitiveVector).values as Float64Array
  const slots = constant ? 1 : length
  const out = allocValues(type, slots, region) as Float64Array
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    out[row] = fn(x[row & a.mask]!, y[row & b.mask]!)
  }
  const result = new PrimitiveVector(type, slots, constant ? null : validity, out)
  return constant ? new ConstantVector(result, length) : result
}

function floatFunction(
  name: string,
  description: string,
  examples: readonly (readonly [string, string])[],
  fn: (x: number, y: number) => number,
  options: { readonly aliases?: readonly string[]; readonly args?: number } = {},
): ScalarFunction {
  const args = Array.from({ length: options.args ?? 1 }, () => FLOAT64)
  return defineFunction({
    name,
    aliases: options.aliases ?? [],
    category: 'math',
    description,
    examples,
    overloads: [{ args, returns: FLOAT64 }],
    evaluate: (call) => mapFloats(call, fn),
  })
}

/** A function whose result, or whose rounding, depends on the kind of number. */
function numberFunction(
  name: string,
  aliases: readonly string[],
  description: string,
  examples: readonly (readonly [string, string])[],
  resultType: (type: DataType) => DataType,
  float: (x: number) => number,
  decimal: (unscaled: bigint, scale: number) => bigint,
  integer: (value: bigint) => bigint,
): ScalarFunction {
  return defineFunction({
    name,
    aliases,
    category: 'math',
    description,
    examples,
    resolve: (argTypes, literals) => {
      if (argTypes.length !== 1) return null
      const type = numberType(argTypes[0]!, literals[0])
      return type === null ? null : { argTypes: [type], returnType: resultType(type), nullable: 'propagate' }
    },
    evaluate: (call) => {
      const { type } = call.args[0]!
      switch (typeName(type)) {
        case 'Float32':
        case 'Float64':
          return mapFloats(call, float)
        case 'Decimal':
          return evaluateRows(call, (args) => decimal(args[0] as bigint, scaleOf(type)))
        default:
          return evaluateRows(call, (args) => {
            const value = integer(BigInt(args[0] as number | bigint))
            if (typeof args[0] === 'bigint') {
              if (BigInt.asIntN(64, value) !== value && typeName(type) === 'Int64') throw outOfRange(type)
              return value
            }
            if (value > 2147483647n && typeName(type) === 'Int32') throw outOfRange(type)
            return Number(value)
          })
      }
    },
  })
}

/** The type of a numeric argument; doubles for text literals. */
function numberType(type: DataType, literal: ScalarValue | undefined): DataType | null {
  if (isNumeric(type)) return type
  return typeName(type) === 'Null' || (typeName(type) === 'Utf8' && literal !== undefined) ? FLOAT64 : null
}

function same(type: DataType): DataType {
  return type
}

/** Whole numbers of a decimal, which may take one digit more. */
function wholeDecimal(type: DataType): DataType {
  return typeName(type) === 'Decimal'
    ? decimalType(Math.min(38, Math.max(1, precisionOf(type) - scaleOf(type)) + 1), 0)
    : type
}

function floorDecimal(unscaled: bigint, scale: number): bigint {
  const factor = pow10(scale)
  return (unscaled - (((unscaled % factor) + factor) % factor)) / factor
}

function identity(value: bigint): bigint {
  return value
}

const ROUND_LIMIT = 38

/** `round` and `trunc` to a number of digits; a negative one rounds before the point. */
function digitsFunction(name: 'round' | 'trunc', examples: readonly (readonly [string, string])[]): ScalarFunction {
  const rounding = name === 'round'
  return defineFunction({
    name,
    category: 'math',
    description: rounding
      ? 'The nearest number of so many digits behind the point (none by default): of decimals half away from zero, of doubles half to even.'
      : 'The number without what is behind so many digits behind the point (none by default).',
    examples,
    resolve: (argTypes, literals) => {
      if (argTypes.length < 1 || argTypes.length > 2) return null
      const type = numberType(argTypes[0]!, literals[0])
      if (type === null) return null
      if (argTypes.length === 1) return { argTypes: [type], returnType: wholeDecimal(type), nullable: 'propagate' }
      return {
        argTypes: [type, INT64],
        returnType: roundedType(type, literals[1]),
        nullable: 'propagate',
      }
    },
    evaluate: (call) => {
      const { type } = call.args[0]!
      const name = typeName(type)
      if (name === 'Float64' || name === 'Float32') {
        if (call.args.length === 1) return mapFloats(call, rounding ? roundHalfEven : Math.trunc)
        return evaluateRows(call, (args) => roundFloat(args[0] as number, Number(args[1]), rounding))
      }
      const scale = scaleOf(type)
      const target = scaleOf(call.type)
      return evaluateRows(call, (args) => {
        const digits = args.length === 1 ? 0 : Math.max(-ROUND_LIMIT, Math.min(ROUND_LIMIT, Number(args[1])))
        if (name !== 'Decimal' && digits >= 0) return args[0]!
        const unscaled = roundUnscaled(BigInt(args[0] as number | bigint), scale, digits, rounding, target)
        if (name === 'Decimal') {
          if (!fitsDecimal(unscaled, call.type)) throw outOfRange(call.type)
          return unscaled
        }
        const wide = typeof args[0] === 'bigint'
        const bits = wide ? 64 : 32
        const fitting = name.startsWith('U') ? BigInt.asUintN(bits, unscaled) : BigInt.asIntN(bits, unscaled)
        if (fitting !== unscaled) throw outOfRange(type)
        return wide ? unscaled : Number(unscaled)
      })
    },
  })
}

function roundedType(type: DataType, digits: ScalarValue | undefined): DataType {
  if (typeName(type) !== 'Decimal') return type
  // Rounding up may need one digit more: 999.9 to 1000.0.
  if (digits === undefined || digits === null) return decimalType(Math.min(38, precisionOf(type) + 1), scaleOf(type))
  const scale = Math.max(0, Math.min(scaleOf(type), Number(digits)))
  const precision = precisionOf(type) + (scale === scaleOf(type) ? 1 : 0)
  return decimalType(Math.min(38, precision), scale)
}

function roundUnscaled(unscaled: bigint, scale: number, digits: number, rounding: boolean, target: number): bigint {
  if (digits >= scale) return unscaled * pow10(Math.max(0, target - scale))
  const factor = pow10(scale - digits)
  const kept = rounding ? divideRound(unscaled, factor) : unscaled / factor
  return kept * pow10(target - digits)
}

function roundFloat(value: number, digits: number, rounding: boolean): number {
  if (!Number.isFinite(value) || digits > 300) return value
  if (digits < -300) return 0
  // Through the shortest decimal text, so that 2.675 rounds as it reads.
  const shifted = Number(shiftText(value, digits))
  const whole = rounding ? Math.sign(shifted) * Math.round(Math.abs(shifted)) : Math.trunc(shifted)
  const result = Number(shiftText(whole, -digits))
  return Number.isFinite(result) ? result : value
}

function shiftText(value: number, digits: number): string {
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string]
  return `${mantissa}e${Number(exponent) + digits}`
}

function requirePositive(x: number): void {
  if (x === 0) throw new VolleyError('cannot take logarithm of zero', { code: '2201E' })
  if (x < 0) throw new VolleyError('cannot take logarithm of a negative number', { code: '2201E' })
}

function logarithm(x: number, of: (x: number) => number): number {
  requirePositive(x)
  return of(x)
}

function power(x: number, y: number): number {
  if (x === 0 && y < 0) throw new VolleyError('zero raised to a negative power is undefined', { code: '2201F' })
  if (x < 0 && Number.isFinite(x) && Number.isFinite(y) && !Number.isInteger(y)) {
    throw new VolleyError('a negative number raised to a non-integer power yields a complex result', { code: '2201F' })
  }
  if (x === 1 || y === 0) return 1
  const result = x ** y
  if (!Number.isFinite(result) && Number.isFinite(x) && Number.isFinite(y)) throw outOfRange(FLOAT64)
  return result
}

function squareRoot(x: number): number {
  if (x < 0) throw new VolleyError('cannot take square root of a negative number', { code: '2201F' })
  return Math.sqrt(x)
}

function exponential(x: number): number {
  const result = Math.exp(x)
  if ((!Number.isFinite(result) || result === 0) && Number.isFinite(x)) throw outOfRange(FLOAT64)
  return result
}

function limited(fn: (x: number) => number): (x: number) => number {
  return (x) => {
    if (x < -1 || x > 1) throw new VolleyError('input is out of range', { code: '22003' })
    return fn(x)
  }
}

function finite(fn: (x: number) => number): (x: number) => number {
  return (x) => {
    if (x === Infinity || x === -Infinity) throw new VolleyError('input is out of range', { code: '22003' })
    return fn(x)
  }
}

function gcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b]
  return a < 0n ? -a : a
}

/** Functions of numbers. Doubles that leave the range of a function raise an error, as in PostgreSQL. */
export const MATH_FUNCTIONS: readonly ScalarFunction[] = [
  numberFunction(
    'abs',
    [],
    'The absolute value.',
    [['abs(-17)', '17']],
    same,
    Math.abs,
    (value) => (value < 0n ? -value : value),
    (value) => (value < 0n ? -value : value),
  ),
  numberFunction(
    'sign',
    ['signum'],
    '-1, 0 or 1 by the sign.',
    [['sign(-8.4)', '-1']],
    wholeDecimal,
    Math.sign,
    (value) => (value < 0n ? -1n : value > 0n ? 1n : 0n),
    (value) => (value < 0n ? -1n : value > 0n ? 1n : 0n),
  ),
  numberFunction(
    'ceil',
    ['ceiling'],
    'The least whole number that is not less.',
    [['ceil(-42.8)', '-42']],
    wholeDecimal,
    Math.ceil,
    (value, scale) => -floorDecimal(-value, scale),
    identity,
  ),
  numberFunction(
    'floor',
    [],
    'The greatest whole number that is not greater.',
    [['floor(-42.8)', '-43']],
    wholeDecimal,
    Math.floor,
    floorDecimal,
    identity,
  ),
  digitsFunction('round', [
    ['round(42.4382, 2)', '42.44'],
    ['round(2.5)', '3'],
  ]),
  digitsFunction('trunc', [
    ['trunc(42.4382, 2)', '42.43'],
    ['trunc(-42.8)', '-42'],
  ]),
  floatFunction('sqrt', 'The square root.', [['sqrt(16)', '4']], squareRoot),
  floatFunction('cbrt', 'The cube root.', [['cbrt(27)', '3']], Math.cbrt),
  floatFunction('exp', 'e to the power of a number.', [['exp(0)', '1']], exponential),
  floatFunction('ln', 'The natural logarithm.', [['ln(1)', '0']], (x) => logarithm(x, Math.log)),
  floatFunction('log10', 'The logarithm to base 10.', [['log10(1000)', '3']], (x) => logarithm(x, Math.log10)),
  floatFunction('log2', 'The logarithm to base 2.', [['log2(8)', '3']], (x) => logarithm(x, Math.log2)),
  defineFunction({
    name: 'log',
    category: 'math',
    description: 'The logarithm to base 10, or to a given base.',
    examples: [
      ['log(100)', '2'],
      ['log(2, 64)', '6'],
    ],
    overloads: [
      { args: [FLOAT64], returns: FLOAT64 },
      { args: [FLOAT64, FLOAT64], returns: FLOAT64 },
    ],
    evaluate: (call) =>
      mapFloats(call, (x, y) => {
        if (call.args.length === 1) return logarithm(x, Math.log10)
        const base = logarithm(x, Math.log2)
        if (base === 0) throw divisionByZero()
        return logarithm(y, Math.log2) / base
      }),
  }),
  floatFunction('power', 'A number to the power of another.', [['power(9, 3)', '729']], power, {
    aliases: ['pow'],
    args: 2,
  }),
  floatFunction('sin', 'The sine of radians.', [['sin(0)', '0']], finite(Math.sin)),
  floatFunction('cos', 'The cosine of radians.', [['cos(0)', '1']], finite(Math.cos)),
  floatFunction('tan', 'The tangent of radians.', [['tan(0)', '0']], finite(Math.tan)),
  floatFunction(
    'cot',
    'The cotangent of radians.',
    [['round(cot(1), 6)', '0.642093']],
    finite((x) => 1 / Math.tan(x)),
  ),
  floatFunction('asin', 'The inverse sine, in radians.', [['asin(0)', '0']], limited(Math.asin)),
  floatFunction('acos', 'The inverse cosine, in radians.', [['acos(1)', '0']], limited(Math.acos)),
  floatFunction('atan', 'The inverse tangent, in radians.', [['atan(0)', '0']], Math.atan),
  floatFunction('atan2', 'The inverse tangent of y / x, in radians.', [['atan2(0, 1)', '0']], Math.atan2, { args: 2 }),
  floatFunction('sinh', 'The hyperbolic sine.', [['sinh(0)', '0']], Math.sinh),
  floatFunction('cosh', 'The hyperbolic cosine.', [['cosh(0)', '1']], Math.cosh),
  floatFunction('tanh', 'The hyperbolic tangent.', [['tanh(0)', '0']], Math.tanh),
  floatFunction('degrees', 'Radians as degrees.', [['degrees(pi())', '180']], (x) => (x * 180) / Math.PI),
  floatFunction('radians', 'Degrees as radians.', [['radians(0)', '0']], (x) => (x * Math.PI) / 180),
  defineFunction({
    name: 'pi',
    category: 'math',
    description: 'The ratio of a circle to its diameter.',
    examples: [['pi()', '3.141592653589793']],
    nullable: 'never',
    overloads: [{ args: [], returns: FLOAT64 }],
    evaluate: (call) => constantVector(FLOAT64, Math.PI, call.length, call.region),
  }),
  defineFunction({
    name: 'random',
    aliases: ['rand'],
    category: 'math',
    description: 'A number from 0 to below 1, new in every row.',
    examples: [],
    volatility: 'volatile',
    nullable: 'never',
    overloads: [{ args: [], returns: FLOAT64 }],
    evaluate: (call) => {
      const out = call.region.f64(call.length)
      for (let i = 0; i < out.length; i++) out[i] = Math.random()
      return new PrimitiveVector(FLOAT64, call.length, null, out)
    },
  }),
  defineFunction({
    name: 'mod',
    category: 'math',
    description: 'The remainder of a division, with the sign of the dividend.',
    examples: [['mod(-9, 4)', '-1']],
    resolve: (argTypes) => {
      if (argTypes.length !== 2 || !argTypes.some(isNumeric)) return null
      const signature = arithmeticSignature('%', argTypes[0]!, argTypes[1]!)
      return signature === null
        ? null
        : { argTypes: [signature.left, signature.right], returnType: signature.type, nullable: 'propagate' }
    },
    evaluate: (call) => evaluateArithmetic('%', call.args[0]!, call.args[1]!, call.type, call.selection, call.region),
  }),
  defineFunction({
    name: 'div',
    category: 'math',
    description: 'The whole quotient of a division, rounded to zero.',
    examples: [['div(9, 4)', '2']],
    overloads: [{ args: [INT64, INT64], returns: INT64 }],
    evaluate: (call) => evaluateArithmetic('/', call.args[0]!, call.args[1]!, call.type, call.selection, call.region),
  }),
  defineFunction({
    name: 'gcd',
    category: 'math',
    description: 'The greatest common divisor.',
    examples: [['gcd(1071, 462)', '21']],
    overloads: [{ args: [INT64, INT64], returns: INT64 }],
    evaluate: (call) => evaluateRows(call, (args) => inInt64(gcd(args[0] as bigint, args[1] as bigint))),
  }),
  defineFunction({
    name: 'lcm',
    category: 'math',
    description: 'The least common multiple.',
    examples: [['lcm(1071, 462)', '23562']],
    overloads: [{ args: [INT64, INT64], returns: INT64 }],
    evaluate: (call) =>
      evaluateRows(call, (args) => {
        const [a, b] = args as [bigint, bigint]
        if (a === 0n || b === 0n) return 0n
        const product = (a / gcd(a, b)) * b
        return inInt64(product < 0n ? -product : product)
      }),
  }),
  defineFunction({
    name: 'isnan',
    category: 'math',
    description: 'Whether a double is not a number.',
    examples: [["isnan('NaN')", 'true']],
    overloads: [{ args: [FLOAT64], returns: BOOL }],
    evaluate: (call) => evaluateRows(call, (args) => Number.isNaN(args[0])),
  }),
]

function inInt64(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw outOfRange(INT64)
  return value
}
