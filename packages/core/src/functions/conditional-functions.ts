import type { DataType } from 'apache-arrow'
import { selectComparison } from '../expressions/compare-select.ts'
import { commonType } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { NULL } from '../types/type-factory.ts'
import { blendVectors, type BlendPart } from '../vectors/blend.ts'
import { ColumnComparator } from '../vectors/compare.ts'
import { allRows, withoutRows } from '../vectors/selection.ts'
import type { Vector } from '../vectors/vector.ts'
import { defineFunction } from './define.ts'
import type { ResolvedFunction, ScalarCall, ScalarFunction } from './scalar-function.ts'

/** The common type of the arguments; text literals adapt to the others. */
function commonOf(
  argTypes: readonly DataType[],
  literals: readonly (ScalarValue | undefined)[],
  nullable: ResolvedFunction['nullable'],
): ResolvedFunction | null {
  const adapts = (i: number): boolean => typeName(argTypes[i]!) === 'Utf8' && literals[i] !== undefined
  const fixed = argTypes.filter((_, i) => !adapts(i))
  let type: DataType | null = NULL
  for (const argType of fixed.length > 0 ? fixed : argTypes) type = type === null ? null : commonType(type, argType)
  if (type === null || argTypes.length === 0) return null
  if (typeName(type) === 'Null' && fixed.length < argTypes.length) type = argTypes.find((_, i) => adapts(i))!
  return { argTypes: argTypes.map(() => type), returnType: type, nullable }
}

/** In each row the argument that no other one precedes (`sign` 1: is greater than); NULLs are left out. */
function extreme(call: ScalarCall, sign: 1 | -1): Vector {
  const { args, type, length, region } = call
  const rows = call.selection ?? allRows(length)
  const best = region.i32(length).fill(-1)
  for (let a = 0; a < args.length; a++) {
    const comparators = args.slice(0, a).map((earlier) => new ColumnComparator(args[a]!, earlier))
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]!
      if (!args[a]!.isValid(row)) continue
      const current = best[row]!
      if (current < 0 || comparators[current]!.compareValues(row, row) * sign > 0) best[row] = a
    }
  }
  const parts: BlendPart[] = []
  for (let a = 0; a < args.length; a++) {
    const out = region.u32(rows.length)
    let n = 0
    for (let k = 0; k < rows.length; k++) {
      out[n] = rows[k]!
      n += +(best[rows[k]!] === a)
    }
    if (n > 0) parts.push({ rows: out.subarray(0, n), vector: args[a]! })
  }
  return blendVectors(type, length, parts, region)
}

/** Functions that choose among their arguments. COALESCE and CASE are expressions of their own. */
export const CONDITIONAL_FUNCTIONS: readonly ScalarFunction[] = [
  defineFunction({
    name: 'greatest',
    category: 'conditional',
    description: 'The greatest argument; NULLs are left out.',
    examples: [
      ['greatest(1, NULL, 4, 3)', '4'],
      ["greatest('a', 'b')", 'b'],
    ],
    resolve: (argTypes, literals) => commonOf(argTypes, literals, 'always'),
    evaluate: (call) => extreme(call, 1),
  }),
  defineFunction({
    name: 'least',
    category: 'conditional',
    description: 'The least argument; NULLs are left out.',
    examples: [['least(5, NULL, 4.5)', '4.5']],
    resolve: (argTypes, literals) => commonOf(argTypes, literals, 'always'),
    evaluate: (call) => extreme(call, -1),
  }),
  defineFunction({
    name: 'nullif',
    category: 'conditional',
    description: 'NULL when both arguments are equal, else the first.',
    examples: [
      ["nullif('a', 'a')", ''],
      ["nullif('a', 'b')", 'a'],
    ],
    resolve: (argTypes, literals) => (argTypes.length === 2 ? commonOf(argTypes, literals, 'always') : null),
    evaluate: (call) => {
      const rows = call.selection ?? allRows(call.length)
      const equal = selectComparison('=', call.args[0]!, call.args[1]!, call.selection, call.region)
      const others = withoutRows(rows, equal, call.region)
      const parts = others.length === 0 ? [] : [{ rows: others, vector: call.args[0]! }]
      return blendVectors(call.type, call.length, parts, call.region)
    },
  }),
]
