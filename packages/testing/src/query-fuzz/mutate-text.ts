import type { Random } from './random.ts'

const PIECES = [
  '(',
  ')',
  ',',
  '.',
  ';',
  "'",
  '"',
  '--',
  '/*',
  '*/',
  '$1',
  '::',
  '||',
  '->',
  '->>',
  '@@',
  '[',
  ']',
  '{',
  '}',
  '\\',
  '\0',
  '\u{1F600}',
  '\ud800',
  'NULL',
  'SELECT',
  'FROM',
  'WHERE',
  'GROUP BY',
  'ORDER BY',
  'UNION',
  'NOT',
  'CASE',
  'END',
  'AS',
  'LATERAL',
  'OVER',
  'FILTER',
  'DISTINCT',
  'INTERVAL',
  'CAST',
  'ARRAY',
  'ROW',
  'VALUES',
  'WITH RECURSIVE',
  'EXISTS',
  '*',
  '0',
  '-1',
  '1e400',
  '99999999999999999999999999999999999999999',
  '9223372036854775808',
  '0x1',
  '1.',
  'nan',
  'infinity',
]

/** A query with some tokens left out, doubled, exchanged, put in or cut. */
export function mutateText(random: Random, sql: string): string {
  let tokens: string[] = sql.match(/\w+|\s+|'[^']*'|./gsu) ?? []
  for (let times = 1 + random.below(4); times > 0; times--) {
    const at = random.below(tokens.length + 1)
    const other = random.below(tokens.length + 1)
    const kinds = [
      () => tokens.toSpliced(at, 1 + random.below(3)),
      () => tokens.toSpliced(at, 0, ` ${random.pick(PIECES)} `),
      () => tokens.toSpliced(at, 1, random.pick(PIECES)),
      () => tokens.toSpliced(at, 0, ...tokens.slice(other, other + 1 + random.below(8))),
      () => tokens.slice(0, at),
      () => tokens.with(Math.min(at, Math.max(0, tokens.length - 1)), tokens[other] ?? ''),
    ]
    if (tokens.length === 0) break
    tokens = random.pick(kinds)()
  }
  return tokens.join('')
}
