import { scalarAt, type DictionaryVector } from '@volley/core'
import { Arena, Caches, Region } from '@volley/kernels'
import type { BytesColumn, ColumnDictionary, TermList } from '@volley/tantivy'
import { Utf8 } from 'apache-arrow'
import { afterAll, describe, expect, test } from 'vitest'
import type { MappedField } from '../src/mapping/doc-mapping.ts'
import { plainTerms, TermCache } from '../src/opener/term-cache.ts'
import { fastColumn } from '../src/sources/fast-column.ts'

const arena = new Arena({ reserveBytes: 1 << 28 })
const shared = new Region(arena)
afterAll(() => shared.release())

const encoder = new TextEncoder()
/** Of all lengths up to 50, none among them. */
const textOf = (ordinal: number): string => `${String(ordinal).padStart(7, '0')}${'x'.repeat(ordinal % 43)}`

/** A dictionary of made-up terms that counts how often it was decoded. */
class MadeDictionary {
  readonly numTerms: number
  wholes = 0
  parts = 0

  constructor(numTerms: number) {
    this.numTerms = numTerms
  }

  async all(): Promise<TermList> {
    this.wholes++
    return this.#list(Uint32Array.from({ length: this.numTerms }, (_, i) => i))
  }

  async termsOf(ordinals: Uint32Array): Promise<TermList> {
    this.parts++
    return this.#list(ordinals)
  }

  #list(ordinals: Uint32Array): TermList {
    const offsets = new Uint32Array(ordinals.length + 1)
    ordinals.forEach((ordinal, i) => (offsets[i + 1] = offsets[i]! + textOf(ordinal).length))
    const bytes = new Uint8Array(offsets[ordinals.length]!)
    ordinals.forEach((ordinal, i) => encoder.encodeInto(textOf(ordinal), bytes.subarray(offsets[i])))
    return { offsets, bytes }
  }
}

const made = (numTerms: number): MadeDictionary & ColumnDictionary =>
  new MadeDictionary(numTerms) as MadeDictionary & ColumnDictionary

const some = (numTerms: number, keep: (ordinal: number) => boolean): Uint32Array =>
  Uint32Array.from({ length: numTerms }, (_, i) => i).filter(keep)

describe('dictionaries that stay decoded', () => {
  test('give the terms that decoding gives, and are decoded once', async () => {
    const cache = new TermCache(new Caches(), 1 << 20)
    const dictionary = made(2000)
    await Promise.all([cache.all(dictionary), cache.all(dictionary)])
    expect(dictionary.wholes).toBe(1)
    const lists = [
      some(2000, () => false),
      some(2000, (i) => i % 7 === 0),
      some(2000, (i) => i % 64 < 20),
      some(2000, (i) => i === 0 || i === 1999),
      some(2000, () => true),
    ]
    for (const ordinals of lists) {
      expect(await cache.at(dictionary, ordinals)).toEqual(await plainTerms.at(dictionary, ordinals))
    }
    expect(dictionary.wholes).toBe(1)
    expect(cache.hits).toBe(lists.length)
    await expect(cache.at(dictionary, Uint32Array.of(2000))).rejects.toThrow('ordinal 2000 of 2000')
  })

  test('are those used last, within the bytes; a larger one is read in parts from then on', async () => {
    const size = ({ offsets, bytes }: TermList): number => 2 * offsets.byteLength + bytes.byteLength
    const each = size(await made(500).all())
    const cache = new TermCache(new Caches(), 5 * each)
    const dictionaries = Array.from({ length: 6 }, () => made(500))
    for (const dictionary of dictionaries) await cache.all(dictionary)
    expect(cache.bytes).toBe(5 * each)
    await cache.all(dictionaries[1]!)
    await cache.all(dictionaries[0]!)
    expect(dictionaries.map(({ wholes }) => wholes)).toEqual([2, 1, 1, 1, 1, 1])

    const large = made(1500)
    const ordinals = some(1500, (i) => i % 2 === 0)
    for (let i = 0; i < 3; i++) await cache.at(large, ordinals)
    expect([large.wholes, large.parts]).toEqual([1, 2])
    cache.clear()
    expect(cache.bytes).toBe(0)
  })

  test('single terms stay, and give what decoding gives', async () => {
    const cache = new TermCache(new Caches(), 1 << 22)
    const dictionary = made(20_000)
    const lists = [
      some(20_000, (i) => i % 400 === 0),
      some(20_000, (i) => i % 400 === 0),
      some(20_000, (i) => i % 200 === 0),
      some(20_000, (i) => i % 1000 === 0 || i % 1000 === 1),
      Uint32Array.of(0, 19_999),
      some(20_000, (i) => i % 400 === 0 || i === 19_999),
      some(20_000, () => false),
    ]
    for (const ordinals of lists) {
      expect(await cache.at(dictionary, ordinals)).toEqual(await plainTerms.at(made(20_000), ordinals))
    }
    expect([dictionary.wholes, dictionary.parts, cache.hits]).toEqual([0, 4, 3])
    const mixed = Uint32Array.of(800, 400, 401, 400, 19_999, 0)
    expect(cache.known(dictionary, mixed)).toBeNull()
    const known = mixed.filter((ordinal) => ordinal !== 401)
    expect(cache.known(dictionary, known)).toEqual(await plainTerms.at(made(20_000), known))
    const [both, all] = [some(20_000, (i) => i % 300 === 7), await plainTerms.all(made(20_000))]
    const together = await Promise.all([cache.at(dictionary, both), cache.at(dictionary, both), cache.all(dictionary)])
    expect(together[0]).toEqual(together[1])
    expect(together[2]).toEqual(all)
    expect(await cache.at(dictionary, both)).toEqual(together[0])
    expect(cache.known(dictionary, mixed)).toEqual(await plainTerms.at(made(20_000), mixed))
    expect(dictionary.wholes).toBe(1)
    expect(cache.bytes).toBe(2 * all.offsets.byteLength + all.bytes.byteLength)
    cache.clear()
    expect(cache.bytes).toBe(0)
  })

  test('failures are not kept', async () => {
    const cache = new TermCache(new Caches(), 1 << 20)
    const dictionary = made(10)
    const { all } = dictionary
    dictionary.all = () => Promise.reject(new Error('damaged'))
    await expect(cache.all(dictionary)).rejects.toThrow('damaged')
    dictionary.all = all
    expect((await cache.all(dictionary)).offsets).toHaveLength(11)
  })
})

test('a large dictionary is read whole once many rows were read, and the texts are the same', async () => {
  const numTerms = 300_000
  const dictionary = made(numTerms)
  const ordinalOf = (doc: number): number => (doc * 7919) % numTerms
  const column = {
    type: 'str',
    cardinality: 'full',
    dictionary,
    readOrdinals(start: number, end: number, out: Uint32Array, validity: Uint8Array) {
      for (let i = start; i < end; i++) out[i - start] = ordinalOf(i)
      validity.fill(255)
      return 0
    },
  } as unknown as BytesColumn
  const fast = fastColumn(column, new Utf8(), { type: 'text' } as MappedField, shared, plainTerms)!
  for (let start = 0; start < 80_000; start += 8192) {
    const region = new Region(arena)
    const texts = await fast.readRange(start, start + 8192, region)
    for (let i = 0; i < 8192; i += 97) expect(scalarAt(texts, i)).toBe(textOf(ordinalOf(start + i)))
    region.release()
  }
  expect(dictionary.parts).toBe(5)
  expect(dictionary.wholes).toBe(1)

  const cache = new TermCache(new Caches(), 1 << 28)
  await cache.all(dictionary)
  expect([cache.holds(dictionary), cache.holds(made(10)), plainTerms.holds(dictionary)]).toEqual([true, false, false])
  const known = fastColumn(column, new Utf8(), { type: 'text' } as MappedField, shared, cache)!
  const lengths: number[] = []
  for (let start = 0; start < 4 * 4096; start += 4096) {
    const region = new Region(arena)
    const texts = (await known.readRange(start, start + 4096, region)) as DictionaryVector
    lengths.push(texts.dictionary.length)
    for (let i = 0; i < 4096; i += 97) expect(scalarAt(texts, i)).toBe(textOf(ordinalOf(start + i)))
    region.release()
  }
  expect(lengths).toEqual([4096, 4096, numTerms, numTerms])
  expect([dictionary.wholes, dictionary.parts]).toEqual([2, 5])
})
