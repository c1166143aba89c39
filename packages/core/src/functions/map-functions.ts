import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { commonType } from '../types/coercion.ts'
import { compareScalars } from '../types/compare-scalars.ts'
import { typeName } from '../types/data-types.ts'
import { formatScalar } from '../types/format-scalar.ts'
import { scalarKey, type ScalarValue } from '../types/scalar-value.ts'
import { elementType, isMap, listType, mapType, NULL, structType } from '../types/type-factory.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ResolvedFunction, ScalarFunction } from './scalar-function.ts'

type List = readonly ScalarValue[]
type Entry = readonly [key: ScalarValue, value: ScalarValue]

/** The key and value types of a map, or null. */
function entryTypes(type: DataType | undefined): readonly [key: DataType, value: DataType] | null {
  if (type === undefined || !isMap(type)) return null
  const [key, value] = elementType(type).children!
  return [key!.type, value!.type]
}

/** @throws VolleyError 22023 for a key that is NULL or stands there twice */
function entries(keys: List, values: List, keyType: DataType): Entry[] {
  const seen = new Set<string>()
  return keys.map((key, i) => {
    if (key === null) throw new VolleyError('a key of a map cannot be NULL', { code: SqlState.invalidParameterValue })
    const known = scalarKey(key)
    if (seen.has(known)) {
      throw new VolleyError(`the key ${formatScalar(key, keyType)} is twice in a map`, {
        code: SqlState.invalidParameterValue,
      })
    }
    seen.add(known)
    return [key, values[i]!]
  })
}

function ofMap(
  argTypes: readonly DataType[],
  returns: (key: DataType, value: DataType) => DataType,
): ResolvedFunction | null {
  const types = argTypes.length === 1 ? entryTypes(argTypes[0]) : null
  return types === null ? null : { argTypes, returnType: returns(...types), nullable: 'propagate' }
}

/** A map and a key of it. */
function withKey(argTypes: readonly DataType[], returns: (value: DataType) => DataType): ResolvedFunction | null {
  const types = argTypes.length === 2 ? entryTypes(argTypes[0]) : null
  const key = types === null ? null : commonType(types[0], argTypes[1]!)
  if (types === null || key === null) return null
  return { argTypes: [mapType(key, types[1]), key], returnType: returns(types[1]), nullable: 'always' }
}

function valueOf(map: ScalarValue, key: ScalarValue, type: DataType): ScalarValue {
  const found = (map as readonly Entry[]).find(([known]) => compareScalars(known, key, type) === 0)
  return found === undefined ? null : found[1]
}

/** Functions of maps: lists of keys with their values, each key once. */
export const MAP_FUNCTIONS: readonly ScalarFunction[] = [
  defineFunction({
    name: 'make_map',
    category: 'map',
    description: "A map of keys and values in turn, as MAP {'a': 1, 'b': 2} makes it.",
    examples: [["map_keys(make_map('a', 1, 'b', 2))", '{a,b}']],
    resolve: (argTypes) => {
      if (argTypes.length % 2 !== 0) return null
      const types: [DataType, DataType] = [NULL, NULL]
      for (const [i, type] of argTypes.entries()) {
        const common = commonType(types[i % 2]!, type)
        if (common === null) return null
        types[i % 2] = common
      }
      return { argTypes: argTypes.map((_, i) => types[i % 2]!), returnType: mapType(...types), nullable: 'never' }
    },
    evaluate: (call) => {
      const [key] = entryTypes(call.type)!
      return evaluateRows(
        call,
        (args) => {
          const even = args.filter((_, i) => i % 2 === 0)
          return entries(
            even,
            args.filter((_, i) => i % 2 === 1),
            key,
          )
        },
        true,
      )
    },
  }),
  defineFunction({
    name: 'map',
    aliases: ['map_from_arrays'],
    category: 'map',
    description: 'A map of a list of keys and a list of their values.',
    examples: [["map_values(map(ARRAY['a', 'b'], ARRAY[1, 2]))", '{1,2}']],
    resolve: (argTypes) => {
      if (argTypes.length !== 2 || !argTypes.every((type) => typeName(type) === 'List')) return null
      const [keys, values] = argTypes as [DataType, DataType]
      return { argTypes, returnType: mapType(elementType(keys), elementType(values)), nullable: 'propagate' }
    },
    evaluate: (call) => {
      const [key] = entryTypes(call.type)!
      return evaluateRows(call, (args) => {
        const [keys, values] = args as readonly [List, List]
        if (keys.length === values.length) return entries(keys, values, key)
        throw new VolleyError(`a map of ${keys.length} keys cannot have ${values.length} values`, {
          code: SqlState.invalidParameterValue,
        })
      })
    },
  }),
  defineFunction({
    name: 'map_keys',
    category: 'map',
    description: 'The keys of a map as a list.',
    examples: [["map_keys(make_map('a', 1, 'b', 2))", '{a,b}']],
    resolve: (argTypes) => ofMap(argTypes, (key) => listType(key)),
    evaluate: (call) => evaluateRows(call, ([map]) => (map as readonly Entry[]).map(([key]) => key)),
  }),
  defineFunction({
    name: 'map_values',
    category: 'map',
    description: 'The values of a map as a list.',
    examples: [["map_values(make_map('a', 1, 'b', 2))", '{1,2}']],
    resolve: (argTypes) => ofMap(argTypes, (_key, value) => listType(value)),
    evaluate: (call) => evaluateRows(call, ([map]) => (map as readonly Entry[]).map(([, value]) => value)),
  }),
  defineFunction({
    name: 'map_entries',
    category: 'map',
    description: 'The keys and values of a map as a list of structs.',
    examples: [["array_length(map_entries(make_map('a', 1, 'b', 2)))", '2']],
    resolve: (argTypes) =>
      ofMap(argTypes, (key, value) =>
        listType(
          structType([
            ['key', key],
            ['value', value],
          ]),
        ),
      ),
    evaluate: (call) => evaluateRows(call, ([map]) => map!),
  }),
  defineFunction({
    name: 'map_extract',
    aliases: ['element_at'],
    category: 'map',
    description: 'A list of the value of a key; of NULL where the map does not have it.',
    examples: [["map_extract(make_map('a', 1, 'b', 2), 'b')", '{2}']],
    resolve: (argTypes) => withKey(argTypes, listType),
    evaluate: (call) => evaluateRows(call, ([map, key]) => [valueOf(map!, key!, call.args[1]!.type)]),
  }),
  defineFunction({
    name: 'map_value',
    category: 'map',
    description: "The value of a key, as map['key']; NULL where the map does not have it.",
    examples: [["map_value(make_map('a', 1, 'b', 2), 'b')", '2']],
    resolve: (argTypes) => withKey(argTypes, (value) => value),
    evaluate: (call) => evaluateRows(call, ([map, key]) => valueOf(map!, key!, call.args[1]!.type)),
  }),
]
