import type { DataType } from 'apache-arrow'
import { compareScalars } from '../types/compare-scalars.ts'
import { typeName, typesEqual } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { BOOL, elementType, UTF8 } from '../types/type-factory.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ResolvedFunction, ScalarFunction } from './scalar-function.ts'

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

function resolve(argTypes: readonly DataType[]): ResolvedFunction | null {
  const [value, operator, list] = argTypes
  if (argTypes.length !== 3 || typeName(operator!) !== 'Utf8' || typeName(list!) !== 'List') return null
  const item = elementType(list!)
  if (typeName(value!) !== 'Null' && !typesEqual(value!, item)) return null
  return { argTypes: [item, UTF8, list!], returnType: BOOL, nullable: 'always' }
}

function any(value: ScalarValue, operator: string, items: readonly ScalarValue[], type: DataType): boolean | null {
  const holds = COMPARISONS[operator]
  if (holds === undefined) return null
  if (items.length === 0) return false
  if (value === null) return null
  let unknown = false
  for (const item of items) {
    if (item === null) unknown = true
    else if (holds(compareScalars(value, item, type))) return true
  }
  return unknown ? null : false
}

/** `x op ANY (list)`: true where it holds for an item, else NULL where an item or x is NULL, else false. */
export const arrayAny: ScalarFunction = defineFunction({
  name: 'array_any',
  category: 'array',
  description: 'Whether a comparison of a value holds for any item of a list, as `value < ANY (list)` says.',
  examples: [
    ["array_any(2, '<', ARRAY[1, 3])", 'true'],
    ["array_any(2, '=', ARRAY[1, NULL])", ''],
  ],
  resolve,
  evaluate: (call) => {
    const type = call.args[0]!.type
    return evaluateRows(
      call,
      ([value, operator, list]) =>
        operator === null || list === null
          ? null
          : any(value!, operator as string, list as readonly ScalarValue[], type),
      true,
    )
  },
})
