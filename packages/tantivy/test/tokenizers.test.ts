import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RegexSyntaxError, TokenizerManager, type TokenizerDefinition } from '../src/index.ts'

const quickwit = TokenizerManager.quickwit()
const tantivy = TokenizerManager.tantivy()

function texts(manager: TokenizerManager, name: string, text: string): string[] {
  return manager
    .get(name)!
    .tokenize(text)
    .map((token) => token.text)
}

function custom(definition: TokenizerDefinition, text: string): string[] {
  return texts(TokenizerManager.quickwit([{ name: 'own', ...definition }]), 'own', text)
}

describe('tokenizers', () => {
  test('offsets count UTF-8 bytes, and a removed token leaves a hole in the positions', () => {
    expect(tantivy.get('default')!.tokenize(`é𝄞x ${'y'.repeat(40)} End`)).toEqual([
      { text: 'é', from: 0, to: 2, position: 0 },
      { text: 'x', from: 6, to: 7, position: 1 },
      { text: 'end', from: 49, to: 52, position: 3 },
    ])
  })

  test('lower-case has no rule for the last sigma', () => {
    expect(texts(quickwit, 'default', 'ΣΊΣΥΦΟΣ İ')).toEqual(['σίσυφοσ', 'i̇'])
  })

  test('raw keeps an empty text as a token; the limit is 255 bytes in Quickwit', () => {
    expect(texts(tantivy, 'raw', '')).toEqual([''])
    expect(texts(tantivy, 'raw', 'x'.repeat(300))).toHaveLength(1)
    expect(texts(quickwit, 'raw', 'x'.repeat(254))).toHaveLength(1)
    expect(texts(quickwit, 'raw', `${'x'.repeat(253)}é`)).toEqual([])
    expect(texts(TokenizerManager.quickwitNormalizers(), 'lowercase', 'ABC')).toEqual(['abc'])
  })

  test.for([
    ['whitespace', 'a\vb c\u00a0d\te', ['a\vb', 'c\u00a0d', 'e']],
    ['chinese_compatible', 'Hello你好bonjour', ['hello', '你', '好', 'bonjour']],
    ['source_code_default', 'PigCaféFactory2 RPCResult', ['pig', 'cafe', 'factory', '2', 'rpc', 'result']],
    ['source_code_with_hex', 'fa63bbbf-0fb9-ae6 aB12', ['fa63bbbf', '0fb9', 'ae', '6', 'a', 'b', '12']],
    ['unicode_segmenter', "can't 32.3 a_b c:d x,y 1,000", ["can't", '32.3', 'a_b', 'c:d', 'x', 'y', '1,000']],
    ['datadog', '世界 ミックス 👨‍👩‍👧 áé', ['世', '界', 'ミックス', 'áé']],
  ] as const)('%s', ([name, text, expected]) => {
    expect(texts(quickwit, name, text)).toEqual(expected)
  })

  test('English stems', () => {
    const words = 'running flies dying generalization happily relational hoping news skies arguing succeed wide'
    expect(texts(tantivy, 'en_stem', words)).toEqual(
      'run fli die general happili relat hope news sky argu succeed wide'.split(' '),
    )
  })

  test('the two forms of a tokenizer agree on every text', () => {
    let tokens = 0
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom('default', 'unicode_segmenter', 'source_code_with_hex'),
        (text, name) => {
          const tokenizer = quickwit.get(name)!
          const streamed: [string, number][] = []
          tokenizer.forEachToken(text, (token, position) => streamed.push([token, position]))
          const list = tokenizer.tokenize(text)
          expect(streamed).toEqual(list.map((token) => [token.text, token.position]))
          const bytes = new TextEncoder().encode(text)
          for (const { from, to } of list) expect(from < to && to <= bytes.length).toBe(true)
          tokens += list.length
        },
      ),
    )
    expect(tokens).toBeGreaterThan(50)
  })
})

describe('tokenizers of a doc mapping', () => {
  test('n-grams', () => {
    const definition = { type: 'ngram', min_gram: 2, max_gram: 3 }
    expect(custom({ ...definition, prefix_only: false }, 'hεllo')).toEqual([
      'hε',
      'hεl',
      'εl',
      'εll',
      'll',
      'llo',
      'lo',
    ])
    expect(custom({ ...definition, prefix_only: true }, 'hello')).toEqual(['he', 'hel'])
    expect(custom(definition, 'h')).toEqual([])
    expect(() => custom({ type: 'ngram', min_gram: 3, max_gram: 2 }, '')).toThrow('tokenizer own: n-grams of 3 to 2')
  })

  test('simple and source code, with filters in their order', () => {
    expect(custom({ type: 'simple', filters: ['lower_caser', 'ascii_folding'] }, 'Œuvre ÉA')).toEqual(['oeuvre', 'ea'])
    expect(custom({ type: 'source_code' }, 'aB')).toEqual(['a', 'B'])
    expect(() => custom({ type: 'simple', filters: ['stop'] }, '')).toThrow('unknown filter stop')
    expect(() => custom({ type: 'magic' }, '')).toThrow('unknown type magic')
  })

  test.for([
    ["'(?:\\w*)'", "'aaa' bbb 'ccc'", ["'aaa'", "'ccc'"]],
    ['\\d{2,3}|[a-c&&[^b]]+', '1234 aacb', ['123', 'aac']],
    ['(?i)x+?y', 'aXXY', ['XXY']],
    ['[[:alpha:]_.-]+', 'a.b-c d_e', ['a.b-c', 'd_e']],
    ['\\bfoo\\b', 'foo food foo', ['foo', 'foo']],
    ['^ab', 'ababxab', ['ab', 'ab']],
    ['a*', 'aab', ['aa']],
    ['\\p{Greek}+', 'abc αβγ', ['αβγ']],
    ['.', '𝄞a\n', ['𝄞', 'a']],
    ['a|ab', 'ab', ['a']],
  ] as const)('regex %s', ([pattern, text, expected]) => {
    expect(custom({ type: 'regex', pattern }, text)).toEqual(expected)
  })

  test('a pattern that makes other engines backtrack takes linear time', () => {
    expect(custom({ type: 'regex', pattern: '(a*)*b' }, 'a'.repeat(20_000).concat('c'))).toEqual([])
  })

  test.for(['(', 'a)', '[a', '(?=a)', '\\1', 'a{2,1}', '*', '(a{1000}){1000}'])('refuses %s', (pattern) => {
    expect(() => custom({ type: 'regex', pattern }, '')).toThrow(/^tokenizer own: regular expression/)
  })

  test('matches what a backtracking engine matches', () => {
    let matched = 0
    const piece = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(?:a|bc)', '(?:b|)', 'c')
    const pattern = fc
      .array(fc.tuple(piece, fc.constantFrom('', '*', '+', '?', '{1,2}', '*?', '+?')), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.map(([item, repeat]) => item + repeat).join(''))
    fc.assert(
      fc.property(pattern, fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd') }), (source, text) => {
        const tokens = custom({ type: 'regex', pattern: source }, text)
        const expected: string[] = []
        for (let rest = text; ;) {
          const match = new RegExp(source, 'u').exec(rest)
          if (match === null || match[0] === '') break
          expected.push(match[0])
          rest = rest.slice(match.index + match[0].length)
        }
        expect(tokens).toEqual(expected)
        matched += expected.length
      }),
      { seed: 20260722, numRuns: 300 },
    )
    expect(matched).toBeGreaterThan(100)
  })

  test('the error of a pattern keeps its class as cause', () => {
    try {
      custom({ type: 'regex', pattern: '(' }, '')
      expect.unreachable()
    } catch (error) {
      expect((error as Error).cause).toBeInstanceOf(RegexSyntaxError)
    }
  })
})
