import { typeName } from '../types/data-types.ts'
import { BINARY, listType, UTF8 } from '../types/type-factory.ts'
import { Operand } from '../vectors/operand.ts'
import { BytesVector } from '../vectors/vector.ts'
import type { AggregateFunction } from './aggregate-function.ts'
import { ListAccumulator, type FinishLists } from './list-accumulator.ts'

/** string_agg(text, delimiter): the texts that are not NULL, each but the first behind its delimiter. */
export const stringAgg: AggregateFunction = {
  name: 'string_agg',
  aliases: ['listagg'],
  description: 'The texts joined by a delimiter, in the order of the ORDER BY inside the call.',
  examples: [{ sql: "string_agg('a', ', ')", result: 'a' }],
  ordered: true,
  resolve(argTypes) {
    const text = argTypes.every((type) => ['Utf8', 'Json', 'Null'].includes(typeName(type)))
    if (argTypes.length !== 2 || !text) return null
    return { argTypes: [UTF8, UTF8], returnType: UTF8, stateTypes: [listType(BINARY)] }
  },
  createAccumulator: (argTypes) => new ListAccumulator(argTypes, 0, joinTexts),
}

/** Texts that are appended without giving way. */
const AT_ONCE = 65_536

const joinTexts: FinishLists = function* ({ offsets, columns }, groupCount, region) {
  const texts = new Operand(columns[0]!)
  const delimiters = new Operand(columns[1]!)
  const lengthOf = (operand: Operand, row: number): number =>
    operand.isValid(row) ? operand.bytes.offsets[row + 1]! - operand.bytes.offsets[row]! : 0
  const out = region.i32(groupCount + 1)
  const validity = region.bitmap(groupCount, false)
  let end = 0
  for (let g = 0; g < groupCount; g++) {
    out[g] = end
    const first = offsets[g]!
    if (first < offsets[g + 1]!) validity[g >>> 3]! |= 1 << (g & 7)
    for (let row = first; row < offsets[g + 1]!; row++) {
      end += lengthOf(texts, row) + (row > first ? lengthOf(delimiters, row) : 0)
    }
  }
  out[groupCount] = end
  const bytes = region.u8(end)
  let at = 0
  const append = (operand: Operand, row: number): void => {
    if (!operand.isValid(row)) return
    const { offsets: from, bytes: source } = operand.bytes
    bytes.set(source.subarray(from[row]!, from[row + 1]!), at)
    at += from[row + 1]! - from[row]!
  }
  for (let g = 0; g < groupCount; g++) {
    for (let row = offsets[g]!; row < offsets[g + 1]!; row++) {
      if (row % AT_ONCE === AT_ONCE - 1) yield
      if (row > offsets[g]!) append(delimiters, row)
      append(texts, row)
    }
  }
  return new BytesVector(UTF8, groupCount, validity, out, bytes)
}
