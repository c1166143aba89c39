import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { BOOL, listType, UTF8 } from '../types/type-factory.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { Vector } from '../vectors/vector.ts'
import { regexOf, type Regex } from './regex.ts'
import { replaceTexts, testTexts } from './regex-texts.ts'
import type { ScalarCall, ScalarFunction } from './scalar-function.ts'

type Args = readonly ScalarValue[]

function regexFunction(
  name: string,
  aliases: readonly string[],
  description: string,
  examples: readonly (readonly [string, string])[],
  /** Texts before the flags, which may be left out. */
  texts: number,
  returns: DataType,
  row: (args: readonly string[], flags: string) => ScalarValue,
  nullable: 'propagate' | 'always' = 'propagate',
  /** Does whole columns of texts where it can; else gives null. */
  column: (call: ScalarCall) => Vector | null = () => null,
): ScalarFunction {
  const args = Array.from({ length: texts }, () => UTF8)
  return defineFunction({
    name,
    aliases,
    category: 'regular expressions',
    description,
    examples,
    nullable,
    overloads: [
      { args, returns },
      { args: [...args, UTF8], returns },
    ],
    evaluate: (call) =>
      column(call) ??
      evaluateRows(call, (values: Args) =>
        row(values as readonly string[], (values[texts] as string | undefined) ?? ''),
      ),
  })
}

function operator(name: string, description: string, flags: string, negated: boolean): ScalarFunction {
  return defineFunction({
    name,
    category: 'regular expressions',
    description,
    examples: [[`'Thomas' ${name} 't.*m'`, String(/t.*m/.test(flags === '' ? 'Thomas' : 'thomas') !== negated)]],
    overloads: [{ args: [UTF8, UTF8], returns: BOOL }],
    evaluate: (call) =>
      testTexts(call, ([pattern]) => regexOf(pattern!, flags), negated) ??
      evaluateRows(call, (args) => regexOf(args[1] as string, flags).test(args[0] as string) !== negated),
  })
}

function likeRegex(pattern: string, flags: string): Regex {
  if (flags.includes('g')) {
    throw new VolleyError('regexp_like() does not support the "global" option', {
      code: SqlState.invalidParameterValue,
    })
  }
  return regexOf(pattern, flags)
}

function firstMatch(text: string, pattern: string, flags: string): ScalarValue {
  const regex = regexOf(pattern, flags)
  let groups: (string | null)[] | null = null
  regex.each(text, (matcher) => {
    groups =
      regex.groupCount === 0
        ? [matcher.group()]
        : Array.from({ length: regex.groupCount }, (_, i) => matcher.group(i + 1))
    return false
  })
  return groups
}

function split(text: string, pattern: string, flags: string): string[] {
  const parts: string[] = []
  let end = 0
  regexOf(pattern, flags).each(text, (matcher) => {
    // An empty match at either end, or right behind a match, cuts nothing off.
    if (matcher.end() === matcher.start() && (matcher.start() === end || matcher.end() === text.length)) return true
    parts.push(text.slice(end, matcher.start()))
    end = matcher.end()
    return true
  })
  return [...parts, text.slice(end)]
}

/** The regular expression of a SIMILAR TO pattern, for the whole text. */
function similarPattern(pattern: string, escape: string): string {
  let regex = ''
  const characters = [...pattern]
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!
    if (escape !== '' && character === escape) regex += `\\x{${characters[++i]?.codePointAt(0)?.toString(16) ?? '5c'}}`
    else if (character === '%') regex += '.*'
    else if (character === '_') regex += '.'
    else regex += '.^$\\'.includes(character) ? `\\${character}` : character
  }
  return `^(?:${regex})$`
}

function similarRegex(pattern: string, escape: string | undefined): Regex {
  return regexOf(similarPattern(pattern, escape ?? '\\'), '')
}

/** Functions of regular expressions, in RE2's syntax. */
export const REGEX_FUNCTIONS: readonly ScalarFunction[] = [
  regexFunction(
    'regexp_like',
    [],
    'Whether a text has a match of a pattern.',
    [["regexp_like('Hello World', 'world$', 'i')", 'true']],
    2,
    BOOL,
    ([text, pattern], flags) => likeRegex(pattern!, flags).test(text!),
    'propagate',
    (call) => testTexts(call, ([pattern, flags]) => likeRegex(pattern!, flags ?? ''), false),
  ),
  regexFunction(
    'regexp_replace',
    [],
    'Replaces the first match of a pattern, with the flag g all; \\1 to \\9 are its groups.',
    [
      ["regexp_replace('foobarbaz', 'b(..)', 'X\\1Y', 'g')", 'fooXarYXazY'],
      ["regexp_replace('Thomas', '.[mN]a.', 'M')", 'ThM'],
    ],
    3,
    UTF8,
    ([text, pattern, replacement], flags) => regexOf(pattern!, flags).replace(text!, replacement!),
    'propagate',
    (call) => replaceTexts(call, regexOf),
  ),
  regexFunction(
    'regexp_match',
    [],
    'The groups of the first match of a pattern (the match, when it has none); NULL without a match.',
    [["regexp_match('foobarbequebaz', '(bar)(beque)')", '{bar,beque}']],
    2,
    listType(UTF8),
    ([text, pattern], flags) => firstMatch(text!, pattern!, flags),
    'always',
  ),
  regexFunction(
    'regexp_substr',
    [],
    'The first match of a pattern; NULL without a match.',
    [["regexp_substr('ABCDEF', 'c(.)(..)', 'i')", 'CDEF']],
    2,
    UTF8,
    ([text, pattern], flags) => {
      let found: string | null = null
      regexOf(pattern!, flags).each(text!, (matcher) => {
        found = matcher.group()
        return false
      })
      return found
    },
    'always',
  ),
  regexFunction(
    'regexp_split_to_array',
    [],
    'The fields of a text cut at the matches of a pattern.',
    [["regexp_split_to_array('hello  world', '\\s+')", '{hello,world}']],
    2,
    listType(UTF8),
    ([text, pattern], flags) => split(text!, pattern!, flags),
  ),
  regexFunction(
    'similar_to',
    [],
    'Whether the whole text matches an SQL pattern: % and _ as in LIKE, with | * + ? {m,n} ( ) [ ] beside them.',
    [
      ["similar_to('abc', '%(b|d)%')", 'true'],
      ["similar_to('abc', '(b|c)%')", 'false'],
    ],
    2,
    BOOL,
    ([text, pattern, escape]) => similarRegex(pattern!, escape).test(text!),
    'propagate',
    (call) => testTexts(call, ([pattern, escape]) => similarRegex(pattern!, escape), false),
  ),
  operator('~', 'Whether a text has a match of a pattern.', '', false),
  operator('~*', 'Whether a text has a match of a pattern, without regard to case.', 'i', false),
  operator('!~', 'Whether a text has no match of a pattern.', '', true),
  operator('!~*', 'Whether a text has no match of a pattern, without regard to case.', 'i', true),
]
