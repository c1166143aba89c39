import { typeName } from '../types/data-types.ts'
import { BOOL } from '../types/type-factory.ts'
import type { AggregateFunction } from './aggregate-function.ts'
import { max, min } from './min-max.ts'

/** bool_and: whether all values are true; false is the smallest boolean. */
export const boolAnd: AggregateFunction = ofBooleans('bool_and', ['every'], 'Whether every value is true.', min)

/** bool_or: whether a value is true. */
export const boolOr: AggregateFunction = ofBooleans('bool_or', [], 'Whether some value is true.', max)

function ofBooleans(
  name: string,
  aliases: readonly string[],
  description: string,
  inner: AggregateFunction,
): AggregateFunction {
  return {
    ...inner,
    name,
    aliases,
    description,
    examples: [{ sql: `${name}(true)`, result: 'true' }],
    resolve(argTypes) {
      const types = argTypes.map(typeName)
      if (types.length !== 1 || (types[0] !== 'Bool' && types[0] !== 'Null')) return null
      return { argTypes: [BOOL], returnType: BOOL, stateTypes: [BOOL] }
    },
  }
}
