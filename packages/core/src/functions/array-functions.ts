import type { DataType } from 'apache-arrow'
import { VolleyError } from '../errors.ts'
import { commonType, isInteger } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import { formatScalar } from '../types/format-scalar.ts'
import { scalarKey, type ScalarValue } from '../types/scalar-value.ts'
import { BOOL, elementType, INT32, INT64, listType, NULL, UTF8 } from '../types/type-factory.ts'
import { conversionCost, defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ResolvedFunction, ScalarFunction } from './scalar-function.ts'

type List = readonly ScalarValue[]

function isList(type: DataType | undefined): boolean {
  return type !== undefined && typeName(type) === 'List'
}

/** A list and a value of (or converted to) its element type. */
function resolveElement(
  argTypes: readonly DataType[],
  returnType: (element: DataType) => DataType,
): ResolvedFunction | null {
  if (argTypes.length !== 2 || (!isList(argTypes[0]) && typeName(argTypes[0]!) !== 'Null')) return null
  const element = commonType(isList(argTypes[0]) ? elementType(argTypes[0]!) : NULL, argTypes[1]!)
  if (element === null) return null
  return { argTypes: [listType(element), element], returnType: returnType(element), nullable: 'always' }
}

function resolveLists(argTypes: readonly DataType[]): ResolvedFunction | null {
  if (argTypes.length !== 2 || !isList(argTypes[0]) || !isList(argTypes[1])) return null
  const type = commonType(argTypes[0]!, argTypes[1]!)
  return type === null ? null : { argTypes: [type, type], returnType: BOOL, nullable: 'propagate' }
}

/** Equality inside lists: as `=`, NULL equal to NULL. */
function sameItem(a: ScalarValue, b: ScalarValue): boolean {
  return a === b || (a !== null && b !== null && scalarKey(normalZero(a)) === scalarKey(normalZero(b)))
}

function normalZero(value: ScalarValue): ScalarValue {
  return value === 0 ? 0 : value
}

/** Depth 1 length, or of a deeper dimension, of the first list in it. */
function dimensionLength(list: ScalarValue, dimension: number): number | null {
  if (!Array.isArray(list) || dimension < 1) return null
  if (dimension === 1) return list.length === 0 ? null : list.length
  return list.length === 0 ? null : dimensionLength(list[0] as ScalarValue, dimension - 1)
}

function countItems(list: List, element: DataType): number {
  if (!isList(element)) return list.length
  return list.reduce(
    (sum: number, item) => sum + (item === null ? 1 : countItems(item as List, elementType(element))),
    0,
  )
}

/** The items as text, those of inner lists one after the other. */
function textParts(list: List, type: DataType, missing: string | null): string[] {
  return list.flatMap((item) => {
    if (item === null) return missing === null ? [] : [missing]
    return isList(type) ? textParts(item as List, elementType(type), missing) : [formatScalar(item, type)]
  })
}

function resolveItemAt(
  argTypes: readonly DataType[],
  literals: readonly (ScalarValue | undefined)[],
): ResolvedFunction | null {
  if (argTypes.length !== 2 || !isList(argTypes[0]) || conversionCost(argTypes[1]!, INT64, literals[1]) === null) {
    return null
  }
  return { argTypes: [argTypes[0]!, INT64], returnType: elementType(argTypes[0]!), nullable: 'always' }
}

function itemAt(list: List, at: number, fromEnd: boolean): ScalarValue {
  if (at >= 1) return list[at - 1] ?? null
  return fromEnd && at < 0 ? (list.at(at) ?? null) : null
}

/** Items `from` to `to` of a list, both counted from 1 and from the end where negative, in steps. */
function steppedSlice(list: List, from: ScalarValue, to: ScalarValue, step: ScalarValue): ScalarValue[] {
  const size = list.length
  const stride = step === null ? 1 : Number(step)
  if (stride === 0) throw new VolleyError('the step of a slice cannot be zero', { code: '22023' })
  const place = (value: ScalarValue, missing: number): number => {
    const n = value === null ? missing : Number(value)
    return n < 0 ? size + n + 1 : n
  }
  const [first, last] = stride > 0 ? [place(from, 1), place(to, size)] : [place(from, size), place(to, 1)]
  const items: ScalarValue[] = []
  if (stride > 0) for (let i = Math.max(first, 1); i <= Math.min(last, size); i += stride) items.push(list[i - 1]!)
  else for (let i = Math.min(first, size); i >= Math.max(last, 1); i += stride) items.push(list[i - 1]!)
  return items
}

/** Functions of lists; positions count from 1. */
export const ARRAY_FUNCTIONS: readonly ScalarFunction[] = [
  defineFunction({
    name: 'make_array',
    aliases: ['array', 'list_value'],
    category: 'array',
    description: 'A list of the arguments, as ARRAY[...] makes it.',
    examples: [['make_array(1, 2, NULL)', '{1,2,NULL}']],
    resolve: (argTypes) => {
      let type: DataType | null = NULL
      for (const argType of argTypes) type = type === null ? null : commonType(type, argType)
      if (type === null) return null
      return { argTypes: argTypes.map(() => type), returnType: listType(type), nullable: 'never' }
    },
    evaluate: (call) => evaluateRows(call, (args) => [...args], true),
  }),
  defineFunction({
    name: 'array_length',
    aliases: ['list_length', 'array_upper'],
    category: 'array',
    description: 'Length of a dimension (the first by default) of a list; NULL when it is empty.',
    examples: [['array_length(ARRAY[1, 2, 3], 1)', '3']],
    resolve: (argTypes) =>
      isList(argTypes[0]) && argTypes.length <= 2
        ? { argTypes: [argTypes[0]!, INT64].slice(0, argTypes.length), returnType: INT32, nullable: 'always' }
        : null,
    evaluate: (call) => evaluateRows(call, (args) => dimensionLength(args[0]!, args.length > 1 ? Number(args[1]) : 1)),
  }),
  defineFunction({
    name: 'cardinality',
    category: 'array',
    description: 'Number of items of a list, of all dimensions together; 0 when it is empty.',
    examples: [['cardinality(ARRAY[1, 2])', '2']],
    resolve: (argTypes) =>
      argTypes.length === 1 && isList(argTypes[0]) ? { argTypes, returnType: INT32, nullable: 'propagate' } : null,
    evaluate: (call) => evaluateRows(call, (args) => countItems(args[0] as List, elementType(call.args[0]!.type))),
  }),
  defineFunction({
    name: 'array_element',
    aliases: ['array_extract', 'list_element', 'list_extract'],
    category: 'array',
    description: 'The item at a position, a negative one from the end; NULL outside of the list.',
    examples: [
      ["array_element(ARRAY['a', 'b'], 2)", 'b'],
      ["array_element(ARRAY['a', 'b'], -2)", 'a'],
      ["array_element(ARRAY['a', 'b'], 3)", ''],
    ],
    resolve: resolveItemAt,
    evaluate: (call) => evaluateRows(call, ([list, at]) => itemAt(list as List, Number(at), true)),
  }),
  defineFunction({
    name: 'array_subscript',
    category: 'array',
    description: 'The item at a position, as list[position]; NULL outside of the list.',
    examples: [["array_subscript(ARRAY['a', 'b'], 2)", 'b']],
    resolve: resolveItemAt,
    evaluate: (call) => evaluateRows(call, ([list, at]) => itemAt(list as List, Number(at), false)),
  }),
  defineFunction({
    name: 'array_contains',
    aliases: ['array_has', 'list_contains', 'list_has'],
    category: 'array',
    description: 'Whether a list has an item equal to a value.',
    examples: [["array_contains(ARRAY['a', 'b'], 'b')", 'true']],
    resolve: (argTypes) => resolveElement(argTypes, () => BOOL),
    evaluate: (call) => evaluateRows(call, (args) => (args[0] as List).some((item) => sameItem(item, args[1]!))),
  }),
  defineFunction({
    name: 'array_has_all',
    aliases: ['list_has_all'],
    category: 'array',
    description: 'Whether a list has every item of another, as a @> b.',
    examples: [['array_has_all(ARRAY[1, 4, 3], ARRAY[3, 1, 3])', 'true']],
    resolve: resolveLists,
    evaluate: (call) =>
      evaluateRows(call, ([a, b]) => (b as List).every((item) => (a as List).some((other) => sameItem(item, other)))),
  }),
  defineFunction({
    name: 'array_has_any',
    aliases: ['list_has_any', 'arrays_overlap'],
    category: 'array',
    description: 'Whether two lists have an item in common, as a && b.',
    examples: [['array_has_any(ARRAY[1, 4], ARRAY[2, 1])', 'true']],
    resolve: resolveLists,
    evaluate: (call) =>
      evaluateRows(call, ([a, b]) =>
        (b as List).some((item) => item !== null && (a as List).some((other) => sameItem(item, other))),
      ),
  }),
  defineFunction({
    name: 'array_slice',
    aliases: ['list_slice'],
    category: 'array',
    description:
      'The items from one position to another, negative ones from the end, in steps; NULL leaves an end open.',
    examples: [
      ['array_slice(ARRAY[1, 2, 3, 4], 2, 3)', '{2,3}'],
      ['array_slice(ARRAY[1, 2, 3, 4], -2, NULL)', '{3,4}'],
      ['array_slice(ARRAY[1, 2, 3, 4], 1, 4, 2)', '{1,3}'],
    ],
    resolve: (argTypes) =>
      (argTypes.length === 3 || argTypes.length === 4) && isList(argTypes[0])
        ? {
            argTypes: argTypes.map((type, i) => (i === 0 ? type : INT64)),
            returnType: argTypes[0]!,
            nullable: 'always',
          }
        : null,
    evaluate: (call) =>
      evaluateRows(
        call,
        ([list, from, to, step = null]) => (list === null ? null : steppedSlice(list as List, from!, to!, step)),
        true,
      ),
  }),
  defineFunction({
    name: 'array_section',
    category: 'array',
    description: 'The items from one position to another, as list[from:to]; NULL leaves an end open.',
    examples: [
      ['array_section(ARRAY[1, 2, 3, 4], 2, 3)', '{2,3}'],
      ['array_section(ARRAY[1, 2, 3, 4], NULL, 2)', '{1,2}'],
    ],
    resolve: (argTypes) =>
      argTypes.length === 3 && isList(argTypes[0])
        ? { argTypes: [argTypes[0]!, INT64, INT64], returnType: argTypes[0]!, nullable: 'always' }
        : null,
    evaluate: (call) =>
      evaluateRows(
        call,
        ([list, from, to]) => {
          if (list === null) return null
          const start = from === null ? 0 : Math.max(0, Number(from) - 1)
          return (list as List).slice(start, to === null ? undefined : Math.max(0, Number(to)))
        },
        true,
      ),
  }),
  defineFunction({
    name: 'array_position',
    aliases: ['list_position', 'list_indexof', 'array_indexof'],
    category: 'array',
    description: 'The first position of a value in a list, from a position on; NULL when it is not there.',
    examples: [["array_position(ARRAY['sun', 'mon', 'tue'], 'mon')", '2']],
    resolve: (argTypes) => {
      const resolved = resolveElement(argTypes.slice(0, 2), () => INT32)
      if (resolved === null || argTypes.length < 3) return resolved
      if (argTypes.length > 3 || !(isInteger(argTypes[2]!) || typeName(argTypes[2]!) === 'Null')) return null
      return { ...resolved, argTypes: [...resolved.argTypes, INT64] }
    },
    evaluate: (call) =>
      evaluateRows(
        call,
        (args) => {
          if (args[0] === null || args[2] === null) return null
          const from = args[2] === undefined ? 1 : Number(args[2])
          if (from < 1) throw new VolleyError('a position in a list counts from 1', { code: '22023' })
          const at = (args[0] as List).findIndex((item, i) => i + 1 >= from && sameItem(item, args[1]!))
          return at < 0 ? null : at + 1
        },
        true,
      ),
  }),
  defineFunction({
    name: 'array_append',
    aliases: ['list_append', 'array_push_back', 'list_push_back'],
    category: 'array',
    description: 'The list with a value behind its last item.',
    examples: [['array_append(ARRAY[1, 2], 3)', '{1,2,3}']],
    resolve: (argTypes) => resolveElement(argTypes, listType),
    evaluate: (call) => evaluateRows(call, (args) => [...((args[0] ?? []) as List), args[1]!], true),
  }),
  defineFunction({
    name: 'array_to_string',
    aliases: ['list_to_string', 'array_join', 'list_join'],
    category: 'array',
    description: 'The items as text with a text between them; NULLs are left out, or replaced by a third text.',
    examples: [
      ["array_to_string(ARRAY[1, NULL, 3], ',')", '1,3'],
      ["array_to_string(ARRAY[1, NULL, 3], ',', '*')", '1,*,3'],
    ],
    resolve: (argTypes) =>
      isList(argTypes[0]) && (argTypes.length === 2 || argTypes.length === 3)
        ? { argTypes: [argTypes[0]!, UTF8, UTF8].slice(0, argTypes.length), returnType: UTF8, nullable: 'always' }
        : null,
    evaluate: (call) => {
      const element = elementType(call.args[0]!.type)
      return evaluateRows(
        call,
        (args) => {
          if (args[0] === null || args[1] === null) return null
          const missing = (args[2] ?? null) as string | null
          return textParts(args[0] as List, element, missing).join(args[1] as string)
        },
        true,
      )
    },
  }),
  defineFunction({
    name: 'string_to_array',
    aliases: ['string_to_list'],
    category: 'array',
    description: 'The fields of a text cut at a delimiter.',
    examples: [["string_to_array('a,b,c', ',')", '{a,b,c}']],
    overloads: [{ args: [UTF8, UTF8], returns: listType(UTF8) }],
    evaluate: (call) =>
      evaluateRows(call, (args) => {
        const [text, delimiter] = args as readonly [string, string]
        if (text === '') return []
        return delimiter === '' ? [text] : text.split(delimiter)
      }),
  }),
]
