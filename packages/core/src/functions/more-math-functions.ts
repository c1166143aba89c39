import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { compareScalars } from '../types/compare-scalars.ts'
import { asDecimalType, commonType, isFloat, isNumeric } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import { roundHalfEven } from '../types/number-text.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { outOfRange } from '../types/type-errors.ts'
import { BOOL, elementType, FLOAT32, FLOAT64, INT32, INT64, listType, UTF8 } from '../types/type-factory.ts'
import { vectorOf } from '../vectors/build.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ResolvedFunction, ScalarFunction } from './scalar-function.ts'

function hyperbolic(
  name: string,
  description: string,
  example: string,
  result: string,
  fn: (x: number) => number,
): ScalarFunction {
  return defineFunction({
    name,
    category: 'math',
    description,
    examples: [[example, result]],
    overloads: [{ args: [FLOAT64], returns: FLOAT64 }],
    evaluate: (call) =>
      evaluateRows(call, ([x]) => {
        const value = fn(x as number)
        if (Number.isNaN(value) && !Number.isNaN(x)) {
          throw new VolleyError('input is out of range', { code: SqlState.numericValueOutOfRange })
        }
        return value
      }),
  })
}

function factorial(args: readonly ScalarValue[]): bigint {
  const n = args[0] as bigint
  if (n < 0n)
    throw new VolleyError('factorial of a negative number is undefined', { code: SqlState.numericValueOutOfRange })
  if (n > 20n) throw outOfRange(INT64)
  let product = 1n
  for (let i = 2n; i <= n; i++) product *= i
  return product
}

function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** The nearest number of IEEE 754 half precision; ties to even. */
function roundToHalf(x: number): number {
  if (!Number.isFinite(x) || x === 0) return x
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(x))))
  const unit = 2 ** (exponent - 10)
  const rounded = roundHalfEven(x / unit) * unit
  if (Math.abs(rounded) > 65504) throw outOfRange(FLOAT32)
  return rounded
}

/**
 * The bucket, of `count` equal ones between two bounds, that an operand falls into: 0 below them, `count + 1` above. Bounds
 * may descend (https://www.postgresql.org/docs/current/functions-math.html).
 */
function widthBucket(operand: number, low: number, high: number, count: number): number {
  if (count <= 0) throw invalidWidthBucket('count must be greater than zero')
  if ([operand, low, high].some(Number.isNaN))
    throw invalidWidthBucket('operand, lower bound, and upper bound cannot be NaN')
  if (!Number.isFinite(low) || !Number.isFinite(high)) throw invalidWidthBucket('lower and upper bounds must be finite')
  if (low === high) throw invalidWidthBucket('lower bound cannot equal upper bound')
  const distance = low < high ? operand - low : low - operand
  const width = Math.abs(high - low)
  if (distance < 0) return 0
  if (distance >= width) return count + 1
  return Math.min(count, Math.floor((count * distance) / width) + 1)
}

/** The same of decimals of one scale, exactly. */
function exactWidthBucket(operand: bigint, low: bigint, high: bigint, count: number): number {
  if (count <= 0) throw invalidWidthBucket('count must be greater than zero')
  if (low === high) throw invalidWidthBucket('lower bound cannot equal upper bound')
  const distance = low < high ? operand - low : low - operand
  const width = low < high ? high - low : low - high
  if (distance < 0n) return 0
  return distance >= width ? count + 1 : Number((BigInt(count) * distance) / width) + 1
}

function invalidWidthBucket(message: string): VolleyError {
  return new VolleyError(message, { code: '2201G' })
}

/** How many ascending thresholds are not above the operand. */
function thresholdBucket(operand: ScalarValue, thresholds: readonly ScalarValue[], type: DataType): number {
  let low = 0
  let high = thresholds.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const threshold = thresholds[middle]!
    if (threshold === null) throw new VolleyError('thresholds array must not contain NULLs', { code: '22004' })
    if (compareScalars(operand, threshold, type) < 0) high = middle
    else low = middle + 1
  }
  return low
}

function resolveWidthBucket(argTypes: readonly DataType[]): ResolvedFunction | null {
  const isNull = (type: DataType): boolean => typeName(type) === 'Null'
  if (argTypes.length === 2) {
    if (typeName(argTypes[1]!) !== 'List') return null
    const type = commonType(argTypes[0]!, elementType(argTypes[1]!))
    return type === null ? null : { argTypes: [type, listType(type)], returnType: INT32, nullable: 'propagate' }
  }
  if (argTypes.length !== 4 || !argTypes.every((type) => isNumeric(type) || isNull(type))) return null
  const [operand, low, high] = argTypes as [DataType, DataType, DataType]
  const common = [low, high].reduce<DataType | null>((type, next) => type && commonType(type, next), operand)
  if (common === null) return null
  const type = isFloat(common) || isNull(common) ? FLOAT64 : asDecimalType(common)
  return { argTypes: [type, type, type, INT32], returnType: INT32, nullable: 'propagate' }
}

/** Hyperbolic inverses, factorials, and what DataFusion has beside PostgreSQL's mathematics. */
export const MORE_MATH_FUNCTIONS: readonly ScalarFunction[] = [
  hyperbolic('asinh', 'Inverse hyperbolic sine.', 'asinh(0)', '0', Math.asinh),
  hyperbolic('acosh', 'Inverse hyperbolic cosine.', 'acosh(1)', '0', Math.acosh),
  hyperbolic('atanh', 'Inverse hyperbolic tangent.', 'atanh(0)', '0', Math.atanh),
  defineFunction({
    name: 'factorial',
    category: 'math',
    description: 'Product of the integers from 1 to n.',
    examples: [['factorial(5)', '120']],
    overloads: [{ args: [INT64], returns: INT64 }],
    evaluate: (call) => evaluateRows(call, factorial),
  }),
  defineFunction({
    name: 'width_bucket',
    category: 'math',
    description:
      'Bucket, from 1, of so many equal ones between two bounds that a number falls into (0 below, one more above); or its place among ascending thresholds.',
    examples: [
      ['width_bucket(5.35, 0.024, 10.06, 5)', '3'],
      ['width_bucket(6, ARRAY[1, 5, 10])', '2'],
    ],
    resolve: resolveWidthBucket,
    evaluate: (call) => {
      const { type } = call.args[0]!
      if (call.args.length === 2)
        return evaluateRows(call, ([x, list]) => thresholdBucket(x!, list as ScalarValue[], type))
      return isFloat(type)
        ? evaluateRows(call, (args) => widthBucket(...(args as [number, number, number, number])))
        : evaluateRows(call, (args) => exactWidthBucket(...(args as [bigint, bigint, bigint, number])))
    },
  }),
  defineFunction({
    name: 'iszero',
    category: 'math',
    description: 'Whether a number is 0.',
    examples: [['iszero(0.0)', 'true']],
    resolve: (argTypes) =>
      argTypes.length === 1 && (isNumeric(argTypes[0]!) || typeName(argTypes[0]!) === 'Null')
        ? {
            argTypes: [typeName(argTypes[0]!) === 'Null' ? FLOAT64 : argTypes[0]!],
            returnType: BOOL,
            nullable: 'propagate',
          }
        : null,
    evaluate: (call) => evaluateRows(call, ([x]) => Number(x) === 0),
  }),
  defineFunction({
    name: 'nanvl',
    category: 'math',
    description: 'The first argument, or the second where the first is NaN.',
    examples: [["nanvl('NaN', 3.0)", '3']],
    resolve: (argTypes, literals) => {
      if (argTypes.length !== 2) return null
      const fits = argTypes.every(
        (type, i) =>
          isNumeric(type) || typeName(type) === 'Null' || (typeName(type) === 'Utf8' && literals[i] !== undefined),
      )
      if (!fits) return null
      const single = argTypes.every((type) => typeName(type) === 'Float32')
      const type = single ? FLOAT32 : FLOAT64
      return { argTypes: [type, type], returnType: type, nullable: 'always' }
    },
    evaluate: (call) => evaluateRows(call, ([x, y]) => (Number.isNaN(x) ? y! : x!), true),
  }),
  defineFunction({
    name: 'float16',
    category: 'math',
    description: 'The number with the precision of 16 bits, half to even.',
    examples: [['float16(0.1)', '0.099975586']],
    overloads: [{ args: [FLOAT32], returns: FLOAT32 }],
    evaluate: (call) => evaluateRows(call, ([x]) => roundToHalf(x as number)),
  }),
  defineFunction({
    name: 'uuid',
    aliases: ['gen_random_uuid'],
    category: 'system',
    description: 'A random UUID (version 4), as text.',
    examples: [],
    volatility: 'volatile',
    nullable: 'never',
    overloads: [{ args: [], returns: UTF8 }],
    evaluate: (call) => vectorOf(UTF8, Array.from({ length: call.length }, uuid), call.region),
  }),
]
