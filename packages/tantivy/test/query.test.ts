import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  AllQuery,
  BooleanQuery,
  ConstScoreQuery,
  EmptyQuery,
  type Index,
  IndexSchema,
  MemoryDirectory,
  openIndex,
  PhraseQuery,
  PrefixQuery,
  prepare,
  type Query,
  QueryParser,
  QueryParserError,
  type SegmentReader,
  SegmentWriter,
  TERMINATED,
  TermQuery,
  TokenizerManager,
  writeIndex,
} from '@volley/tantivy'
import { DelayedDirectory, FIXTURES, loadFiles } from './support/fixture.ts'

const files = loadFiles(join(FIXTURES, 'multi3-sst', 'index'))

async function docs(query: Query, segment: SegmentReader): Promise<number[]> {
  return [...(await prepare(query, segment, { scoring: false })).docs(0, segment.maxDoc)]
}

/** Terms of the text field with the most terms, frequent and rare. */
async function someTerms(index: Index): Promise<{ field: number; terms: Uint8Array[] }> {
  const segment = index.segments[0]!
  let best = { field: -1, terms: [] as Uint8Array[] }
  for (const field of index.schema.fields) {
    if (field.type !== 'text' || field.options.record !== 'position') continue
    const inverted = (await segment.invertedIndex(field.ord))!
    const found: { term: Uint8Array; freq: number }[] = []
    for await (const batch of inverted.terms.range(null, null)) {
      for (let k = 0; k < batch.count; k += 1) {
        const term = batch.bytes.slice(batch.offsets[k]!, batch.offsets[k + 1]!)
        found.push({ term, freq: batch.docFreqs[k]! })
      }
    }
    found.sort((a, b) => b.freq - a.freq)
    const picked = [0, 1, 2, 3, 8, 20, 60, 200].map((k) => found[k]?.term).filter((term) => term !== undefined)
    if (picked.length > best.terms.length) best = { field: field.ord, terms: picked }
  }
  return best
}

describe('queries', () => {
  it('combine as sets do, by list, by scorer and by seeking', async () => {
    const index = await openIndex(new MemoryDirectory(files))
    const segment = index.segments[0]!
    const { field, terms } = await someTerms(index)
    const queries = terms.map((term) => new TermQuery(field, term))
    const sets = await Promise.all(queries.map(async (query) => new Set(await docs(query, segment))))
    expect(Math.max(...sets.map((set) => set.size))).toBeGreaterThan(1000)
    let matches = 0
    for (let round = 0; round < 200; round += 1) {
      const pick = (salt: number): number[] =>
        queries.map((_, k) => k).filter((k) => (round * 7919 + salt * 31 + k * 17) % 5 === 0)
      const [must, should, mustNot] = [pick(1), pick(2), pick(3)]
      const minimumShouldMatch = round % 3 === 0 ? Math.min(2, should.length) : round % 3 === 1 ? 1 : 0
      const query = new BooleanQuery({
        must: must.map((k) => queries[k]!),
        should: should.map((k) => queries[k]!),
        mustNot: mustNot.map((k) => queries[k]!),
        minimumShouldMatch,
      })
      const least = must.length === 0 ? Math.max(1, minimumShouldMatch) : minimumShouldMatch
      const expected: number[] = []
      for (let doc = 0; doc < segment.maxDoc; doc += 1) {
        const has = (k: number): boolean => sets[k]!.has(doc)
        if (must.every(has) && should.filter(has).length >= least && !mustNot.some(has)) expected.push(doc)
      }
      const prepared = await prepare(query, segment, { scoring: false })
      expect([...prepared.docs(0, segment.maxDoc)]).toEqual(expected)
      expect([...prepared.docs(500, 1500)]).toEqual(expected.filter((doc) => doc >= 500 && doc < 1500))
      expect(prepared.count()).toBe(expected.length)
      const scorer = prepared.scorer()
      for (let target = round; target < segment.maxDoc; target += 97 + round) {
        expect(scorer.seek(target)).toBe(expected.find((doc) => doc >= target) ?? TERMINATED)
      }
      matches += expected.length
    }
    expect(matches).toBeGreaterThan(1000)
  })

  it('take every document, none, or one score for all', async () => {
    const index = await openIndex(new MemoryDirectory(files))
    const segment = index.segments[0]!
    expect(await docs(new AllQuery(), segment)).toHaveLength(segment.maxDoc)
    expect(await docs(new EmptyQuery(), segment)).toEqual([])
    const scored = await prepare(new ConstScoreQuery(new AllQuery(), 2.5), segment, {
      scoring: true,
      statistics: { numDocs: 1, docFreq: () => 0, totalNumTokens: () => 0 },
    })
    expect(scored.scorer().score()).toBe(2.5)
  })

  it('count a phrase with slop from its rarest term on, as tantivy does', async () => {
    const indexing = { record: 'position', fieldnorms: true, tokenizer: 'default' }
    const options = { indexing, stored: false, fast: false }
    const schema = IndexSchema.fromJson([{ name: 'body', type: 'text', options }])
    const score = async (other: string): Promise<number> => {
      const writer = new SegmentWriter(schema, { tokenizers: TokenizerManager.tantivy() })
      for (const body of ['a a b b', other, other]) writer.add({ body })
      const index = await openIndex(new MemoryDirectory(writeIndex([writer.finish()], schema, { opstamp: 1 })))
      const terms = ['b', 'a'].map((word) => new TextEncoder().encode(word))
      const statistics = { numDocs: 3, docFreq: () => 1, totalNumTokens: () => 6 }
      const prepared = await prepare(new PhraseQuery(0, terms, [0, 1], 3), index.segments[0]!, {
        scoring: true,
        statistics,
      })
      return prepared.scorer().score()
    }
    // two occurrences from "b" on, one from "a" on
    expect(await score('a')).toBeGreaterThan(await score('b'))
  })

  it('find prefixes as a scan of the dictionary does', async () => {
    const index = await openIndex(new MemoryDirectory(files))
    const segment = index.segments[0]!
    const { field, terms } = await someTerms(index)
    const prefix = terms[0]!.subarray(0, 1)
    const expected = new Set<number>()
    const inverted = (await segment.invertedIndex(field))!
    let matching = 0
    for await (const batch of inverted.terms.range(null, null)) {
      for (let k = 0; k < batch.count; k += 1) {
        const term = batch.bytes.slice(batch.offsets[k]!, batch.offsets[k + 1]!)
        if (term[0] !== prefix[0]) continue
        matching += 1
        for (const doc of await docs(new TermQuery(field, term), segment)) expected.add(doc)
      }
    }
    expect(matching).toBeGreaterThan(3)
    expect(await docs(new PrefixQuery(field, prefix), segment)).toEqual([...expected].sort((a, b) => a - b))
  })

  it('read only the blocks that a term needs', async () => {
    const directory = new DelayedDirectory(files)
    const index = await openIndex(directory)
    const segment = index.segments[0]!
    const { field, terms } = await someTerms(index)
    const again = new DelayedDirectory(files)
    const second = await openIndex(again)
    await prepare(new TermQuery(field, terms.at(-1)!), second.segments[0]!, { scoring: false })
    const total = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0)
    expect(again.bytes).toBeLessThan(total / 10)
    await expect(
      prepare(new TermQuery(field, terms[0]!), segment, { scoring: false, signal: AbortSignal.abort() }),
    ).rejects.toThrow(/abort/i)
  })

  it('take regular expressions from their text where that is allowed', async () => {
    const index = await openIndex(new MemoryDirectory(files))
    const { field } = await someTerms(index)
    const { name } = index.schema.fields[field]!
    const parser = new QueryParser(index.schema, index.tokenizers, { defaultFields: [name], allowRegexes: true })
    const expected = await docs(new PrefixQuery(field, new TextEncoder().encode('s')), index.segments[0]!)
    expect(expected.length).toBeGreaterThan(10)
    for (const text of ['/s.*/', `${name}:/s.*/`, `(${name}:/s[^\\/]*/)`]) {
      expect(await docs(parser.parse(text), index.segments[0]!), text).toEqual(expected)
    }
    expect(() => parser.parse('/(/')).toThrow(QueryParserError)
    const refusing = new QueryParser(index.schema, index.tokenizers, { defaultFields: [name] })
    expect(() => refusing.parse('/s.*/')).toThrow(/not allowed/)
  })

  it('are refused where they do not parse or do not fit the schema', async () => {
    const index = await openIndex(new MemoryDirectory(files))
    const parser = new QueryParser(index.schema, index.tokenizers)
    for (const text of ['(', 'nofield:x', 'x', '-*', '"open', '[1 TO 2]', `${'('.repeat(5000)}x`]) {
      expect(() => parser.parse(text), text).toThrow(QueryParserError)
    }
  })
})
