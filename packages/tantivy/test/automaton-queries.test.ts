import { describe, expect, it } from 'vitest'
import {
  collectDocSets,
  collectTopDocs,
  DisjunctionMaxQuery,
  FuzzyTermQuery,
  type Index,
  IndexSchema,
  jsonTerm,
  MemoryDirectory,
  moreLikeThis,
  openIndex,
  type Query,
  RegexQuery,
  RegexSyntaxError,
  SegmentWriter,
  TermQuery,
  termForText,
  WildcardQuery,
  writeIndex,
} from '@volley/tantivy'
import { DelayedDirectory } from './support/fixture.ts'
import { seeded } from '@volley/kernels/testing'

const SCHEMA = IndexSchema.fromJson([
  { name: 'tag', type: 'text', options: { indexing: { record: 'basic', fieldnorms: false, tokenizer: 'raw' } } },
  {
    name: 'json',
    type: 'json_object',
    options: { indexing: { record: 'basic', fieldnorms: false, tokenizer: 'raw' } },
  },
])
const ALPHABET = ['a', 'b', 'c', 'A', '.', 'é', '语', '😀']

function words(count: number, seed: number): string[] {
  const random = seeded(seed)
  return Array.from({ length: count }, () =>
    Array.from({ length: Math.floor(random() * 7) }, () => ALPHABET[Math.floor(random() ** 2 * ALPHABET.length)]!).join(
      '',
    ),
  )
}

function write(tags: readonly string[], dictionary: 'sstable' | 'fst'): Map<string, Uint8Array> {
  const writer = new SegmentWriter(SCHEMA, { dictionary, store: 'none' })
  for (const tag of tags) writer.add({ tag, json: { key: tag, other: 'ab' } })
  return writeIndex([writer.finish()], SCHEMA)
}

async function matches(index: Index, query: Query): Promise<number[]> {
  return (await collectDocSets(index, query)).flatMap((docs) => [...docs])
}

/** Edit distance of code points, where two swapped neighbours count `swap`. */
function distance(a: string, b: string, swap: boolean): number[] {
  const [left, right] = [[...a], [...b]]
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, k) => k)]
  for (const [i, character] of left.entries()) {
    const row = [i + 1]
    for (const [k, other] of right.entries()) {
      let value = Math.min(rows[i]![k]! + +(character !== other), rows[i]![k + 1]! + 1, row[k]! + 1)
      if (swap && i > 0 && k > 0 && character === right[k - 1] && left[i - 1] === other) {
        value = Math.min(value, rows[i - 1]![k - 1]! + 1)
      }
      row.push(value)
    }
    rows.push(row)
  }
  // the distance of b to each beginning of a
  return rows.map((row) => row.at(-1)!)
}

describe.each(['sstable', 'fst'] as const)('queries by automaton over a dictionary of kind %s', (dictionary) => {
  const tags = words(1500, 5)
  const opened = openIndex(new MemoryDirectory(write(tags, dictionary)))
  const prefix = jsonTerm(['key'], { type: 'str', value: '' })

  it.each([
    ['ab.*', /^ab.*$/su],
    ['a+b?c', /^a+b?c$/u],
    ['(ab|ba){1,2}.', /^(?:ab|ba){1,2}.$/u],
    ['[^a]*', /^[^a]*$/u],
    ['(?i)a[b-c]*', /^a[b-c]*$/iu],
    ['é.*|语', /^(?:é.*|语)$/u],
    ['.*😀', /^.*😀$/u],
    ['^ab$', /^ab$/u],
    ['\\p{Lu}.*', /^\p{Lu}.*$/u],
    ['(a*)*b', /^(?:a*)*b$/u],
    ['', /^$/u],
  ])('match the regular expression %s', async (pattern, expected) => {
    const index = await opened
    const docs = [...tags.keys()].filter((doc) => expected.test(tags[doc]!))
    expect(docs.length).toBeGreaterThan(0)
    expect(await matches(index, new RegexQuery(0, pattern))).toEqual(docs)
    expect(await matches(index, new RegexQuery(1, pattern, prefix))).toEqual(docs)
  })

  it.each([
    ['a*', /^a.*$/su],
    ['*c', /^.*c$/su],
    ['?b?', /^.b.$/su],
    ['a*\\.*', /^a.*\..*$/su],
    ['*', /^.*$/su],
    ['ab', /^ab$/u],
  ])('match the wildcard pattern %s', async (pattern, expected) => {
    const docs = [...tags.keys()].filter((doc) => expected.test(tags[doc]!))
    expect(docs.length).toBeGreaterThan(0)
    expect(await matches(await opened, new WildcardQuery(0, pattern))).toEqual(docs)
  })

  it('match words within an edit distance', { timeout: 30_000 }, async () => {
    const index = await opened
    let found = 0
    for (const word of [...words(20, 9), '', 'ab', 'ba']) {
      for (const [k, transpositionCostOne] of [true, false, true, false].entries()) {
        const limit = k === 0 ? 1 : 2
        const prefixed = k === 3
        const query = new FuzzyTermQuery(0, word, { distance: limit, transpositionCostOne, prefix: prefixed })
        const docs = [...tags.keys()].filter((doc) => {
          const distances = distance(tags[doc]!, word, transpositionCostOne)
          return (prefixed ? Math.min(...distances) : distances.at(-1)!) <= limit
        })
        expect([query.toString(), await matches(index, query)]).toEqual([query.toString(), docs])
        found += docs.length
      }
    }
    expect(found).toBeGreaterThan(250)
    expect(() => new FuzzyTermQuery(0, 'a', { distance: 3 })).toThrow(RangeError)
  })
})

describe('queries by automaton', () => {
  it('take time in proportion to the terms, and refuse what they do not know', async () => {
    const index = await openIndex(new MemoryDirectory(write([`${'a'.repeat(3000)}!`], 'sstable')))
    expect(await matches(index, new RegexQuery(0, '(a|aa)+$'))).toEqual([])
    expect(await matches(index, new RegexQuery(0, '(a*)*!'))).toEqual([0])
    expect(await matches(index, new FuzzyTermQuery(0, `${'a'.repeat(2999)}!`, { distance: 2 }))).toEqual([0])
    expect(await matches(index, new FuzzyTermQuery(0, `${'a'.repeat(2997)}!`, { distance: 2 }))).toEqual([])
    expect(() => new RegexQuery(0, '\\bab')).toThrow(RegexSyntaxError)
    expect(() => new RegexQuery(0, '(')).toThrow(RegexSyntaxError)
  })

  it('read the blocks with their literal beginning alone', async () => {
    const files = write(
      Array.from({ length: 20_000 }, (_, k) => `${String.fromCharCode(97 + (k % 26))}${k}`),
      'sstable',
    )
    const bytesOf = async (query: Query): Promise<number> => {
      const directory = new DelayedDirectory(files)
      const index = await openIndex(directory)
      await index.segments[0]!.invertedIndex(0)
      directory.bytes = 0
      await matches(index, query)
      return directory.bytes
    }
    const all = await bytesOf(new RegexQuery(0, '.*77'))
    expect(await bytesOf(new RegexQuery(0, 'q.*77'))).toBeLessThan(all / 5)
  })
})

describe('a disjunction by the best score', () => {
  it('takes the highest score and a share of the others', async () => {
    const index = await openIndex(new MemoryDirectory(write(['a', 'b', 'a', 'c'], 'sstable')))
    const queries = [new TermQuery(0, termForText('a')), new WildcardQuery(0, '?'), new TermQuery(0, termForText('b'))]
    const scores = async (query: Query): Promise<Map<number, number>> =>
      new Map((await collectTopDocs(index, query, 10)).docs.map(({ doc, score }) => [doc, score]))
    const [a, , b] = await Promise.all(queries.map(scores))
    const best = await scores(new DisjunctionMaxQuery(queries, 0.5))
    expect(best.size).toBe(4)
    const half = (own: number): number => Math.max(own, 1) + 0.5 * Math.min(own, 1)
    expect(best.get(0)).toBeCloseTo(half(a!.get(0)!), 5)
    expect(best.get(1)).toBeCloseTo(half(b!.get(1)!), 5)
    expect(best.get(3)).toBe(1)
    expect((await scores(new DisjunctionMaxQuery(queries))).get(1)).toBeCloseTo(Math.max(1, b!.get(1)!), 5)
  })
})

describe('more like this', () => {
  const text = { indexing: { record: 'position', fieldnorms: true, tokenizer: 'default' } }
  const schema = IndexSchema.fromJson([
    { name: 'title', type: 'text', options: text },
    { name: 'body', type: 'text', options: { ...text, stored: true } },
  ])
  const bodies = [
    'the old man and the sea',
    'an old man sailing on the sea',
    'send this message to alice',
    'a lady was riding and old bike',
    'Yes, my lady.',
  ]

  // the cases of tantivy's own tests
  it.each([
    [0, ['old'], [0, 1, 3]],
    [4, [], [3, 4]],
  ])('finds what is like document %s', async (doc, stopWords, expected) => {
    const writer = new SegmentWriter(schema, { dictionary: 'sstable', store: 'none' })
    for (const body of bodies) writer.add({ title: 'x', body })
    const index = await openIndex(new MemoryDirectory(writeIndex([writer.finish()], schema)))
    const query = await moreLikeThis(
      index,
      { segment: 0, doc },
      {
        minDocFrequency: 1,
        maxDocFrequency: 10,
        minTermFrequency: 1,
        minWordLength: 2,
        maxWordLength: 5,
        stopWords,
      },
    )
    const { docs } = await collectTopDocs(index, query, 5)
    expect(docs.map((hit) => hit.doc).sort()).toEqual(expected)
    expect(docs[0]!.doc).toBe(doc)
  })
})
