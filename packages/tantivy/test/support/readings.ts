/** What damaged indexes are asked: every way to read a kind of file, each as text to compare. */
import {
  AggregationCollector,
  BooleanQuery,
  collectTopByFields,
  collectTopDocs,
  type ColumnEntry,
  countDocs,
  ExistsQuery,
  explain,
  type FieldEntry,
  finishAggregations,
  FuzzyTermQuery,
  type Index,
  mergePartials,
  parseAggregations,
  PhrasePrefixQuery,
  PhraseQuery,
  PrefixQuery,
  type Query,
  RangeQuery,
  RegexQuery,
  type SegmentReader,
  TermQuery,
  TermSetQuery,
  WildcardQuery,
  AllQuery,
} from '@volley/tantivy'
import { dumpColumn } from '../../src/dump/dump-columns.ts'
import { dumpTerms } from '../../src/dump/dump-terms.ts'

/** Reads an index with one segment in one way; the same bytes give the same text. */
export interface Reading {
  readonly what: string
  /** Prints all there is, which takes long. */
  readonly whole: boolean
  run(index: Index): Promise<string>
}

/** The ways to read each kind of file of an index, by extension. */
export async function readingsOf(index: Index): Promise<Map<string, Reading[]>> {
  const segment = index.segments[0]!
  const readings = new Map<string, Reading[]>()
  const add = (extensions: readonly string[], what: string, run: Reading['run'], whole: boolean = false): void => {
    for (const extension of extensions) {
      const list = readings.get(extension) ?? []
      readings.set(extension, list)
      list.push({ what, whole, run })
    }
  }
  for (const field of index.schema.fields) {
    if (field.options.record === null) continue
    const name = `terms of ${field.name}`
    add(['term', 'idx', 'pos'], name, (opened) => termsOf(opened.segments[0]!, field.ord), true)
    if (field.options.fieldnorms) add(['fieldnorm'], `norms of ${field.name}`, (opened) => normsOf(opened, field.ord))
    for (const query of await fieldQueries(segment, field)) {
      add(['term', 'idx', 'pos', 'fieldnorm'], String(query), (opened) => answer(opened, query))
    }
  }
  const columns = await segment.columns()
  for (const entry of columns) {
    const { name, type } = entry
    add(
      ['fast'],
      `column ${name} ${type}`,
      async (opened) => {
        const [own] = opened.segments
        const found = (await own!.columns()).find((other) => other.name === name && other.type === type)
        if (found === undefined) return 'no such column'
        return dumpColumn(found, await own!.openColumn(found), '')
      },
      true,
    )
    for (const request of aggregationsOf(entry)) {
      add(['fast'], JSON.stringify(request), (opened) => aggregate(opened, request))
    }
    if (columns.some((other) => other !== entry && other.name === name)) continue
    add(['fast'], `top by ${name}`, async (opened) => text(await topBy(opened, name)))
  }
  for (const field of index.schema.fields) {
    if (field.type === 'json_object' || field.type === 'facet' || !field.options.fast) continue
    add(['fast'], `exists ${field.name}`, (opened) => answer(opened, new ExistsQuery(field.name, false)))
    if (field.type === 'bool') continue
    for (const query of await columnRanges(segment, field)) {
      add(['fast'], String(query), (opened) => answer(opened, query))
    }
  }
  add(['store'], 'documents', (opened) => documents(opened.segments[0]!), true)
  add(['del'], 'live documents', async (opened) => {
    const [own] = opened.segments
    return `${own!.numDocs} ${await countDocs(opened, new AllQuery())} ${own!.alive!.words.join()}`
  })
  add(['meta.json', 'columnar'], 'schema', async (opened) => JSON.stringify(opened.meta.schema.json))
  return readings
}

async function termsOf(segment: SegmentReader, field: number): Promise<string> {
  const inverted = await segment.invertedIndex(field)
  if (inverted === null) return 'not indexed'
  const lines = [`${inverted.numTerms} ${inverted.totalNumTokens}`]
  for await (const line of dumpTerms(inverted, 0)) lines.push(line)
  return lines.join('\n')
}

async function normsOf(index: Index, field: number): Promise<string> {
  return String(await index.segments[0]!.fieldNorms(field))
}

async function documents(segment: SegmentReader): Promise<string> {
  const store = await segment.store()
  const lines: string[] = []
  const docs = Uint32Array.from({ length: segment.maxDoc }, (_, doc) => doc)
  await store.warm(docs)
  for (const doc of docs) {
    lines.push(text(store.document(doc)))
    store.visit(doc, { wants: (field) => field % 2 === 0, value: () => {} })
  }
  return lines.join('\n')
}

async function answer(index: Index, query: Query): Promise<string> {
  const count = await countDocs(index, query)
  const { docs } = await collectTopDocs(index, query, 5)
  const why = docs.length === 0 ? null : await explain(index, query, docs[0]!)
  return text([count, docs, why])
}

function topBy(index: Index, column: string): Promise<unknown> {
  return collectTopByFields(index, new AllQuery(), [{ column, order: 'desc' }], 7)
}

async function aggregate(index: Index, json: unknown): Promise<string> {
  const request = parseAggregations(json)
  const partials = await Promise.all(
    index.segments.map(async (segment) => {
      const collector = await AggregationCollector.forSegment(segment, request)
      collector.collectAll()
      return collector.partial()
    }),
  )
  return text(finishAggregations(partials.reduce(mergePartials), request))
}

function aggregationsOf({ name, type }: ColumnEntry): unknown[] {
  const field = name.replaceAll('\u0001', '.')
  const terms = { a: { terms: { field }, aggs: { n: { cardinality: { field } } } } }
  const composite = { a: { composite: { size: 7, sources: [{ k: { terms: { field } } }] } } }
  if (type === 'str' || type === 'ip') return [terms, composite]
  if (type === 'bytes') return []
  const numbers = [{ a: { stats: { field } } }, { a: { percentiles: { field } } }, terms, composite]
  if (type !== 'date') return numbers
  return [...numbers, { a: { date_histogram: { field, fixed_interval: '3650d' } } }]
}

/** Queries of every kind over terms that are spread over a field's dictionary. */
async function fieldQueries(segment: SegmentReader, field: FieldEntry): Promise<Query[]> {
  const inverted = await segment.invertedIndex(field.ord)
  if (inverted === null || inverted.numTerms === 0) return []
  const all: { term: Uint8Array; docFreq: number }[] = []
  const step = 1 + Math.floor(inverted.numTerms / 200)
  for await (const batch of inverted.terms.range(null, null)) {
    for (let k = 0; k < batch.count; k += step) {
      all.push({ term: batch.bytes.slice(batch.offsets[k]!, batch.offsets[k + 1]!), docFreq: batch.docFreqs[k]! })
    }
  }
  const frequent = all.toSorted((a, b) => b.docFreq - a.docFreq).map(({ term }) => term)
  const [first, middle, last] = [all[0]!.term, all[all.length >> 1]!.term, all.at(-1)!.term]
  const term = (bytes: Uint8Array): Query => new TermQuery(field.ord, bytes)
  const queries: Query[] = [
    term(frequent[0]!),
    new BooleanQuery({ should: [...frequent.slice(0, 4), middle].map(term) }),
    new BooleanQuery({ must: frequent.slice(0, 2).map(term), mustNot: [term(last)] }),
    new BooleanQuery({ should: frequent.slice(0, 4).map(term), minimumShouldMatch: 2 }),
    new TermSetQuery(new Map([[field.ord, [first, middle, last]]])),
    new PrefixQuery(field.ord, middle.subarray(0, Math.min(3, middle.length))),
  ]
  if (field.type === 'text') {
    queries.push(
      new WildcardQuery(field.ord, '*a*'),
      new RegexQuery(field.ord, '[a-m]+.*'),
      new FuzzyTermQuery(field.ord, new TextDecoder().decode(middle).slice(0, 12), { distance: 2 }),
    )
    if (field.options.record === 'position' && frequent.length > 1) {
      queries.push(
        new PhraseQuery(field.ord, frequent.slice(0, 2)),
        new PhraseQuery(field.ord, frequent.slice(0, 2), [0, 1], 3),
        new PhraseQuery(field.ord, frequent.slice(0, 3)),
        new PhrasePrefixQuery(field.ord, [frequent[0]!], [0], frequent[1]!.subarray(0, 1), 1),
      )
    }
  }
  if (!field.options.fast) {
    queries.push(new RangeQuery(field.ord, { term: first, inclusive: true }, { term: middle, inclusive: false }))
  }
  return queries
}

/** Ranges between terms that a fast field's own terms or bounds give. */
async function columnRanges(segment: SegmentReader, field: FieldEntry): Promise<Query[]> {
  const [entry] = await segment.columnsOf(field.name)
  if (entry === undefined) return []
  const column = await segment.openColumn(entry)
  let terms: Uint8Array[] = []
  if ('dictionary' in column) {
    const { numTerms } = column.dictionary
    if (numTerms < 3) return []
    const { offsets, bytes } = await column.dictionary.termsOf(Uint32Array.of(numTerms >> 2, numTerms >> 1))
    terms = [bytes.slice(offsets[0]!, offsets[1]!), bytes.slice(offsets[1]!, offsets[2]!)]
  } else {
    const width = column.type === 'ip' ? 16 : 8
    terms = [new Uint8Array(width), new Uint8Array(width)]
    terms[0]![0] = 0x30
    terms[1]![0] = 0x90
  }
  const [lower, upper] = terms
  return [
    new RangeQuery(field.ord, { term: lower!, inclusive: true }, { term: upper!, inclusive: false }),
    new RangeQuery(field.ord, { term: lower!, inclusive: false }, null),
  ]
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part))
}
