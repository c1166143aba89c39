import { describe, expect, test } from 'vitest'
import { parseQueryAst } from '../src/query-dsl/ast-json.ts'
import { type Json, parseJsonBody } from '../src/query-dsl/body.ts'
import { parseDslQuery } from '../src/query-dsl/dsl-query.ts'
import { resolveQuery } from '../src/query-dsl/resolve-query.ts'

const dsl = (query: unknown): unknown => parseDslQuery(parseJsonBody(JSON.stringify(query)))
const fullText = (field: string, text: string, mode: object, more: object = {}): object => ({
  type: 'full_text',
  field,
  text,
  params: { mode, ...more },
  lenient: false,
})

describe('queries of the DSL', () => {
  test.each<[object, object]>([
    [{ match_all: {} }, { type: 'match_all' }],
    [{ match_all: { boost: 2 } }, { type: 'boost', underlying: { type: 'match_all' }, boost: 2 }],
    [{ match_none: null }, { type: 'match_none' }],
    [{ term: { n: 5 } }, { type: 'term', field: 'n', value: '5' }],
    [
      { term: { a: { value: 'x.', boost: 1.5 } } },
      { type: 'boost', underlying: { type: 'term', field: 'a', value: 'x.' }, boost: 1.5 },
    ],
    [{ term: { a: { value: 'x.', case_insensitive: true } } }, { type: 'regex', field: 'a', regex: '(?i)x\\.' }],
    [{ terms: { a: ['y', 'x', 1, 'x'] } }, { type: 'term_set', terms_per_field: { a: ['1', 'x', 'y'] } }],
    [{ terms: { a: 'x' } }, { type: 'term_set', terms_per_field: { a: ['x'] } }],
    [{ match: { a: 'x y' } }, fullText('a', 'x y', { type: 'bool', operator: 'Or' })],
    [{ match: { a: 7 } }, fullText('a', '7', { type: 'bool', operator: 'Or' })],
    [
      { match: { a: { query: 'x', operator: 'AND', zero_terms_query: 'all' } } },
      fullText('a', 'x', { type: 'bool', operator: 'And' }, { zero_terms_query: 'all' }),
    ],
    [{ match_phrase: { a: 'x y' } }, fullText('a', 'x y', { type: 'phrase' })],
    [
      { match_phrase: { a: { query: 'x y', slop: 2, analyzer: 'raw' } } },
      fullText('a', 'x y', { type: 'phrase', slop: 2 }, { tokenizer: 'raw' }),
    ],
    [
      { match_bool_prefix: { a: 'x y' } },
      fullText('a', 'x y', { type: 'bool_prefix', operator: 'Or', max_expansions: 50 }),
    ],
    [
      { match_phrase_prefix: { a: { query: 'x y', max_expansions: 3 } } },
      {
        type: 'phrase_prefix',
        field: 'a',
        phrase: 'x y',
        max_expansions: 3,
        params: { mode: { type: 'phrase' } },
        lenient: false,
      },
    ],
    [
      { multi_match: { query: 'x', fields: ['a', 'b'], type: 'phrase' } },
      { type: 'bool', should: [fullText('a', 'x', { type: 'phrase' }), fullText('b', 'x', { type: 'phrase' })] },
    ],
    [{ exists: { field: 'a.b' } }, { type: 'field_presence', field: 'a.b' }],
    [{ regexp: { a: 'x.*' } }, { type: 'regex', field: 'a', regex: 'x.*' }],
    [{ regexp: { a: { value: 'x', case_insensitive: true } } }, { type: 'regex', field: 'a', regex: '(?i)x' }],
    [{ wildcard: { a: 'x*' } }, { type: 'wildcard', field: 'a', value: 'x*', lenient: true, case_insensitive: false }],
    [
      { prefix: { a: { value: 'x*?\\', case_insensitive: true } } },
      { type: 'wildcard', field: 'a', value: 'x\\*\\?\\\\*', lenient: true, case_insensitive: true },
    ],
    [
      { range: { n: { gte: 1, lt: 2.5 } } },
      { type: 'range', field: 'n', lower_bound: { Included: 1n }, upper_bound: { Excluded: 2.5 } },
    ],
    [
      { range: { n: { from: 1, to: null, include_lower: false } } },
      { type: 'range', field: 'n', lower_bound: { Excluded: 1n }, upper_bound: 'Unbounded' },
    ],
    [
      { range: { t: { gt: '2026/03/01 10:30 +0100', lte: 5, format: 'yyyy/MM/dd HH:mm Z', boost: 3 } } },
      {
        type: 'boost',
        underlying: {
          type: 'range',
          field: 't',
          lower_bound: { Excluded: '2026-03-01T09:30:00Z' },
          upper_bound: { Included: 5n },
        },
        boost: 3,
      },
    ],
    [
      { range: { t: { gte: '2026-03', format: 'strict_date_optional_time' } } },
      { type: 'range', field: 't', lower_bound: { Included: '2026-03-01T00:00:00Z' }, upper_bound: 'Unbounded' },
    ],
    [
      { query_string: { query: 'x', default_field: 'a' } },
      { type: 'user_input', user_text: 'x', default_fields: ['a'], default_operator: 'Or', lenient: false },
    ],
    [
      { bool: { must: { exists: { field: 'a' } }, filter: null, must_not: [], boost: 2, adjust_pure_negative: 1 } },
      { type: 'bool', must: [{ type: 'field_presence', field: 'a' }] },
    ],
  ])('%j', (query, ast) => {
    expect(dsl(query)).toEqual(ast)
  })

  test.each<[number | string, number | undefined | null]>([
    [1, 1],
    [0, 0],
    [3, 3],
    [4, null],
    [-1, 2],
    [-3, undefined],
    ['67%', 2],
    ['-34%', 2],
    ['100%', 3],
    ['-20%', 0],
  ])('of three clauses, at least %s is %s', (minimum, expected) => {
    const each = { exists: { field: 'a' } }
    const ast = dsl({ bool: { should: [each, each, each], minimum_should_match: minimum } })
    if (expected === null) expect(ast).toEqual({ type: 'match_none' })
    else expect((ast as { minimum_should_match?: number }).minimum_should_match).toBe(expected)
  })

  test.each<[object, string]>([
    [{ fuzzy: { a: 'x' } }, 'unknown variant `fuzzy`, expected one of `query_string`, `bool`'],
    [{ match: { a: { query: 'x', fuzziness: 1 } } }, 'unknown field `fuzziness`, expected one of `query`, `operator`'],
    [{ match: { a: {} } }, 'missing field `query`'],
    [{ match: { a: 'x', b: 'y' } }, 'expected a single field. got several (a, b, ...)'],
    [{ match: {} }, 'expected a single field. got none'],
    [{ match: { a: { query: 'x', operator: 'xor' } } }, 'unknown variant `xor`, expected one of `And`, `AND`'],
    [{ term: { a: 1.5 } }, 'invalid type: floating point `1.5`, expected string or map'],
    [{ match_phrase: { a: { query: 'x', slop: -1 } } }, 'invalid value: integer `-1`, expected u32'],
    [{ range: { n: { above: 1 } } }, 'unknown field `above`, expected one of `gt`, `gte`'],
    [{ range: { n: { gt: 1, gte: 2 } } }, 'both gt and gte are set'],
    [{ range: { n: { gt: 'x', format: 'yyyy' } } }, 'Failed to parse date time'],
    [{ range: { n: { gt: 'x', format: 'kk' } } }, "unrecognized token 'kk'"],
    [{ multi_match: { query: 'x', fields: ['a^2'] } }, 'does not support field boosting in the multi match query'],
    [{ multi_match: { query: 'x' } }, 'must have at least one field'],
    [{ query_string: { query: 'x', fields: ['a'], default_field: 'b' } }, 'cannot be both set'],
    [{ bool: { should: [], minimum_should_match: '2<75%' } }, 'Unsupported minimum should match dsl 2<75%'],
    [{ bool: { must: [{ nested: {} }] } }, 'unknown variant `nested`'],
    [{ match_all: { boost: 'x' } }, 'invalid type: string "x", expected f32'],
  ])('%j is refused: %s', (query, message) => {
    expect(() => dsl(query)).toThrow(message)
  })

  test('bodies are not followed into any depth', () => {
    expect(() => parseJsonBody('['.repeat(128))).toThrow('recursion limit exceeded')
    expect(parseJsonBody(`${'['.repeat(127)}"[{\\"[{"${']'.repeat(127)}`)).toHaveLength(1)
  })

  test('integers of 64 bits keep all digits', () => {
    const query = parseJsonBody('{"range":{"n":{"gte":18446744073709551615,"lt":1.0}}}')
    expect(parseDslQuery(query)).toMatchObject({
      lower_bound: { Included: 18446744073709551615n },
      upper_bound: { Excluded: '1.0' },
    })
  })
})

describe('query ASTs as JSON', () => {
  test.each<object>([
    { type: 'match_all' },
    {
      type: 'bool',
      must: [{ type: 'term', field: 'a', value: '1' }],
      must_not: [{ type: 'match_none' }],
      should: [{ type: 'regex', field: 'a', regex: 'x' }],
      filter: [{ type: 'field_presence', field: 'a' }],
      minimum_should_match: 1,
    },
    fullText('a', 'x', { type: 'phrase', slop: 1 }, { tokenizer: 'raw', zero_terms_query: 'all' }),
    fullText('a', 'x', { type: 'phrase_fallback_to_intersection' }),
    { type: 'range', field: 'a', lower_bound: 'Unbounded', upper_bound: { Included: 'x' } },
    { type: 'term_set', terms_per_field: { a: ['x', 'y'] } },
    { type: 'wildcard', field: 'a', value: 'x*', lenient: true, case_insensitive: false },
    { type: 'boost', underlying: { type: 'match_all' }, boost: 1.5 },
    { type: 'cache', inner: { type: 'match_all' } },
    { type: 'user_input', user_text: 'x', default_operator: 'And', lenient: false },
  ])('%j comes back', (ast) => {
    expect(parseQueryAst(parseJsonBody(JSON.stringify(ast)))).toEqual(ast)
  })

  test('texts in it are parsed, and nodes that are to be cached are taken apart', () => {
    const ast = {
      type: 'bool',
      filter: [
        { type: 'cache', inner: { type: 'user_input', user_text: 'x b:1', default_operator: 'OR', lenient: true } },
      ],
    }
    expect(resolveQuery(parseQueryAst(ast as Json), ['d'])).toEqual({
      type: 'bool',
      filter: [
        {
          type: 'bool',
          should: [
            { ...fullText('d', 'x', { type: 'phrase_fallback_to_intersection' }), lenient: true },
            { ...fullText('b', '1', { type: 'phrase_fallback_to_intersection' }), lenient: true },
          ],
        },
      ],
    })
  })

  test.each<[object, string]>([
    [{ type: 'nested' }, 'unknown variant `nested`'],
    [{ type: 'term', field: 'a' }, 'missing field `value`'],
    [fullText('a', 'x', { type: 'phrase' }, { fuzziness: 1 }), 'unknown field `fuzziness`'],
    [{ type: 'full_text', field: 'a', text: 'x', params: { mode: { type: 'phrase' } } }, 'missing field `lenient`'],
    [{ type: 'range', field: 'a', lower_bound: { At: 1 }, upper_bound: 'Unbounded' }, 'unknown variant `At`'],
  ])('%j is refused: %s', (ast, message) => {
    expect(() => parseQueryAst(parseJsonBody(JSON.stringify(ast)))).toThrow(message)
  })
})
