import { isInteger, resolveNull } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import { BINARY, INT64, listType } from '../types/type-factory.ts'
import { scalarAt } from '../vectors/scalar-at.ts'
import { NO_ROW, takeVector } from '../vectors/take.ts'
import type { AggregateFunction } from './aggregate-function.ts'
import { ListAccumulator, type FinishLists } from './list-accumulator.ts'

/** nth_value(x, n ORDER BY key): the n-th value of a group; a negative n counts from the last. */
export const nthAggregate: AggregateFunction = {
  name: 'nth_value',
  description: 'The n-th value in the order of the ORDER BY inside the call; a negative n counts from the last.',
  examples: [{ sql: 'nth_value(2, 1)', result: '2' }],
  ordered: true,
  resolve(argTypes) {
    if (argTypes.length !== 2 || !(isInteger(argTypes[1]!) || typeName(argTypes[1]!) === 'Null')) return null
    const type = resolveNull(argTypes[0]!)
    return { argTypes: [type, INT64], returnType: type, stateTypes: [listType(BINARY)] }
  },
  createAccumulator: (argTypes) => new ListAccumulator(argTypes, null, finish),
}

const finish: FinishLists = ({ offsets, columns }, groupCount, region) => {
  const rows = new Uint32Array(groupCount).fill(NO_ROW)
  for (let g = 0; g < groupCount; g++) {
    const start = offsets[g]!
    const count = offsets[g + 1]! - start
    const n = count === 0 ? null : scalarAt(columns[1]!, start)
    if (n === null) continue
    const place = Number(n) > 0 ? Number(n) - 1 : count + Number(n)
    if (n !== 0n && place >= 0 && place < count) rows[g] = start + place
  }
  return takeVector(columns[0]!, rows, groupCount, region)
}
