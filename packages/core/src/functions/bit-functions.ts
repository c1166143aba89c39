import type { DataType } from 'apache-arrow'
import { commonType, isInteger } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { INT32, INT64, NULL } from '../types/type-factory.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ScalarFunction } from './scalar-function.ts'

/** A value of an integer type with the bits of another number. */
function withBits(value: bigint, type: DataType): ScalarValue {
  const name = typeName(type)
  const bits = Number(name.replace(/\D/g, ''))
  const wrapped = name.startsWith('U') ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value)
  return bits === 64 ? wrapped : Number(wrapped)
}

function integerType(...types: readonly DataType[]): DataType | null {
  let common: DataType | null = NULL
  for (const type of types) common = common === null ? null : commonType(common, type)
  if (common !== null && typeName(common) === 'Null') return INT32
  return common !== null && isInteger(common) ? common : null
}

function big(value: ScalarValue | undefined): bigint {
  return BigInt(value as number | bigint)
}

function bitFunction(
  name: string,
  description: string,
  examples: readonly (readonly [string, string])[],
  of: (a: bigint, b: bigint) => bigint,
): ScalarFunction {
  return defineFunction({
    name,
    category: 'math',
    description,
    examples,
    resolve: (argTypes) => {
      const type = argTypes.length === 2 ? integerType(...argTypes) : null
      return type === null ? null : { argTypes: [type, type], returnType: type, nullable: 'propagate' }
    },
    evaluate: (call) => evaluateRows(call, (args) => withBits(of(big(args[0]), big(args[1])), call.type)),
  })
}

function shiftFunction(
  name: string,
  description: string,
  examples: readonly (readonly [string, string])[],
  of: (value: bigint, by: bigint) => bigint,
): ScalarFunction {
  return defineFunction({
    name,
    category: 'math',
    description,
    examples,
    resolve: (argTypes) => {
      const type = argTypes.length === 2 ? integerType(argTypes[0]!) : null
      if (type === null || integerType(argTypes[1]!) === null) return null
      return { argTypes: [type, INT64], returnType: type, nullable: 'propagate' }
    },
    evaluate: (call) => {
      // As the machine shifts: by the distance modulo the width.
      const width = BigInt(Math.max(32, Number(typeName(call.type).replace(/\D/g, ''))))
      return evaluateRows(call, (args) =>
        withBits(of(big(args[0]), BigInt.asUintN(64, big(args[1])) % width), call.type),
      )
    },
  })
}

/** Functions of the bits of integers, behind the operators & | # ~ << >>. */
export const BIT_FUNCTIONS: readonly ScalarFunction[] = [
  bitFunction('bit_and', 'Bits that are set in both numbers, as a & b.', [['bit_and(91, 15)', '11']], (a, b) => a & b),
  bitFunction('bit_or', 'Bits that are set in one number, as a | b.', [['bit_or(32, 3)', '35']], (a, b) => a | b),
  bitFunction(
    'bit_xor',
    'Bits that are set in one number only, as a # b.',
    [['bit_xor(17, 5)', '20']],
    (a, b) => a ^ b,
  ),
  shiftFunction('bit_shift_left', 'The bits moved up, as a << b.', [['bit_shift_left(1, 4)', '16']], (a, b) => a << b),
  shiftFunction(
    'bit_shift_right',
    'The bits moved down, as a >> b.',
    [['bit_shift_right(8, 2)', '2']],
    (a, b) => a >> b,
  ),
  defineFunction({
    name: 'bit_not',
    category: 'math',
    description: 'Every bit the other way, as ~a.',
    examples: [['bit_not(1)', '-2']],
    resolve: (argTypes) => {
      const type = argTypes.length === 1 ? integerType(argTypes[0]!) : null
      return type === null ? null : { argTypes: [type], returnType: type, nullable: 'propagate' }
    },
    evaluate: (call) => evaluateRows(call, (args) => withBits(~big(args[0]), call.type)),
  }),
]
