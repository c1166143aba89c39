/**
 * Times reading one segment of generated documents: columns, postings, queries, stored documents.
 * Run: npx node -C @volley/source packages/tantivy/bench/read-segment.ts [documents]
 */
import {
  BooleanQuery,
  type BytesColumn,
  IndexSchema,
  MemoryDirectory,
  type NumericArray,
  type NumericColumn,
  openIndex,
  PhraseQuery,
  prepare,
  type Query,
  SegmentWriter,
  statisticsOf,
  TermQuery,
  termForText,
  TERMINATED,
  writeIndex,
} from '@volley/tantivy'

const COUNT = Number(process.argv[2] ?? 300_000)
const BATCH = 2048
const WORDS = 1000

const number = { indexed: false, fieldnorms: false, fast: true, stored: false }
const schema = IndexSchema.fromJson([
  {
    name: 'body',
    type: 'text',
    options: { indexing: { record: 'position', fieldnorms: true, tokenizer: 'default' }, stored: true, fast: false },
  },
  { name: 'status', type: 'u64', options: number },
  { name: 'latency', type: 'f64', options: number },
  { name: 'ts', type: 'date', options: { ...number, precision: 'milliseconds' } },
  { name: 'maybe', type: 'i64', options: number },
  { name: 'many', type: 'u64', options: number },
  { name: 'level', type: 'text', options: { stored: false, fast: true } },
])

let state = 42
function random(below: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 4294967296) * below)
}

/** Frequencies fall with the word's number, as in language. */
function word(): string {
  return `w${Math.floor(WORDS ** (random(1000) / 1000)) - 1}`
}

const writer = new SegmentWriter(schema, { dictionary: 'sstable', store: 'none' })
for (let doc = 0; doc < COUNT; doc += 1) {
  writer.add({
    body: Array.from({ length: 8 }, word).join(' '),
    status: BigInt(random(8192)),
    latency: random(1_000_000) / 1000,
    ts: 1_700_000_000_000_000_000n + BigInt(doc) * 1_000_000n * 7n,
    maybe: random(3) === 0 ? undefined : BigInt(random(100_000)) - 50_000n,
    many: Array.from({ length: random(3) }, () => BigInt(random(500))),
    level: `level ${random(20)}`,
  } as never)
}
const directory = new MemoryDirectory(writeIndex([writer.finish()], schema, {}))
const index = await openIndex(directory)
const segment = index.segments[0]!

/** Prints the least time of several runs, and the rate for `items`. */
function time(name: string, items: number, run: () => unknown): void {
  let best = Infinity
  for (let k = 0; k < 15; k += 1) {
    const start = performance.now()
    run()
    best = Math.min(best, performance.now() - start)
  }
  const rate = items / best / 1000
  console.log(`${name.padEnd(44)} ${best.toFixed(3).padStart(9)} ms ${rate.toFixed(1).padStart(9)} M/s`)
}

async function column(name: string): Promise<NumericColumn> {
  return (await segment.openColumn((await segment.columnsOf(name))[0]!)) as NumericColumn
}

const validity = new Uint8Array(BATCH / 8)
const everyThird = Uint32Array.from({ length: Math.floor(COUNT / 3) }, (_, k) => 3 * k)

for (const name of ['status', 'latency', 'ts', 'maybe', 'many']) {
  const opened = await column(name)
  const out: NumericArray =
    opened.type === 'f64'
      ? new Float64Array(BATCH)
      : opened.type === 'u64'
        ? new BigUint64Array(BATCH)
        : new BigInt64Array(BATCH)
  time(`readRange ${name} (${opened.cardinality} ${opened.type})`, COUNT, () => {
    for (let at = 0; at < COUNT; at += BATCH) opened.readRange(at, Math.min(COUNT, at + BATCH), out, validity)
  })
  time(`readDocs ${name}, every third`, everyThird.length, () => {
    for (let at = 0; at < everyThird.length; at += BATCH) {
      const docs = everyThird.subarray(at, at + BATCH)
      opened.readDocs(docs, docs.length, out, validity)
    }
  })
}
const status = await column('status')
time('docsInRange status, half pass', COUNT, () => status.docsInRange(0n, 4096n, 0, COUNT))
const many = await column('many')
time('readLists many', COUNT, () => {
  for (let at = 0; at < COUNT; at += BATCH) many.readLists({ start: at, end: Math.min(COUNT, at + BATCH) })
})
const level = (await segment.openColumn((await segment.columnsOf('level'))[0]!)) as BytesColumn
const ordinals = new Uint32Array(BATCH)
time('readOrdinals level', COUNT, () => {
  for (let at = 0; at < COUNT; at += BATCH) level.readOrdinals(at, Math.min(COUNT, at + BATCH), ordinals, validity)
})

const term = (text: string): TermQuery => new TermQuery(0, termForText(text))
async function timeQuery(name: string, query: Query): Promise<void> {
  const prepared = await prepare(query, segment, { scoring: true, statistics: await statisticsOf(index, query) })
  const matches = prepared.docs(0, COUNT).length
  time(`docs ${name}, ${matches} match`, matches, () => prepared.docs(0, COUNT))
  time(`score ${name}`, matches, () => {
    let sum = 0
    const scorer = prepared.scorer()
    for (let doc = scorer.doc; doc !== TERMINATED; doc = scorer.advance()) sum += scorer.score()
    return sum
  })
}
await timeQuery('w0', term('w0'))
await timeQuery('w20', term('w20'))
await timeQuery('+w0 +w1', new BooleanQuery({ must: [term('w0'), term('w1')] }))
await timeQuery('+w0 +w300', new BooleanQuery({ must: [term('w0'), term('w300')] }))
await timeQuery('w1 w2 w3', new BooleanQuery({ should: [term('w1'), term('w2'), term('w3')] }))
await timeQuery('"w0 w1"', new PhraseQuery(0, [termForText('w0'), termForText('w1')]))

const store = await segment.store()
await store.warm(everyThird)
time('stored documents, every third', everyThird.length, () => {
  for (let k = 0; k < everyThird.length; k += 1) store.document(everyThird[k]!)
})
