/**
 * Times opening an index whose bytes are at hand and a query without a hit, and tells how much memory queries hold beyond
 * the ranges that they read: `npx node --expose-gc -C @volley/source packages/tantivy/bench/open-and-memory.ts DIR`.
 */
import {
  openIndex,
  prepare,
  TermQuery,
  AllQuery,
  AggregationCollector,
  parseAggregations,
  type Directory,
} from '../src/index.ts'
import { nodeDirectory, nodeZstdDecompress } from '../src/node.ts'

const [path] = process.argv.slice(2)
if (path === undefined) throw new Error('give an index directory')

/** Counts what is read, and keeps nothing. */
class Counting implements Directory {
  bytes = 0
  readonly #inner: Directory

  constructor(inner: Directory) {
    this.#inner = inner
  }

  list(): readonly string[] {
    return this.#inner.list()
  }

  has(name: string): boolean {
    return this.#inner.has(name)
  }

  length(name: string): number {
    return this.#inner.length(name)
  }

  async read(name: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    this.bytes += end - start
    return this.#inner.read(name, start, end, signal)
  }
}

const options = { zstdDecompress: nodeZstdDecompress }
const directory = nodeDirectory(path)

const open = await bestOf(30, async () => void (await openIndex(directory, options)))
const index = await openIndex(directory, options)
const text = index.schema.fields.find((field) => field.type === 'text')!
const absent = new TermQuery(text.ord, new TextEncoder().encode('no such term anywhere'))
const noHit = await bestOf(30, async () => {
  for (const segment of index.segments) (await prepare(absent, segment, { scoring: false })).count()
})
console.log(`open: ${open.toFixed(2)} ms; a query without a hit: ${noHit.toFixed(3)} ms (best of 30)`)

const fast = index.schema.fields.filter((field) => field.options.fast !== false)
for (const field of fast) {
  const counting = new Counting(directory)
  const one = await openIndex(counting, options)
  const before = held()
  const kind = field.type === 'text' ? { terms: { field: field.name } } : { stats: { field: field.name } }
  const request = parseAggregations({ a: kind })
  let most = 0
  for (const segment of one.segments) {
    await prepare(new AllQuery(), segment, { scoring: false })
    const collector = await AggregationCollector.forSegment(segment, request, {})
    collector.collectAll()
    most = Math.max(most, held() - before)
    await collector.partial()
    most = Math.max(most, held() - before)
  }
  const mb = (bytes: number) => (bytes / 2 ** 20).toFixed(1)
  console.log(
    `${field.name} (${Object.keys(kind)[0]}): ${mb(counting.bytes)} MB read, ${mb(most)} MB held, ${mb(most - counting.bytes)} beyond`,
  )
}

async function bestOf(rounds: number, work: () => Promise<void>): Promise<number> {
  let best = Infinity
  for (let i = 0; i < rounds; i++) {
    const start = performance.now()
    await work()
    best = Math.min(best, performance.now() - start)
  }
  return best
}

function held(): number {
  ;(globalThis as { gc?: () => void }).gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
