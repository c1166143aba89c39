import { expect, test } from 'vitest'
import {
  callFunction,
  ColumnExpr,
  defaultFunctions,
  INT64,
  JSON_TYPE,
  literal,
  LiteralExpr,
  UTF8,
  type ScalarValue,
} from '../src/index.ts'
import { batchOf, errorCode, valueOf, valuesOf, withRegion } from './expression-support.ts'

const functions = defaultFunctions()

function call(name: string, ...args: readonly ScalarValue[]): ScalarValue {
  return valueOf(
    callFunction(
      functions.scalar(name)!,
      args.map((arg) => literal(arg, arg === null ? UTF8 : undefined)),
    )!,
  )
}

test('a pattern that blows up a backtracking matcher is matched in linear time', () => {
  const text = `${'a'.repeat(50_000)}!`
  expect(call('regexp_like', text, '^(a+)+$')).toBe(false)
  expect(call('regexp_count', text, '(a|aa)+')).toBe(1)
})

test('patterns follow PostgreSQL where RE2 can', () => {
  expect(
    call('regexp_replace', 'https://www.google.com/a/b', String.raw`^https?://(?:www\.)?([^/]+)/.*$`, String.raw`\1`),
  ).toBe('google.com')
  expect(call('regexp_like', 'a\nb', 'a.b')).toBe(true)
  expect(call('regexp_like', 'a\nb', 'a.b', 'n')).toBe(false)
  expect(call('regexp_replace', 'aaa', 'a', String.raw`<\&>`, 'g')).toBe('<a><a><a>')
  expect(call('regexp_replace', 'aaa', 'b*', '-', 'g')).toBe('-a-a-a-')
  expect(call('regexp_match', 'x', '(y)')).toBe(null)
  expect(call('regexp_match', 'x', '(y)|(x)')).toEqual([null, 'x'])
  expect(call('regexp_like', null, 'x')).toBe(null)
  expect(call('~*', 'ABC', 'b')).toBe(true)
  expect(call('!~', 'ABC', 'b')).toBe(true)
  expect(errorCode(() => call('regexp_like', 'x', '('))).toBe('2201B')
  expect(errorCode(() => call('regexp_like', 'x', String.raw`(a)\1`))).toBe('2201B')
  expect(errorCode(() => call('regexp_like', 'x', 'x', 'q'))).toBe('22023')
})

test('JSON values keep their digits and spelling', () => {
  const document =
    '{"a": 12345678901234567890.10, "k\\u0065y": "\\u00e9\\n", "n": null, "o": {"x.y": [1, {"z": true}]}, "a ": 1e3}'
  const column = new ColumnExpr(0, 'j', JSON_TYPE, true)
  const get = (name: string, ...steps: readonly ScalarValue[]): ScalarValue[] =>
    withRegion((region) => {
      const expr = callFunction(functions.scalar(name)!, [
        column,
        ...steps.map((step) => (typeof step === 'bigint' ? new LiteralExpr(INT64, step) : literal(step))),
      ])!
      return valuesOf(
        expr,
        batchOf([{ type: JSON_TYPE, values: [document, null, '[10, 20, [30]]', '"text"'] }], region),
      )
    })
  expect(get('->', 'a')).toEqual(['12345678901234567890.10', null, null, null])
  expect(get('->>', 'a ')).toEqual(['1e3', null, null, null])
  expect(get('->>', 'key')).toEqual(['é\n', null, null, null])
  expect(get('->', 'key')).toEqual([String.raw`"\u00e9\n"`, null, null, null])
  expect(get('->', 'n')).toEqual(['null', null, null, null])
  expect(get('->>', 'n')).toEqual([null, null, null, null])
  expect(get('->', 'o', 'x.y', 1n)).toEqual(['{"z": true}', null, null, null])
  expect(get('->>', 'o', 'x.y', 1n, 'z')).toEqual(['true', null, null, null])
  expect(get('->', -1n)).toEqual([null, null, '[30]', null])
  expect(get('->>', 5n)).toEqual([null, null, null, null])
  expect(get('json_typeof')).toEqual(['object', null, 'array', 'string'])
})

test('JSON that is cut off raises and is not read beyond its end', () => {
  for (const text of ['{"a"', '{"a": ', '{"a": "x', '{"b": tru', '{"b": 1', '{"b": "\\u12']) {
    const call = callFunction(functions.scalar('->')!, [new LiteralExpr(JSON_TYPE, text), literal('zz')])!
    expect(errorCode(() => valueOf(call))).toBe('22P02')
  }
  const list = callFunction(functions.scalar('->')!, [new LiteralExpr(JSON_TYPE, '[1, '), literal(7)])!
  expect(errorCode(() => valueOf(list))).toBe('22P02')
})
