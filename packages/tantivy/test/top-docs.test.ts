import { beforeAll, describe, expect, it } from 'vitest'
import { allowWasm } from '@volley/kernels'
import {
  BooleanQuery,
  BoostQuery,
  collectDocSets,
  collectTopDocs,
  countDocs,
  deleteDocuments,
  explain,
  type Explanation,
  type Index,
  IndexSchema,
  MemoryDirectory,
  openIndex,
  PhraseQuery,
  prepare,
  type Query,
  type ScoredDoc,
  SegmentWriter,
  statisticsOf,
  TermQuery,
  termForText,
  TERMINATED,
  TopScores,
  writeIndex,
} from '@volley/tantivy'
import { seeded } from '@volley/kernels/testing'

const text = (record: string, fieldnorms: boolean): object => ({
  indexing: { record, fieldnorms, tokenizer: 'whitespace' },
  stored: false,
  fast: false,
})

/** With and without norms and frequencies. */
const SCHEMA = IndexSchema.fromJson([
  { name: 'body', type: 'text', options: text('position', true) },
  { name: 'title', type: 'text', options: text('freq', true) },
  { name: 'plain', type: 'text', options: text('freq', false) },
  { name: 'tag', type: 'text', options: text('basic', false) },
  { name: 'basic', type: 'text', options: text('basic', true) },
])
const WORDS = 40

/**
 * Three segments whose documents differ in length, so that each has its own average, and the first alone, whose average is that
 * of the index; it has deletes.
 */
function makeIndexes(): Promise<Index[]> {
  const random = seeded(7)
  const word = (): string => `w${Math.floor(WORDS ** random()) - 1}`
  const words = (count: number): string => Array.from({ length: count }, word).join(' ')
  const segments = [
    { docs: 8000, length: 8 },
    { docs: 1500, length: 60 },
    { docs: 700, length: 3 },
  ].map(({ docs, length }) => {
    const writer = new SegmentWriter(SCHEMA, { dictionary: 'sstable', store: 'none' })
    for (let doc = 0; doc < docs; doc += 1) {
      const size = Math.floor(length * 2 * random() ** 2)
      writer.add({ body: words(size), title: words(3), plain: words(size), tag: words(2), basic: words(size >> 1) })
    }
    return writer.finish()
  })
  const gone = Array.from({ length: 8000 }, (_, doc) => doc).filter(() => random() < 0.3)
  segments[0] = deleteDocuments(segments[0]!, gone, 5)
  const open = (chosen: typeof segments): Promise<Index> => openIndex(new MemoryDirectory(writeIndex(chosen, SCHEMA)))
  return Promise.all([open(segments), open(segments.slice(0, 1))])
}

/** Scores every match. */
async function exhaustive(index: Index, query: Query, limit: number): Promise<ScoredDoc[]> {
  const statistics = await statisticsOf(index, query)
  const hits: ScoredDoc[] = []
  for (const segment of index.segments) {
    const scorer = (await prepare(query, segment, { scoring: true, statistics })).scorer()
    for (let doc = scorer.doc; doc !== TERMINATED; doc = scorer.advance()) {
      if (segment.alive?.isAlive(doc) ?? true) hits.push({ segment: segment.ord, doc, score: scorer.score() })
    }
  }
  return hits.sort((a, b) => b.score - a.score || a.segment - b.segment || a.doc - b.doc).slice(0, limit)
}

function randomQuery(random: () => number): Query {
  const term = (): Query => {
    const field = random() < 0.6 ? 0 : Math.floor(random() * 5)
    const query = new TermQuery(
      field,
      termForText(`w${Math.floor(WORDS ** random()) - 1 + (random() < 0.05 ? 99 : 0)}`),
    )
    return random() < 0.2 ? new BoostQuery(query, [0, 0.5, 3][Math.floor(random() * 3)]!) : query
  }
  const terms = (most: number): Query[] => Array.from({ length: Math.floor(random() * (most + 1)) }, term)
  const kind = random()
  if (kind < 0.15) return term()
  const mustNot = random() < 0.25 ? terms(2) : []
  if (kind < 0.55) return new BooleanQuery({ should: [term(), ...terms(5)], mustNot })
  if (kind < 0.85) return new BooleanQuery({ must: [term(), ...terms(3)], mustNot })
  const phrase = new PhraseQuery(0, [termForText('w0'), termForText('w1')])
  return new BooleanQuery({ must: [phrase, ...terms(1)], should: terms(2), mustNot })
}

/** The best documents, looked for in spans of each segment one after the other, and each span by itself. */
async function bySpans(index: Index, query: Query, limit: number, random: () => number): Promise<ScoredDoc[]> {
  const statistics = await statisticsOf(index, query)
  const together = new TopScores(limit)
  const apart: ScoredDoc[] = []
  for (const segment of index.segments) {
    together.startSegment(segment.ord)
    const prepared = await prepare(query, segment, { scoring: true, statistics })
    const cuts = [0, Math.floor(random() * segment.maxDoc), Math.floor(random() * segment.maxDoc), segment.maxDoc]
    cuts.sort((a, b) => a - b)
    for (const [i, start] of cuts.slice(0, -1).entries()) {
      const span = { start, end: cuts[i + 1]! }
      prepared.collectTop(together, segment.alive, span)
      const alone = new TopScores(limit)
      alone.startSegment(segment.ord)
      prepared.collectTop(alone, segment.alive, span)
      const own = alone.finish()
      for (const { doc } of own) if (doc < span.start || doc >= span.end) throw new RangeError(`document ${doc}`)
      apart.push(...own)
    }
  }
  apart.sort((a, b) => b.score - a.score || a.segment - b.segment || a.doc - b.doc)
  expect(apart.slice(0, limit)).toEqual(together.finish())
  return apart.slice(0, limit)
}

let indexes: readonly Index[] = []
beforeAll(async () => {
  indexes = await makeIndexes()
})

describe('the best documents by score', () => {
  it.each([true, false])(
    'are those of scoring every match, bit by bit; WebAssembly: %s',
    { timeout: 30_000 },
    async (wasm) => {
      allowWasm(wasm)
      try {
        const random = seeded(wasm ? 1 : 2)
        let pruned = 0
        let found = 0
        for (let round = 0; round < 100; round += 1) {
          const index = indexes[round % 2]!
          const query = randomQuery(random)
          const limit = [0, 1, 3, 10, 100, 10_000][Math.floor(random() * 6)]!
          const expected = await exhaustive(index, query, limit)
          const { docs, scored } = await collectTopDocs(index, query, limit)
          expect(docs, `${limit} of ${query}`).toEqual(expected)
          expect(await bySpans(index, query, limit, random), `${limit} of ${query} by spans`).toEqual(expected)
          const matches = await countDocs(index, query)
          const sets = await collectDocSets(index, query)
          expect(sets.reduce((sum, set) => sum + set.length, 0)).toBe(matches)
          if (limit === 10_000) expect(docs.length).toBe(matches)
          found += docs.length
          pruned += +(limit > 0 && scored < matches)
        }
        expect(found).toBeGreaterThan(1000)
        expect(pruned).toBeGreaterThan(10)
      } finally {
        allowWasm(true)
      }
    },
  )

  it('take the statistics that they are given', async () => {
    const query = new TermQuery(0, termForText('w3'))
    const index = indexes[0]!
    const own = await statisticsOf(index, query)
    const wide = { ...own, numDocs: own.numDocs * 100, totalNumTokens: () => own.totalNumTokens(0) * 1000 }
    const [plain, scaled] = [
      await collectTopDocs(index, query, 3),
      await collectTopDocs(index, query, 3, { statistics: wide }),
    ]
    expect(scaled.docs[0]!.score).toBeGreaterThan(plain.docs[0]!.score)
  })
})

describe('an explanation', () => {
  it('has the score of its document, made of parts that give it', async () => {
    const index = indexes[0]!
    const random = seeded(11)
    let explained = 0
    for (let round = 0; round < 60; round += 1) {
      const query = randomQuery(random)
      for (const { segment, doc, score } of (await collectTopDocs(index, query, 3)).docs) {
        const explanation = (await explain(index, query, { segment, doc }))!
        expect(explanation.value).toBe(score)
        check(explanation)
        explained += 1
      }
    }
    expect(explained).toBeGreaterThan(100)
    expect(await explain(index, new TermQuery(0, termForText('absent')), { segment: 0, doc: 0 })).toBeNull()
    await expect(explain(index, new TermQuery(0, termForText('w0')), { segment: 9, doc: 0 })).rejects.toThrow(
      RangeError,
    )
  })

  it('reads as that of tantivy', async () => {
    const index = indexes[0]!
    const query = new BooleanQuery({ should: [new TermQuery(0, termForText('w1'))] })
    const address = (await collectTopDocs(index, query, 1)).docs[0]!
    const explanation = (await explain(index, query, address))!
    const term = explanation.details![0]!
    expect(explanation.description).toBe('BooleanClause. sum of ...')
    expect(term).toMatchObject({ description: 'TermQuery, product of...', context: 'Term=0:"w1"' })
    expect(term.details!.map(({ description }) => description)).toEqual([
      '(K1+1)',
      'idf, computed as log(1 + (N - n + 0.5) / (n + 0.5))',
      'freq / (freq + k1 * (1 - b + b * dl / avgdl))',
    ])
  })
})

/** Sums are the sum of their details, products the product. */
function check({ description, value, details = [] }: Explanation): void {
  for (const detail of details) check(detail)
  const values = details.map((detail) => detail.value)
  if (description.includes('sum of')) {
    expect(value).toBeCloseTo(
      values.reduce((a, b) => a + b, 0),
      4,
    )
  } else if (description.includes('product of')) {
    expect(value).toBeCloseTo(
      values.reduce((a, b) => a * b, 1),
      4,
    )
  }
}
