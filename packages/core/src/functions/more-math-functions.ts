import { SqlState, VolleyError } from '../errors.ts'
import { isNumeric } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import { roundHalfEven } from '../types/number-text.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { outOfRange } from '../types/type-errors.ts'
import { BOOL, FLOAT32, FLOAT64, INT64, UTF8 } from '../types/type-factory.ts'
import { vectorOf } from '../vectors/build.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ScalarFunction } from './scalar-function.ts'

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
