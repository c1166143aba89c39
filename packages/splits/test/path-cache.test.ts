import { Caches } from '@volley/kernels'
import { expect, test } from 'vitest'
import { PathCache } from '../src/opener/path-cache.ts'
import { codeOfBytes, codeOfText, PathTexts, withoutUnread } from '../src/opener/path-texts.ts'
import { TextTable } from '../src/opener/text-table.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Puts a text of each document, NULL for those divisible by 5. */
function put(texts: PathTexts, start: number, end: number, textOf: (doc: number) => string): void {
  const docs = Uint32Array.from({ length: end - start }, (_, i) => start + i)
  const codes = texts.codesOf(docs)
  docs.forEach((doc, i) => {
    if (doc % 5 !== 0) codes[i] = codeOfText(texts.table, textOf(doc))
  })
  withoutUnread(codes)
  texts.put(docs, codes)
}

test('texts become a column once all documents were read, in any order', async () => {
  const texts = new PathTexts(100, 40_000, null)
  const textOf = (doc: number): string => `t${doc % 7}${'é'.repeat(doc % 3)}`
  put(texts, 20_000, 40_000, textOf)
  put(texts, 19_000, 21_000, textOf)
  expect(texts.isWhole).toBe(false)
  put(texts, 100, 19_000, textOf)
  expect(texts.isWhole).toBe(true)
  const { column, bytes } = texts.column(50_000)
  expect(bytes).toBeLessThan(50_000)
  const terms = await column.dictionary.all()
  const ordinals = new Uint32Array(50_000)
  const validity = new Uint8Array(6250)
  expect(column.readOrdinals(0, 50_000, ordinals, validity)).toBe(50_000 - column.numValues)
  for (let doc = 0; doc < 50_000; doc += 13) {
    const has = doc >= 100 && doc < 40_000 && doc % 5 !== 0
    expect((validity[doc >> 3]! >> (doc & 7)) & 1).toBe(+has)
    const [from, to] = [terms.offsets[ordinals[doc]!], terms.offsets[ordinals[doc]! + 1]]
    if (has) expect(decoder.decode(terms.bytes.subarray(from, to))).toBe(textOf(doc))
  }
})

test('a text has one number, as bytes that are no UTF-8 too', () => {
  const table = new TextTable()
  const texts = Array.from({ length: 500 }, (_, i) => `${i}é\uFEFF`.repeat(1 + (i % 3)))
  const numbers = texts.map((text) => table.numberOf(text))
  expect(new Set(numbers).size).toBe(500)
  for (const [i, text] of texts.entries()) {
    const bytes = encoder.encode(text)
    expect(codeOfBytes(table, bytes, 0, bytes.length)).toBe(numbers[i]! + 2)
  }
  const [broken, other] = [Uint8Array.of(0x61, 0xff), Uint8Array.of(0x61, 0xfe)]
  expect(table.numberOfBytes(broken, 0, 2)).toBe(table.numberOf('a\uFFFD'))
  expect(table.numberOfBytes(other, 0, 2)).toBe(table.numberOf('a\uFFFD'))
  const order = table.inOrder()
  const terms = table.termsOf(order)
  for (let k = 1; k < order.length; k++) {
    const [a, b] = [k - 1, k].map((at) => terms.bytes.subarray(terms.offsets[at], terms.offsets[at + 1]))
    expect(Buffer.compare(a!, b!)).toBe(-1)
  }
})

test('a cache keeps the paths that were used last within its bytes, and none that is too large', () => {
  const cache = new PathCache(new Caches(), 40_000)
  const [one, other] = [cache.forSplit(), cache.forSplit()]
  const fill = (split: typeof one, key: string, unique: boolean): PathTexts => {
    const texts = new PathTexts(0, 2000, null)
    put(texts, 0, 2000, (doc) => (unique ? `text of ${doc}` : `t${doc % 10}`))
    split.keep(key, texts, 2000)
    return texts
  }
  fill(one, 'unique', true)
  expect(one.column('unique')).toBeNull()
  expect(one.texts('unique', () => new PathTexts(0, 1, null))).toBeNull()
  for (let k = 0; k < 60; k++) {
    fill(other, String(k), false)
    expect(cache.bytes).toBeLessThanOrEqual(40_000)
    fill(one, 'used', false)
    expect(one.column('used')).not.toBeNull()
  }
  expect(other.column('0')).toBeNull()
  expect(other.column('59')).not.toBeNull()
  other.forget()
  expect(other.column('59')).toBeNull()
  one.forget()
  expect(cache.bytes).toBe(0)
})
