import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { commonType, isInteger, isNumeric } from '../types/coercion.ts'
import { compareScalars } from '../types/compare-scalars.ts'
import { typeName } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { BOOL, elementType, FLOAT64, INT64, listType, NULL, UTF8 } from '../types/type-factory.ts'
import { defineFunction, type FunctionDefinition } from './define.ts'
import { checkItems } from './check-items.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ResolvedFunction, ScalarFunction } from './scalar-function.ts'

type List = readonly ScalarValue[]
type Row = (args: readonly ScalarValue[], element: DataType) => ScalarValue

/** The type of a list argument; of a NULL, that of a list of NULLs. */
function asList(type: DataType | undefined): DataType | null {
  if (type === undefined) return null
  if (typeName(type) === 'Null') return listType(NULL)
  return typeName(type) === 'List' ? type : null
}

/** `list`: the first argument's list type; `item`: its element; else a fixed type. */
type Shape = 'list' | 'item' | DataType

function resolveShapes(shapes: readonly Shape[], optional: number, returns: Shape): FunctionDefinition['resolve'] {
  return (argTypes): ResolvedFunction | null => {
    if (argTypes.length > shapes.length || argTypes.length < shapes.length - optional) return null
    let list: DataType = listType(NULL)
    for (const [i, type] of argTypes.entries()) {
      const shape = shapes[i]!
      if (shape !== 'list' && shape !== 'item') continue
      const wanted = shape === 'item' ? listType(type) : asList(type)
      const common = wanted === null ? null : commonType(list, wanted)
      if (common === null) return null
      list = common
    }
    const typeOf = (shape: Shape): DataType => (shape === 'list' ? list : shape === 'item' ? elementType(list) : shape)
    for (const [i, type] of argTypes.entries()) {
      const shape = shapes[i]!
      if (shape === 'list' || shape === 'item') continue
      const fits = typeName(type) === 'Null' || typeName(type) === typeName(shape)
      if (!fits && !(isInteger(shape) && isInteger(type))) return null
    }
    return {
      argTypes: shapes.slice(0, argTypes.length).map(typeOf),
      returnType: typeOf(returns),
      nullable: 'always',
    }
  }
}

interface ListFunction {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly description: string
  readonly examples: readonly (readonly [string, string])[]
  readonly args: readonly Shape[]
  readonly optional?: number
  readonly returns: Shape
  readonly seesNulls?: boolean
  readonly row: Row
}

function listFunction(definition: ListFunction): ScalarFunction {
  const { name, aliases = [], description, examples, args, optional = 0, returns, row } = definition
  return defineFunction({
    name,
    aliases,
    category: 'array',
    description,
    examples,
    resolve: resolveShapes(args, optional, returns)!,
    evaluate: (call) => {
      const list = call.args.find((arg) => typeName(arg.type) === 'List')
      const element = list === undefined ? NULL : elementType(list.type)
      return evaluateRows(call, (values) => row(values, element), definition.seesNulls ?? false)
    },
  })
}

function same(a: ScalarValue, b: ScalarValue, element: DataType): boolean {
  return compareScalars(a, b, element) === 0
}

/** Positions of equal items are found by a key, not by comparing all with all. */
function keyOf(value: ScalarValue): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'bigint'
      ? `${item}n`
      : item === 0
        ? 0
        : typeof item === 'number' && !Number.isFinite(item)
          ? String(item)
          : item instanceof Uint8Array
            ? Array.from(item)
            : item,
  )
}

function distinctItems(items: List): ScalarValue[] {
  const seen = new Map<string, ScalarValue>()
  for (const item of items) if (!seen.has(keyOf(item))) seen.set(keyOf(item), item)
  return [...seen.values()]
}

function sorted(items: List, element: DataType, descending: boolean, nullsFirst: boolean): ScalarValue[] {
  const nulls = items.filter((item) => item === null)
  const values = items.filter((item) => item !== null)
  values.sort((a, b) => compareScalars(a, b, element))
  if (descending) values.reverse()
  return nullsFirst ? [...nulls, ...values] : [...values, ...nulls]
}

function sortOption(value: ScalarValue, first: string, second: string): boolean {
  const word = String(value).toUpperCase()
  if (word === first) return true
  if (word === second) return false
  throw new VolleyError(`array_sort takes ${first} or ${second}, not "${String(value)}"`, {
    code: SqlState.invalidParameterValue,
  })
}

/** Replaces the first `count` items equal to a value. */
function replaced(items: List, from: ScalarValue, to: ScalarValue, count: number, element: DataType): ScalarValue[] {
  let left = count
  return items.map((item) => (left > 0 && same(item, from, element) ? (left--, to) : item))
}

function removed(items: List, value: ScalarValue, count: number, element: DataType): ScalarValue[] {
  let left = count
  return items.filter((item) => {
    if (left <= 0 || !same(item, value, element)) return true
    left--
    return false
  })
}

function dimensions(list: ScalarValue): number[] {
  if (!Array.isArray(list)) return []
  const [first] = list as List
  return [list.length, ...(first === undefined ? [] : dimensions(first))]
}

/** Numbers of a list of numbers; null when one is NULL. */
function numbersOf(list: ScalarValue): number[] | null {
  const items = list as List
  return items.includes(null) ? null : items.map(Number)
}

function foldNumbers(
  name: string,
  aliases: readonly string[],
  description: string,
  examples: readonly (readonly [string, string])[],
  fold: (numbers: readonly number[]) => number,
): ScalarFunction {
  return listFunction({
    name,
    aliases,
    description,
    examples,
    args: [listType(FLOAT64)],
    returns: FLOAT64,
    row: ([list]) => {
      const numbers = (list as List).filter((item) => item !== null).map(Number)
      return numbers.length === 0 ? null : fold(numbers)
    },
  })
}

/** A function of one list of numbers of any kind, which is cast to doubles. */
function ofNumbers(fn: ScalarFunction, count: number): ScalarFunction {
  return {
    ...fn,
    resolve: (argTypes) => {
      const numeric = argTypes.every((type) => {
        const list = asList(type)
        if (list === null) return false
        const item = elementType(list)
        return isNumeric(item) || typeName(item) === 'Null'
      })
      if (argTypes.length !== count || !numeric) return null
      return { argTypes: argTypes.map(() => listType(FLOAT64)), returnType: FLOAT64, nullable: 'always' }
    },
  }
}

/** Dimensions of a list type; 0 of others, and of lists of NULLs one. */
function depthOf(type: DataType): number {
  return typeName(type) === 'List' ? 1 + depthOf(elementType(type)) : 0
}

function lift(type: DataType, depth: number): DataType {
  return depthOf(type) >= depth ? type : lift(listType(type), depth)
}

function lower(type: DataType, levels: number): DataType {
  return levels <= 0 ? type : lower(elementType(type), levels - 1)
}

function wrapped(value: ScalarValue, levels: number): ScalarValue {
  return levels <= 0 ? value : wrapped([value], levels - 1)
}

/** More functions of lists, with DataFusion's and DuckDB's names; positions count from 1. */
export const LIST_FUNCTIONS: readonly ScalarFunction[] = [
  defineFunction({
    name: 'array_concat',
    aliases: ['array_cat', 'list_concat', 'list_cat'],
    category: 'array',
    description:
      'The items of all lists one after the other; a NULL list has none, and one of fewer dimensions is an item itself.',
    examples: [
      ['array_concat(ARRAY[1, 2], ARRAY[3])', '{1,2,3}'],
      ['array_concat(ARRAY[1, 2], ARRAY[ARRAY[3, 4]])', '{{1,2},{3,4}}'],
    ],
    resolve: (argTypes) => {
      const depth = Math.max(0, ...argTypes.map(depthOf))
      const lifted = argTypes.map((argType) => (depthOf(argType) === 0 ? argType : lift(argType, depth)))
      let type: DataType | null = listType(NULL)
      for (const argType of lifted) {
        const list = asList(argType)
        type = type === null || list === null ? null : commonType(type, list)
      }
      if (type === null || argTypes.length === 0) return null
      const wanted = argTypes.map((argType) => lower(type, depthOf(argType) === 0 ? 0 : depth - depthOf(argType)))
      return { argTypes: wanted, returnType: type, nullable: 'always' }
    },
    evaluate: (call) => {
      const depth = depthOf(call.type)
      const missing = call.args.map((arg) => depth - depthOf(arg.type))
      return evaluateRows(
        call,
        (lists) => {
          if (lists.every((list) => list === null)) return null
          return lists.flatMap((list, i) => (list === null ? [] : (wrapped(list, missing[i]!) as List)))
        },
        true,
      )
    },
  }),
  listFunction({
    name: 'array_prepend',
    aliases: ['list_prepend', 'array_push_front', 'list_push_front'],
    description: 'The list with a value before its first item.',
    examples: [['array_prepend(1, ARRAY[2, 3])', '{1,2,3}']],
    args: ['item', 'list'],
    returns: 'list',
    seesNulls: true,
    row: ([value, list]) => [value!, ...((list ?? []) as List)],
  }),
  listFunction({
    name: 'array_sort',
    aliases: ['list_sort'],
    description: 'The items in order: ASC (the default) or DESC, NULLS FIRST (the default) or NULLS LAST.',
    examples: [["array_sort(ARRAY[3, 1, 2], 'DESC', 'NULLS LAST')", '{3,2,1}']],
    args: ['list', UTF8, UTF8],
    optional: 2,
    returns: 'list',
    row: ([list, order, nulls], element) =>
      sorted(
        list as List,
        element,
        order !== undefined && sortOption(order, 'DESC', 'ASC'),
        nulls === undefined || sortOption(nulls, 'NULLS FIRST', 'NULLS LAST'),
      ),
  }),
  listFunction({
    name: 'array_distinct',
    aliases: ['list_distinct'],
    description: 'The items without repetitions, in the order in which they come first.',
    examples: [['array_distinct(ARRAY[1, 3, 1])', '{1,3}']],
    args: ['list'],
    returns: 'list',
    row: ([list]) => distinctItems(list as List),
  }),
  listFunction({
    name: 'array_compact',
    aliases: ['list_compact'],
    description: 'The items that are not NULL.',
    examples: [['array_compact(ARRAY[1, NULL, 2])', '{1,2}']],
    args: ['list'],
    returns: 'list',
    row: ([list]) => (list as List).filter((item) => item !== null),
  }),
  listFunction({
    name: 'array_reverse',
    aliases: ['list_reverse'],
    description: 'The items from last to first.',
    examples: [['array_reverse(ARRAY[1, 2, 3])', '{3,2,1}']],
    args: ['list'],
    returns: 'list',
    row: ([list]) => [...(list as List)].reverse(),
  }),
  listFunction({
    name: 'array_pop_back',
    aliases: ['list_pop_back'],
    description: 'The list without its last item.',
    examples: [['array_pop_back(ARRAY[1, 2, 3])', '{1,2}']],
    args: ['list'],
    returns: 'list',
    row: ([list]) => (list as List).slice(0, -1),
  }),
  listFunction({
    name: 'array_pop_front',
    aliases: ['list_pop_front'],
    description: 'The list without its first item.',
    examples: [['array_pop_front(ARRAY[1, 2, 3])', '{2,3}']],
    args: ['list'],
    returns: 'list',
    row: ([list]) => (list as List).slice(1),
  }),
  listFunction({
    name: 'array_positions',
    aliases: ['list_positions'],
    description: 'All positions of a value in a list.',
    examples: [['array_positions(ARRAY[1, 2, 1], 1)', '{1,3}']],
    args: ['list', 'item'],
    returns: listType(INT64),
    seesNulls: true,
    row: ([list, value], element) =>
      list === null ? null : (list as List).flatMap((item, i) => (same(item, value!, element) ? [BigInt(i + 1)] : [])),
  }),
  listFunction({
    name: 'array_remove',
    aliases: ['list_remove'],
    description: 'The list without the first item equal to a value.',
    examples: [['array_remove(ARRAY[1, 2, 1], 1)', '{2,1}']],
    args: ['list', 'item'],
    returns: 'list',
    row: ([list, value], element) => removed(list as List, value!, 1, element),
  }),
  listFunction({
    name: 'array_remove_n',
    aliases: ['list_remove_n'],
    description: 'The list without the first n items equal to a value.',
    examples: [['array_remove_n(ARRAY[1, 1, 2, 1], 1, 2)', '{2,1}']],
    args: ['list', 'item', INT64],
    returns: 'list',
    row: ([list, value, count], element) => removed(list as List, value!, Number(count), element),
  }),
  listFunction({
    name: 'array_remove_all',
    aliases: ['list_remove_all'],
    description: 'The list without the items equal to a value.',
    examples: [['array_remove_all(ARRAY[1, 2, 1], 1)', '{2}']],
    args: ['list', 'item'],
    returns: 'list',
    row: ([list, value], element) => removed(list as List, value!, Infinity, element),
  }),
  listFunction({
    name: 'array_replace',
    aliases: ['list_replace'],
    description: 'The list with another value in place of the first item equal to one.',
    examples: [['array_replace(ARRAY[1, 2, 1], 1, 9)', '{9,2,1}']],
    args: ['list', 'item', 'item'],
    returns: 'list',
    seesNulls: true,
    row: ([list, from, to], element) => (list === null ? null : replaced(list as List, from!, to!, 1, element)),
  }),
  listFunction({
    name: 'array_replace_n',
    aliases: ['list_replace_n'],
    description: 'The list with another value in place of the first n items equal to one.',
    examples: [['array_replace_n(ARRAY[1, 1, 1], 1, 9, 2)', '{9,9,1}']],
    args: ['list', 'item', 'item', INT64],
    returns: 'list',
    seesNulls: true,
    row: ([list, from, to, count], element) =>
      list === null ? null : replaced(list as List, from!, to!, Number(count ?? 0), element),
  }),
  listFunction({
    name: 'array_replace_all',
    aliases: ['list_replace_all'],
    description: 'The list with another value in place of the items equal to one.',
    examples: [['array_replace_all(ARRAY[1, 2, 1], 1, 9)', '{9,2,9}']],
    args: ['list', 'item', 'item'],
    returns: 'list',
    seesNulls: true,
    row: ([list, from, to], element) => (list === null ? null : replaced(list as List, from!, to!, Infinity, element)),
  }),
  listFunction({
    name: 'array_resize',
    aliases: ['list_resize'],
    description: 'The list cut or filled up to a length, with a value or NULLs.',
    examples: [['array_resize(ARRAY[1, 2], 3, 0)', '{1,2,0}']],
    args: ['list', INT64, 'item'],
    optional: 1,
    returns: 'list',
    seesNulls: true,
    row: ([list, size, value = null]) => {
      if (list === null || size === null) return null
      const length = checkItems(Number(size))
      const items = list as List
      return Array.from({ length }, (_, i) => (i < items.length ? items[i]! : value))
    },
  }),
  listFunction({
    name: 'array_union',
    aliases: ['list_union'],
    description: 'The different items of two lists.',
    examples: [['array_union(ARRAY[1, 2], ARRAY[2, 3])', '{1,2,3}']],
    args: ['list', 'list'],
    returns: 'list',
    row: ([a, b]) => distinctItems([...(a as List), ...(b as List)]),
  }),
  listFunction({
    name: 'array_intersect',
    aliases: ['list_intersect'],
    description: 'The different items that two lists have in common.',
    examples: [['array_intersect(ARRAY[1, 2, 3], ARRAY[2, 3, 4])', '{2,3}']],
    args: ['list', 'list'],
    returns: 'list',
    row: ([a, b]) => {
      const keys = new Set((b as List).map(keyOf))
      return distinctItems(a as List).filter((item) => keys.has(keyOf(item)))
    },
  }),
  listFunction({
    name: 'array_except',
    aliases: ['list_except'],
    description: 'The different items of a list that another one does not have.',
    examples: [['array_except(ARRAY[1, 2, 3], ARRAY[2])', '{1,3}']],
    args: ['list', 'list'],
    returns: 'list',
    row: ([a, b]) => {
      const keys = new Set((b as List).map(keyOf))
      return distinctItems(a as List).filter((item) => !keys.has(keyOf(item)))
    },
  }),
  listFunction({
    name: 'array_max',
    aliases: ['list_max'],
    description: 'The greatest item; NULLs are left out.',
    examples: [['array_max(ARRAY[3, 1, 4])', '4']],
    args: ['list'],
    returns: 'item',
    row: ([list], element) => sorted(list as List, element, true, false)[0] ?? null,
  }),
  listFunction({
    name: 'array_min',
    aliases: ['list_min'],
    description: 'The least item; NULLs are left out.',
    examples: [['array_min(ARRAY[3, 1, 4])', '1']],
    args: ['list'],
    returns: 'item',
    row: ([list], element) => sorted(list as List, element, false, false)[0] ?? null,
  }),
  ofNumbers(
    foldNumbers('array_sum', ['list_sum'], 'Sum of the items, as a double.', [['array_sum(ARRAY[1, 2])', '3']], (n) =>
      n.reduce((sum, x) => sum + x, 0),
    ),
    1,
  ),
  ofNumbers(
    foldNumbers(
      'array_avg',
      ['list_avg'],
      'Mean of the items.',
      [['array_avg(ARRAY[1, 2])', '1.5']],
      (n) => n.reduce((sum, x) => sum + x, 0) / n.length,
    ),
    1,
  ),
  ofNumbers(
    foldNumbers(
      'array_product',
      ['list_product'],
      'Product of the items.',
      [['array_product(ARRAY[2, 3])', '6']],
      (n) => n.reduce((product, x) => product * x, 1),
    ),
    1,
  ),
  ofNumbers(
    listFunction({
      name: 'array_distance',
      aliases: ['list_distance'],
      description: 'The Euclidean distance of two lists of equal length.',
      examples: [['array_distance(ARRAY[0, 0], ARRAY[3, 4])', '5']],
      args: [listType(FLOAT64), listType(FLOAT64)],
      returns: FLOAT64,
      row: ([a, b]) => {
        const [x, y] = [numbersOf(a!), numbersOf(b!)]
        if ((a as List).length !== (b as List).length)
          throw new VolleyError('both lists must have the same length', { code: SqlState.dataException })
        if (x === null || y === null) return null
        return Math.hypot(...x.map((value, i) => value - y[i]!))
      },
    }),
    2,
  ),
  defineFunction({
    name: 'array_repeat',
    aliases: ['list_repeat'],
    category: 'array',
    description: 'A list of a value, repeated.',
    examples: [["array_repeat('x', 3)", '{x,x,x}']],
    resolve: (argTypes) =>
      argTypes.length === 2 && (isInteger(argTypes[1]!) || typeName(argTypes[1]!) === 'Null')
        ? { argTypes: [argTypes[0]!, INT64], returnType: listType(argTypes[0]!), nullable: 'always' }
        : null,
    evaluate: (call) =>
      evaluateRows(
        call,
        ([value, count]) => (count === null ? null : Array.from({ length: checkItems(Number(count)) }, () => value!)),
        true,
      ),
  }),
  listFunction({
    name: 'array_ndims',
    aliases: ['list_ndims'],
    description: 'Number of dimensions of a list.',
    examples: [['array_ndims(ARRAY[1, 2])', '1']],
    args: ['list'],
    returns: INT64,
    row: (_args, element) => {
      let depth = 1n
      for (let type = element; typeName(type) === 'List'; type = elementType(type)) depth++
      return depth
    },
  }),
  listFunction({
    name: 'array_dims',
    aliases: ['list_dims'],
    description: 'Length of each dimension of a list.',
    examples: [['array_dims(ARRAY[1, 2])', '{2}']],
    args: ['list'],
    returns: listType(INT64),
    row: ([list]) => ((list as List).length === 0 ? null : dimensions(list!).map(BigInt)),
  }),
  listFunction({
    name: 'array_empty',
    aliases: ['empty', 'list_empty'],
    description: 'Whether a list has no item.',
    examples: [['array_empty(ARRAY[1])', 'false']],
    args: ['list'],
    returns: BOOL,
    row: ([list]) => (list as List).length === 0,
  }),
  defineFunction({
    name: 'flatten',
    category: 'array',
    description: 'The items of the lists in a list, of all depths.',
    examples: [['flatten(ARRAY[1, 2])', '{1,2}']],
    resolve: (argTypes) => {
      const list = argTypes.length === 1 ? asList(argTypes[0]) : null
      if (list === null) return null
      const inner = elementType(list)
      const returnType = typeName(inner) === 'List' ? inner : list
      return { argTypes: [list], returnType, nullable: 'propagate' }
    },
    evaluate: (call) =>
      evaluateRows(call, ([list]) =>
        typeName(elementType(call.args[0]!.type)) === 'List'
          ? (list as List).flatMap((item) => (item ?? []) as List)
          : list!,
      ),
  }),
  listFunction({
    name: 'array_any_value',
    aliases: ['list_any_value'],
    description: 'The first item that is not NULL.',
    examples: [['array_any_value(ARRAY[NULL, 2, 3])', '2']],
    args: ['list'],
    returns: 'item',
    row: ([list]) => (list as List).find((item) => item !== null) ?? null,
  }),
]
