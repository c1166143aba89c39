import { SqlState, VolleyError } from '../errors.ts'
import { INT32, INT64, UTF8 } from '../types/type-factory.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ScalarFunction } from './scalar-function.ts'

/** Characters of an argument of levenshtein, whose time grows with the product of both. */
const LONGEST = 4096

function characters(text: string): Uint32Array {
  const points = Uint32Array.from(text, (character) => character.codePointAt(0)!)
  if (points.length <= LONGEST) return points
  throw new VolleyError(`levenshtein argument exceeds maximum length of ${LONGEST} characters`, {
    code: SqlState.invalidParameterValue,
  })
}

/** The distance by Wagner and Fischer, one row of their table at a time. */
function levenshtein(first: string, second: string): number {
  const [a, b] = [characters(first), characters(second)]
  const distances = Uint32Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 0; i < a.length; i++) {
    let diagonal = distances[0]!
    distances[0] = i + 1
    for (let j = 0; j < b.length; j++) {
      const replaced = diagonal + (a[i] === b[j] ? 0 : 1)
      diagonal = distances[j + 1]!
      distances[j + 1] = Math.min(replaced, diagonal + 1, distances[j]! + 1)
    }
  }
  return distances[b.length]!
}

function substringIndex(text: string, delimiter: string, count: bigint): string {
  if (text === '' || delimiter === '' || count === 0n) return ''
  const parts = text.split(delimiter)
  if (count > 0n) return parts.slice(0, count > parts.length ? parts.length : Number(count)).join(delimiter)
  return parts.slice(-count > parts.length ? 0 : parts.length + Number(count)).join(delimiter)
}

/** Distances and places of texts. */
export const TEXT_SEARCH_FUNCTIONS: readonly ScalarFunction[] = [
  defineFunction({
    name: 'levenshtein',
    category: 'string',
    description: 'How many characters have to be put in, taken out or replaced to make one text of the other.',
    examples: [["levenshtein('kitten', 'sitting')", '3']],
    overloads: [{ args: [UTF8, UTF8], returns: INT32 }],
    evaluate: (call) => evaluateRows(call, (args) => levenshtein(args[0] as string, args[1] as string)),
  }),
  defineFunction({
    name: 'find_in_set',
    category: 'string',
    description: 'The place of a text in a list of texts with commas between them, from 1; 0 when it is not there.',
    examples: [
      ["find_in_set('b', 'a,b,c')", '2'],
      ["find_in_set('x', 'a,b,c')", '0'],
    ],
    overloads: [{ args: [UTF8, UTF8], returns: INT32 }],
    evaluate: (call) =>
      evaluateRows(call, (args) =>
        args[1] === '' ? 0 : (args[1] as string).split(',').indexOf(args[0] as string) + 1,
      ),
  }),
  defineFunction({
    name: 'substring_index',
    aliases: ['substr_index'],
    category: 'string',
    description:
      'What is before the n-th of a delimiter, or all of the text; for negative n, what is behind the n-th from the end.',
    examples: [
      ["substring_index('www.apache.org', '.', 2)", 'www.apache'],
      ["substring_index('www.apache.org', '.', -1)", 'org'],
    ],
    overloads: [{ args: [UTF8, UTF8, INT64], returns: UTF8 }],
    evaluate: (call) =>
      evaluateRows(call, (args) => substringIndex(args[0] as string, args[1] as string, args[2] as bigint)),
  }),
]
