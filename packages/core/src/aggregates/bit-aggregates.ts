import { isInteger } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { INT64 } from '../types/type-factory.ts'
import type { AggregateFunction } from './aggregate-function.ts'
import { FoldAccumulator } from './fold-accumulator.ts'

/** bit_and, bit_or, bit_xor: the bits of all integers together. */
export const BIT_AGGREGATES: readonly AggregateFunction[] = [
  ofBits('bit_and', 'Bits that every value has.', (a, b) => a & b, true),
  ofBits('bit_or', 'Bits that some value has.', (a, b) => a | b, true),
  ofBits('bit_xor', 'Bits that an odd number of values has.', (a, b) => a ^ b, false),
]

function ofBits(
  name: string,
  description: string,
  fold: (a: bigint, b: bigint) => bigint,
  ignoresDuplicates: boolean,
): AggregateFunction {
  return {
    name,
    description,
    examples: [{ sql: `${name}(5)`, result: '5' }],
    ignoresDuplicates,
    resolve(argTypes) {
      const [given] = argTypes
      if (argTypes.length !== 1 || (!isInteger(given!) && typeName(given!) !== 'Null')) return null
      const type = typeName(given!) === 'Null' ? INT64 : given!
      return { argTypes: [type], returnType: type, stateTypes: [type] }
    },
    createAccumulator: (argTypes) => {
      const type = argTypes[0]!
      const unsigned = typeName(type).startsWith('U')
      const combine = (a: ScalarValue, b: ScalarValue): ScalarValue => {
        const result = fold(BigInt(a as number | bigint), BigInt(b as number | bigint))
        if (typeof a === 'bigint') return unsigned ? BigInt.asUintN(64, result) : BigInt.asIntN(64, result)
        return Number(result)
      }
      return new FoldAccumulator(type, combine)
    },
  }
}
