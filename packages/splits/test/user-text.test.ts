import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Bound, QueryAst } from '../src/query-language/query-ast.ts'
import { parseUserText, UserTextError } from '../src/query-language/user-text.ts'

const parse = (text: string, fields: readonly string[] = ['d']): QueryAst =>
  parseUserText(text, fields, { defaultOperator: 'And', lenient: false })

/** A short form of an AST. */
function short(ast: QueryAst): string {
  switch (ast.type) {
    case 'match_all':
      return '*'
    case 'match_none':
      return '-*'
    case 'bool': {
      const clauses = (sign: string, list: readonly QueryAst[] = []): string[] => list.map((each) => sign + short(each))
      return `(${[...clauses('+', ast.must), ...clauses('', ast.should), ...clauses('-', ast.must_not)].join(' ')})`
    }
    case 'boost':
      return `${short(ast.underlying)}^${ast.boost}`
    case 'term':
      return `${ast.field}==${ast.value}`
    case 'term_set':
      return Object.entries(ast.terms_per_field)
        .map(([field, values]) => `${field} IN ${values.join('|')}`)
        .join(' ')
    case 'full_text': {
      const { mode } = ast.params
      const quote = mode.type === 'phrase' ? '"' : mode.type === 'bool' ? "'" : ''
      return `${ast.field}=${quote}${ast.text}${quote}${mode.type === 'phrase' && mode.slop ? `~${mode.slop}` : ''}`
    }
    case 'phrase_prefix':
      return `${ast.field}="${ast.phrase}"*`
    case 'range': {
      const side = (bound: Bound): string =>
        bound === 'Unbounded' ? '*' : 'Included' in bound ? `=${bound.Included}` : `${bound.Excluded}`
      return `${ast.field}[${side(ast.lower_bound)}..${side(ast.upper_bound)}]`
    }
    case 'field_presence':
      return `${ast.field}?`
    case 'wildcard':
      return `${ast.field}~${ast.value}`
    case 'regex':
      return `${ast.field}/${ast.regex}/`
  }
}

describe("a text by Quickwit's grammar", () => {
  test.each([
    ['', '()'],
    ['*', '*'],
    ['NOT *', '(-*)'],
    ['a b', '(+d=a +d=b)'],
    ['a OR b AND c', '(d=a (+d=b +d=c))'],
    ['a OR -b', '(d=a (-d=b))'],
    ['+a -b', '(+d=a -d=b)'],
    ['a AND a', '(+d=a)'],
    ['x:(a b)', '(+x=a +x=b)'],
    ['x:(a OR y:b *)', '(+x? x=a y=b)'],
    ['x:*', 'x?'],
    ['x:a^2.5', 'x=a^2.5'],
    ['x:"a b"~2', 'x="a b"~2'],
    ['x:"a b"*', 'x="a b"*'],
    ["x:'a b'", "x='a b'"],
    ['x:c*t?', 'x~c*t?'],
    ['x:a\\*b', 'x=a\\*b'],
    ['x:ERROR\\:3', 'x=ERROR:3'],
    ['x:-5', 'x=-5'],
    ['x:>=5', 'x[=5..*]'],
    ['x:> 5', 'x[5..*]'],
    ['x:{1 TO 5]', 'x[1..=5]'],
    ['x:[* TO 5}', 'x[*..5]'],
    ['x:[2026-03-01T00:00:00Z TO 2026-03-02T00:00:00Z]', 'x[=2026-03-01T00:00:00Z..=2026-03-02T00:00:00Z]'],
    ['x: IN [b "a c" b]', 'x IN a c|b'],
    ['IN [a]', 'd IN a'],
    ['x:/a.*\\/b/', 'x/a.*/b/'],
    ['a.b\\:c:1', 'a.b:c=1'],
    ['dotted\\.name:1', 'dotted\\.name=1'],
  ])('%s', (text, expected) => {
    expect(short(parse(text))).toBe(expected)
  })

  test.each(['x:(', '(a', 'a)', '"a', 'x:["a b" TO "c d"]', 'x:[1 2]', 'AND a', 'a AND', 'x:', 'x:IN [a', 'a^', '"'])(
    '%s is no query',
    (text) => {
      expect(() => parse(text)).toThrow(new UserTextError(`failed to parse query: \`${text}\``))
    },
  )

  test('words without a field need a default field, and go to each', () => {
    expect(() => parse('a', [])).toThrow('query requires a default search field and none was supplied')
    expect(() => parse('>5', [])).toThrow('range query without field is not supported')
    expect(() => parse('/a/', ['x', 'y'])).toThrow('regex query with multiple fields is not supported')
    expect(short(parse('a', ['x', 'y']))).toBe('(x=a y=a)')
  })

  test('any text is a query or an error, in time', () => {
    const characters = [...'ab()"\'+-*[]{}\\/>=?1 ']
    const parts = fc.constantFrom(...characters.concat('b:', ' AND ', ' OR ', 'NOT ', ' TO ', '^2', '~1', 'IN '))
    let parsed = 0
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 14 }), (pieces) => {
        try {
          parse(pieces.join(''))
          parsed++
        } catch (error) {
          expect(error).toBeInstanceOf(UserTextError)
        }
      }),
      { numRuns: 500 },
    )
    expect(parsed).toBeGreaterThan(20)
    for (const deep of ['(', 'NOT ', '+(', 'x:(']) expect(() => parse(deep.repeat(5000))).toThrow(UserTextError)
  })
})
