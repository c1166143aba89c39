import { Field, Schema } from 'apache-arrow'
import { expect, test } from 'vitest'
import {
  BytesVector,
  ColumnExpr,
  DictionaryVector,
  LikeExpr,
  LiteralExpr,
  RecordBatch,
  UTF8,
  callFunction,
  defaultFunctions,
  evaluatePredicate,
  literal,
  scalarAt,
  vectorOf,
  type Expr,
} from '../src/index.ts'
import { withRegion } from './expression-support.ts'

/** One is longer than two bytes count, and comes in a later batch. */
const entries = Array.from(
  { length: 60 },
  (_, i) => `${'é'.repeat(i === 50 ? 40_000 : i % 7)}${i % 3 === 0 ? 'needle' : 'nee'}${i}`,
)
const schema = new Schema([new Field('t', UTF8, true)])

test('what is known of the entries of a dictionary serves the batches that follow, in any order of rows', () => {
  const column = new ColumnExpr(0, 't', UTF8, true)
  const length = callFunction(defaultFunctions().scalar('length')!, [column])!
  const like = (negated: boolean): Expr =>
    new LikeExpr(column, new LiteralExpr(UTF8, '%needle%'), { negated, caseInsensitive: false, escape: null })
  const patterns = [like(false), like(true)]
  const replace = defaultFunctions().scalar('regexp_replace')!
  const replaced = ['é(n.*)', '(e+)'].map(
    (pattern) =>
      [
        new RegExp(pattern, 'u'),
        callFunction(replace, [column, literal(pattern), literal(String.raw`<\1>`)])!,
      ] as const,
  )
  let rows = 0
  withRegion((region) => {
    const content = {}
    for (let batch = 0; batch < 8; batch++) {
      const plain = vectorOf(UTF8, entries, region) as BytesVector
      const bytes = batch % 2 === 0 ? plain.bytes : () => plain.bytes
      const dictionary = new BytesVector(UTF8, entries.length, null, plain.offsets, bytes, content)
      const codes = region.u32(40)
      for (let i = 0; i < codes.length; i++) codes[i] = (i * 7 + batch * 11) % (batch < 4 ? 30 : entries.length)
      const nulls = vectorOf(
        UTF8,
        Array.from(codes, (_, i) => (i % 5 === 0 ? null : '')),
        region,
      )
      const vector = new DictionaryVector(UTF8, codes.length, nulls.validity, codes, dictionary, false)
      const selection = batch % 2 === 0 ? null : Uint32Array.from(codes.keys()).filter((i) => i % 3 !== 0)
      const input = new RecordBatch(schema, [vector], codes.length, selection, region)
      const own = [...(selection ?? codes.keys())]
      const texts = own.map((i) => (i % 5 === 0 ? null : entries[codes[i]!]!))
      const lengths = length.evaluate(input, selection, region)
      expect(own.map((i) => scalarAt(lengths, i))).toEqual(texts.map((text) => (text === null ? null : text.length)))
      // some twice before the other, whose texts then take the place of its
      const [pattern, replacing] = replaced[batch % 4 < 2 ? 0 : 1]!
      const changed = replacing.evaluate(input, selection, region)
      expect(own.map((i) => scalarAt(changed, i))).toEqual(texts.map((text) => text?.replace(pattern, '<$1>') ?? null))
      for (const [k, pattern] of patterns.entries()) {
        const expected = own.filter((_, i) => texts[i] != null && texts[i]!.includes('needle') === (k === 0))
        expect([...evaluatePredicate(pattern, input, region)]).toEqual(expected)
        rows += expected.length
      }
    }
  })
  expect(rows).toBeGreaterThan(100)
})
