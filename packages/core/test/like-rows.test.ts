import { Arena, Region } from '@volley/kernels'
import { expect, test } from 'vitest'
import { Field, Schema } from 'apache-arrow'
import {
  ColumnExpr,
  DictionaryVector,
  LikeExpr,
  literal,
  RecordBatch,
  UTF8,
  vectorOf,
  type BytesVector,
} from '../src/index.ts'

const PATTERNS = ['%ab%ba%', 'a%bb%', '%aa%b', '%a_b%ab%', '%aba%a%', '_%ab%', '%_b%a', 'ab%ba%ab', '%bb%%aa%']

test('rows without the bytes that a pattern needs are left out, and no other', () => {
  const arena = new Arena({ reserveBytes: 4 << 20, poison: true })
  const schema = new Schema([new Field('t', UTF8, true)])
  const column = new ColumnExpr(0, 't', UTF8, true)
  let state = 5
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8
  let matched = 0
  let missed = 0
  for (let round = 0; round < 40; round++) {
    const region = new Region(arena)
    const texts = Array.from({ length: 90 }, () =>
      next() % 9 === 0
        ? null
        : Array.from({ length: next() % 12 }, () => 'abé'[next() % (round % 3 === 0 ? 3 : 2)]).join(''),
    )
    const plain = vectorOf(UTF8, texts, region) as BytesVector
    const codes = region.u32(texts.length)
    for (let row = 0; row < codes.length; row++) codes[row] = row
    // Of codes, each entry is tested by itself.
    const coded = new DictionaryVector(UTF8, texts.length, plain.validity, codes, plain, false)
    const chosen = region.u32(60)
    for (let k = 0; k < chosen.length; k++) chosen[k] = k + (k >>> 1)
    for (const pattern of PATTERNS) {
      const selection = next() % 2 === 0 ? null : chosen
      const options = { negated: next() % 2 === 0, caseInsensitive: false, escape: null }
      const expr = new LikeExpr(column, literal(pattern), options)
      const [found, expected] = [plain, coded].map((vector) => [
        ...expr.select(new RecordBatch(schema, [vector], texts.length, selection, region), selection, region),
      ])
      expect(found, pattern).toEqual(expected)
      matched += found!.length
      missed += (selection ?? texts).length - found!.length
    }
    region.release()
  }
  expect(Math.min(matched, missed)).toBeGreaterThan(3000)
  expect(arena.liveBytes).toBe(0)
})
