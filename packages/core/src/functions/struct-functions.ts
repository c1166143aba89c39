import type { DataType } from 'apache-arrow'
import { typeName } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { structType, UTF8 } from '../types/type-factory.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ScalarFunction } from './scalar-function.ts'

function fieldIndex(type: DataType, name: ScalarValue | undefined): number {
  if (typeof name === 'number' || typeof name === 'bigint') return Number(name) - 1
  return type.children!.findIndex((field) => field.name === name)
}

/** Functions of structs. */
export const STRUCT_FUNCTIONS: readonly ScalarFunction[] = [
  defineFunction({
    name: 'struct',
    aliases: ['row'],
    category: 'struct',
    description: 'A struct of values, whose fields are c0, c1, and so on.',
    examples: [["struct(1, 'a')", '(1,a)']],
    resolve: (argTypes) => ({
      argTypes,
      returnType: structType(argTypes.map((type, i) => [`c${i}`, type] as const)),
      nullable: 'never',
    }),
    evaluate: (call) => evaluateRows(call, (args) => [...args], true),
  }),
  defineFunction({
    name: 'named_struct',
    aliases: ['struct_pack'],
    category: 'struct',
    description: 'A struct of names and values in turn.',
    examples: [["named_struct('a', 1, 'b', 2)", '(1,2)']],
    resolve: (argTypes, literals) => {
      if (argTypes.length === 0 || argTypes.length % 2 !== 0) return null
      const fields: (readonly [string, DataType])[] = []
      for (let i = 0; i < argTypes.length; i += 2) {
        const name = literals[i]
        if (typeof name !== 'string') return null
        fields.push([name, argTypes[i + 1]!])
      }
      return { argTypes, returnType: structType(fields), nullable: 'never' }
    },
    evaluate: (call) => evaluateRows(call, (args) => args.filter((_, i) => i % 2 === 1), true),
  }),
  defineFunction({
    name: 'get_field',
    category: 'struct',
    description: "A field of a struct by its name, as value['name'] or value.name.",
    examples: [["get_field(named_struct('a', 1), 'a')", '1']],
    resolve: (argTypes, literals) => {
      const [type] = argTypes
      if (argTypes.length !== 2 || type === undefined || typeName(type) !== 'Struct') return null
      const field = type.children![fieldIndex(type, literals[1] ?? undefined)]
      if (field === undefined) return null
      return {
        argTypes: [type, typeName(argTypes[1]!) === 'Utf8' ? UTF8 : argTypes[1]!],
        returnType: field.type,
        nullable: 'always',
      }
    },
    evaluate: (call) => {
      const { type } = call.args[0]!
      return evaluateRows(call, ([value, name]) => (value as readonly ScalarValue[])[fieldIndex(type, name!)] ?? null)
    },
  }),
]
