import { readFileSync } from 'node:fs'
import { zstdDecompressSync, constants } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { ColumnValue } from '../src/mapping/column-value.ts'
import { DocumentReader, type DocumentRequest } from '../src/mapping/document-reader.ts'
import { checkQuery } from '../src/query-language/build-query.ts'
import { parseQuickwitQuery } from '../src/query-language/parse.ts'
import { matchAst } from '../src/query-language/text-queries.ts'
import { countOf, fixtures, openFixture } from './support.ts'

interface Plain {
  readonly n: number
  readonly msg: string
  readonly who: { readonly name: string; readonly age: number }
  readonly score: number
  readonly ok: boolean
  readonly at: string
  readonly list: readonly number[]
}

function source(): Plain[] {
  const packed = readFileSync(`${fixtures}/quickwit/plain.ndjson.zst`)
  const text = zstdDecompressSync(packed, { params: { [constants.ZSTD_d_windowLogMax]: 27 } }).toString()
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Plain)
}

const requests: readonly DocumentRequest[] = [
  { kind: 'column', name: 'n' },
  { kind: 'column', name: 'msg' },
  { kind: 'column', name: 'who.name' },
  { kind: 'column', name: 'who.age' },
  { kind: 'column', name: 'at' },
  { kind: 'path', name: '_dynamic', path: ['score'], text: true },
  { kind: 'path', name: '_dynamic', path: ['ok'], text: true },
  { kind: 'path', name: '_dynamic', path: ['list', 1], text: false },
  { kind: 'path', name: '_dynamic', path: ['nope'], text: true },
  { kind: 'column', name: 'nope' },
  { kind: 'path', name: '_source', path: ['who', 'name'], text: true },
]

test('columns of an evolved index are those of its documents, however each split holds them', async () => {
  const { mapping, splits } = await openFixture('quickwit/indexes', 'evolve')
  const rows: ColumnValue[][] = []
  for (const split of splits) {
    const reader = new DocumentReader(split.index.schema, mapping, requests)
    for (const segment of split.index.segments) {
      const store = await segment.store()
      await store.warm(Uint32Array.from({ length: segment.maxDoc }, (_, doc) => doc))
      for (let doc = 0; doc < segment.maxDoc; doc++) {
        const out: ColumnValue[] = []
        reader.read(store, doc, out)
        rows.push(out)
      }
    }
  }
  rows.sort((a, b) => Number((a[0] as bigint) - (b[0] as bigint)))
  const expected = source().map(({ n, msg, who, score, ok, at, list }) => [
    BigInt(n),
    msg,
    who.name,
    BigInt(who.age),
    BigInt(Date.parse(at) / 1000),
    String(score),
    String(ok),
    String(list[1]),
    null,
    null,
    who.name,
  ])
  // Quickwit parses some doubles one unit in the last place away.
  rows.forEach((row, k) => expect(Number(row[5])).toBeCloseTo(Number(expected[k]![5]), 12))
  const others = (row: readonly unknown[]): unknown[] => row.toSpliced(5, 1)
  expect(rows.map(others)).toEqual(expected.map(others))
})

describe('searching an evolved index', () => {
  test('each split by its own schema', async () => {
    const { mapping, splits } = await openFixture('quickwit/indexes', 'evolve')
    const documents = source()
    const count = async (text: string): Promise<number> => {
      const ast = parseQuickwitQuery(text, mapping.defaultSearchFields)
      checkQuery(ast, mapping)
      return countOf(ast, mapping, splits)
    }
    expect(await count('*')).toBe(500)
    expect(await count('who.name:ann')).toBe(documents.filter(({ who }) => who.name === 'ann').length)
    expect(await count('who.age:>=60 AND NOT who.name:bob')).toBe(
      documents.filter(({ who }) => who.age >= 60 && who.name !== 'bob').length,
    )
    expect(await count('n:[240 TO 260]')).toBe(21)
    expect(await count('n:>239.5 AND n:<260.5')).toBe(21)
    expect(await count('ok:true')).toBe(documents.filter(({ ok }) => ok).length)
    expect(await count('score:>0')).toBe(documents.filter(({ score }) => score > 0).length)
    expect(await count('at:[2026-03-01T00:00:00Z TO 2026-03-01T00:59:00Z]')).toBe(
      documents.filter(({ at }) => at < '2026-03-01T01').length,
    )
    expect(await count('who.name:b*')).toBe(documents.filter(({ who }) => who.name.startsWith('b')).length)
    expect(await count('who.name:?n*')).toBe(documents.filter(({ who }) => who.name[1] === 'n').length)
    expect(await count('who.name:*')).toBe(500)
    expect(await count('who:*')).toBe(500)
  })

  test('match asks for every token, in any order', async () => {
    const { mapping, splits } = await openFixture('demo/indexes', 'logs')
    const field = mapping.fields.find(({ tokenizer }) => tokenizer === 'default')!
    const column = field.name
    const path = field.type === 'json' ? ['message'] : []
    const one = await countOf(matchAst(mapping, column, path, 'payment'), mapping, splits)
    const both = await countOf(matchAst(mapping, column, path, 'payment timed'), mapping, splits)
    expect(await countOf(matchAst(mapping, column, path, 'TIMED, payment!'), mapping, splits)).toBe(both)
    expect(one).toBeGreaterThan(both)
    expect(await countOf(matchAst(mapping, column, path, ' '), mapping, splits)).toBe(0)
  })

  test.each([
    ['n:abc', /field n is an i64, but "abc" is not one/],
    ['at:nonsense', /field at is a date/],
    ['msg:[a TO b]', /a range cannot be searched in msg: the field is not fast/],
    ['msg.x:1', /field msg.x does not exist/],
    ['_dynamic:1', /is JSON and can be searched only by a path/],
  ])('%s is an error', async (text, message) => {
    const { mapping, splits } = await openFixture('quickwit/indexes', 'evolve')
    const ast = parseQuickwitQuery(text, mapping.defaultSearchFields)
    expect(() => checkQuery(ast, mapping)).toThrow(message)
    const newest = splits.filter((split) => split.index.schema.field('who.name') !== undefined)
    expect(newest).toHaveLength(1)
    expect(await countOf(ast, mapping, newest)).toBe(0)
  })
})
