import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { isInteger } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { INT32, INT64, UTF8 } from '../types/type-factory.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import { regexOf } from './regex.ts'
import type { ResolvedFunction, ScalarFunction } from './scalar-function.ts'

type Args = readonly ScalarValue[]

function resolveSearch(shapes: readonly DataType[], required: number): ScalarFunction['resolve'] {
  return (argTypes): ResolvedFunction | null => {
    if (argTypes.length < required || argTypes.length > shapes.length) return null
    const fits = argTypes.every((type, i) => {
      if (typeName(type) === 'Null') return true
      return shapes[i] === UTF8 ? typeName(type) === 'Utf8' : isInteger(type)
    })
    return fits ? { argTypes: shapes.slice(0, argTypes.length), returnType: INT32, nullable: 'propagate' } : null
  }
}

/** UTF-16 offset of a code point position, from 1; null behind the end. */
function offsetOf(text: string, position: number): number | null {
  if (position < 1)
    throw new VolleyError('invalid value for parameter "start": it counts from 1', {
      code: SqlState.invalidParameterValue,
    })
  let at = 0
  for (let n = 1; n < position; n++) {
    if (at >= text.length) return null
    at += text.codePointAt(at)! > 0xffff ? 2 : 1
  }
  return at
}

function positionOf(text: string, offset: number): number {
  return Array.from(text.slice(0, offset)).length + 1
}

function countMatches(args: Args): number {
  const [text, pattern] = args as readonly [string, string]
  const flags = (args[3] ?? '') as string
  if (flags.includes('g'))
    throw new VolleyError('regexp_count does not support the flag g', { code: SqlState.invalidParameterValue })
  const start = offsetOf(text, args.length > 2 ? Number(args[2]) : 1)
  if (start === null) return 0
  let count = 0
  regexOf(pattern, flags).each(text.slice(start), () => ++count > 0)
  return count
}

function findMatch(args: Args): number {
  const [text, pattern] = args as readonly [string, string]
  const number = args.length > 3 ? Number(args[3]) : 1
  if (number < 1)
    throw new VolleyError('invalid value for parameter "n": it counts from 1', { code: SqlState.invalidParameterValue })
  const group = args.length > 5 ? Number(args[5]) : 0
  const start = offsetOf(text, args.length > 2 ? Number(args[2]) : 1)
  if (start === null) return 0
  const regex = regexOf(pattern, (args[4] ?? '') as string)
  if (group < 0 || group > regex.groupCount) return 0
  let seen = 0
  let found = 0
  regex.each(text.slice(start), (matcher) => {
    if (++seen < number) return true
    const at = matcher.start(group)
    found = at < 0 ? 0 : positionOf(text, start + at)
    return false
  })
  return found
}

/** Functions that count and find matches of regular expressions, from a position on. */
export const REGEX_SEARCH_FUNCTIONS: readonly ScalarFunction[] = [
  defineFunction({
    name: 'regexp_count',
    category: 'regular expressions',
    description: 'Number of matches of a pattern, from a position on.',
    examples: [["regexp_count('123456789012', '\\d\\d\\d')", '4']],
    resolve: resolveSearch([UTF8, UTF8, INT64, UTF8], 2),
    evaluate: (call) => evaluateRows(call, countMatches),
  }),
  defineFunction({
    name: 'regexp_instr',
    category: 'regular expressions',
    description: 'Position of the n-th match of a pattern (or of a group of it) from a position on; 0 without one.',
    examples: [["regexp_instr('number of your street, town zip', '[^,]+', 1, 2)", '23']],
    resolve: resolveSearch([UTF8, UTF8, INT64, INT64, UTF8, INT64], 2),
    evaluate: (call) => evaluateRows(call, findMatch),
  }),
]
