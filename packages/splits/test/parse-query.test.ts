import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseQuickwitQuery } from '../src/query-language/parse.ts'
import { fieldsOfQuery, type QueryAst } from '../src/query-language/query-ast.ts'

/** An AST in short: enough to see how a query was understood. */
function short(ast: QueryAst): string {
  switch (ast.type) {
    case 'match_all':
      return 'ALL'
    case 'match_none':
      return 'NONE'
    case 'bool': {
      const list = (sign: string, asts: readonly QueryAst[] | undefined): string[] =>
        (asts ?? []).map((each) => sign + short(each))
      return `(${[...list('+', ast.must), ...list('', ast.should), ...list('-', ast.must_not)].join(' ')})`
    }
    case 'boost':
      return `${short(ast.underlying)}^${ast.boost}`
    case 'full_text': {
      const { mode } = ast.params
      const quote = mode.type === 'phrase' ? '"' : mode.type === 'bool' ? "'" : ''
      return `${ast.field}=${quote}${ast.text}${quote}${mode.type === 'phrase' && mode.slop ? `~${mode.slop}` : ''}`
    }
    case 'phrase_prefix':
      return `${ast.field}="${ast.phrase}"*`
    case 'term_set':
      return Object.entries(ast.terms_per_field)
        .map(([field, terms]) => `${field} IN [${terms.join('|')}]`)
        .join(' ')
    case 'range': {
      const side = (bound: typeof ast.lower_bound, open: string): string =>
        bound === 'Unbounded'
          ? '*'
          : 'Included' in bound
            ? `${open === 'l' ? '[' : ''}${bound.Included}${open === 'u' ? ']' : ''}`
            : `${open === 'l' ? '{' : ''}${bound.Excluded}${open === 'u' ? '}' : ''}`
      return `${ast.field} ${side(ast.lower_bound, 'l')}..${side(ast.upper_bound, 'u')}`
    }
    case 'field_presence':
      return `${ast.field} EXISTS`
    case 'wildcard':
      return `${ast.field}~${ast.value}`
    case 'regex':
      return `${ast.field}/${ast.regex}/`
    case 'term':
      return `${ast.field}==${ast.value}`
  }
}

describe('a query is understood as', () => {
  test.each([
    ['*', 'ALL'],
    ['', 'NONE'],
    ['  ', 'NONE'],
    ['timeout', 'd=timeout'],
    ['a b', '(+d=a +d=b)'],
    ['a OR b', '(d=a d=b)'],
    ['a AND b OR c', '((+d=a +d=b) d=c)'],
    ['a OR b AND c', '(d=a (+d=b +d=c))'],
    ['a AND (b OR c)', '(+d=a +(d=b d=c))'],
    ['a AND NOT b', '(+d=a +(-d=b))'],
    ['NOT NOT a', '(-(-d=a))'],
    ['+a -b', '(+d=a -d=b)'],
    ['-a', '(-d=a)'],
    ['-5', 'd=-5'],
    [
      '(x:ERROR OR x:FATAL) AND s:checkout AND NOT body.message:disk',
      '(+(x=ERROR x=FATAL) +s=checkout +(-body.message=disk))',
    ],
    ['x:a^3 OR x:b', '(x=a^3 x=b)'],
    ['x:a^2.5', 'x=a^2.5'],
    ['x:"cache miss"', 'x="cache miss"'],
    ['x:"a b"~2', 'x="a b"~2'],
    ['x:"a b"~0', 'x="a b"'],
    ['x:"a b"*', 'x="a b"*'],
    ["x:'a b'", "x='a b'"],
    ['x:"say \\"hi\\""', 'x="say "hi""'],
    ['n:>=17', 'n [17..*'],
    ['n:> 17', 'n {17..*'],
    ['n:<-5', 'n *..-5}'],
    ['n:{9 TO 17]', 'n {9..17]'],
    ['n:[* TO 5}', 'n *..5}'],
    ['n:[-10 TO 10]', 'n [-10..10]'],
    ['t:[2026-03-01T00:00:00Z TO 2026-03-01T02:00:00Z]', 't [2026-03-01T00:00:00Z..2026-03-01T02:00:00Z]'],
    ['t:["2026-03-01 00:00:00" TO *]', 't [2026-03-01 00:00:00..*'],
    ['s: IN [cart "a b" email]', 's IN [cart|a b|email]'],
    ['s:IN []', 's IN []'],
    ['IN [a b]', 'd IN [a|b]'],
    ['x:*', 'x EXISTS'],
    ['x:c*', 'x~c*'],
    ['x:c?rt', 'x~c?rt'],
    ['x:a\\*b', 'x=a*b'],
    ['x:a\\*b*', 'x~a\\*b*'],
    ['x:/(cart|check.*)/', 'x/(cart|check.*)/'],
    ['x:/a\\/b/ AND y:1', '(+x/a/b/ +y=1)'],
    ['path:/api/v1', 'path=/api/v1'],
    ['dotted\\.name:dn-2', 'dotted\\.name=dn-2'],
    ['j.k8s\\.io/name:pod-3', 'j.k8s\\.io/name=pod-3'],
    ['x:ERROR\\:3', 'x=ERROR:3'],
    ['x:Foo\\-Bar', 'x=Foo-Bar'],
    ['x:a\\ b', 'x=a b'],
    ['x:(a b)', '(+x=a +x=b)'],
    ['x:(a OR -b)', '(x=a -x=b)'],
    ['body.message:東京都', 'body.message=東京都'],
    ['ORDER', 'd=ORDER'],
    ['NOTE:1', 'NOTE=1'],
    ['x:INDEX', 'x=INDEX'],
    ['a*', 'd~a*'],
    ["it's", "d=it's"],
  ])('%s', (text, expected) => {
    expect(short(parseQuickwitQuery(text, ['d']))).toBe(expected)
  })

  test('words without a field go to every default field', () => {
    expect(short(parseQuickwitQuery('a x:b', ['p', 'q']))).toBe('(+(p=a q=a) +x=b)')
    expect(() => parseQuickwitQuery('x:b', [])).not.toThrow()
    expect(() => parseQuickwitQuery('a', [])).toThrow(/needs default search fields/)
  })

  test('the default operator can be OR', () => {
    expect(short(parseQuickwitQuery('a b', ['d'], { defaultOperator: 'Or' }))).toBe('(d=a d=b)')
  })

  test('the AST is the JSON that Quickwit has', () => {
    expect(parseQuickwitQuery('a:x AND n:<5', [])).toEqual({
      type: 'bool',
      must: [
        {
          type: 'full_text',
          field: 'a',
          text: 'x',
          params: { mode: { type: 'phrase_fallback_to_intersection' } },
          lenient: false,
        },
        { type: 'range', field: 'n', lower_bound: 'Unbounded', upper_bound: { Excluded: '5' } },
      ],
    })
    expect(fieldsOfQuery(parseQuickwitQuery('a:1 OR (b:2 AND NOT a:3) OR c:IN [1]^2', []))).toEqual(['a', 'b', 'c'])
  })
})

test.each([
  ['x:(', 'a clause is missing at character 4'],
  ['(a', 'a closing parenthesis is missing'],
  ['a)', 'unexpected ")" at character 2'],
  ['x:"a', 'the closing " is missing at character 3'],
  ['x:[1 2]', 'TO is missing'],
  ['x:[1 TO 2', 'not closed'],
  ['x:IN [a', 'not closed by ]'],
  ['AND a', 'AND needs a clause before it'],
  ['a AND', 'a word is missing'],
  ['x:', 'a word is missing'],
  ['x:a^b', 'a number is missing after ^'],
  ['x:a\\', 'a character is missing after \\'],
])('%s is an error: %s', (text, message) => {
  expect(() => parseQuickwitQuery(text, ['d'])).toThrow(message)
  try {
    parseQuickwitQuery(text, ['d'])
  } catch (error) {
    expect(error).toMatchObject({ code: '42601' })
  }
})

test('any text parses or is a syntax error, in time', () => {
  const parts = fc.constantFrom(
    'a',
    'b:',
    '(',
    ')',
    '"',
    "'",
    ' ',
    ' AND ',
    ' OR ',
    'NOT ',
    '+',
    '-',
    '*',
    '[',
    ']',
    ' TO ',
    '{',
    '}',
    '^2',
    '~1',
    '\\',
    '/',
    '>',
    '=',
    'IN ',
    '?',
  )
  let parsed = 0
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 12 }), (pieces) => {
      try {
        parseQuickwitQuery(pieces.join(''), ['d'])
        parsed++
      } catch (error) {
        expect(error).toMatchObject({ code: '42601' })
      }
    }),
    { numRuns: 500 },
  )
  expect(parsed).toBeGreaterThan(20)
  expect(() => parseQuickwitQuery('('.repeat(5000), ['d'])).toThrow(/nested more than/)
  expect(() => parseQuickwitQuery('NOT '.repeat(5000), ['d'])).toThrow(/nested more than/)
})
