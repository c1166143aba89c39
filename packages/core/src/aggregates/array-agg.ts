import { resolveNull } from '../types/coercion.ts'
import { BINARY, listType } from '../types/type-factory.ts'
import { ListVector } from '../vectors/vector.ts'
import type { AggregateFunction } from './aggregate-function.ts'
import { ListAccumulator, type FinishLists } from './list-accumulator.ts'

/** array_agg: all values, NULLs included, as a list. */
export const arrayAgg: AggregateFunction = {
  name: 'array_agg',
  aliases: ['list'],
  description: 'List of all values, in the order of the ORDER BY inside the call.',
  examples: [{ sql: 'array_agg(2)', result: '{2}' }],
  ordered: true,
  resolve(argTypes) {
    if (argTypes.length !== 1) return null
    const type = resolveNull(argTypes[0]!)
    return { argTypes: [type], returnType: listType(type), stateTypes: [listType(BINARY)] }
  },
  createAccumulator(argTypes, returnType) {
    const finish: FinishLists = ({ offsets, columns }, groupCount, region) => {
      const listOffsets = region.i32(groupCount + 1)
      listOffsets.set(offsets)
      const validity = region.bitmap(groupCount, false)
      for (let g = 0; g < groupCount; g++) {
        if (offsets[g + 1]! > offsets[g]!) validity[g >>> 3]! |= 1 << (g & 7)
      }
      return new ListVector(returnType, groupCount, validity, listOffsets, columns[0]!)
    }
    return new ListAccumulator(argTypes, null, finish)
  },
}
