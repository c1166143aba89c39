/**
 * Times the judge's requests in Volley and in native tantivy, in turn, over one index, and prints a Markdown table of times
 * and ratios; with --store, one of requests, bytes and waits over a store with 20 ms latency instead, cold and warm, for
 * which no judge is needed.
 *
 * Run: npm run bench:tantivy -- --judge BIN [--corpus DIR] [--requests FILE] [--docs N] [--rounds N] [--repeat N]
 * Run: npm run bench:tantivy -- --store --corpus DIR [--requests FILE]
 *
 * BIN is the judge, built for the index's kind of dictionary. Without --corpus, it makes an index of --docs documents
 * (default a million) in a temporary folder. Without --requests, the 23 requests beside BIN's source are looked for in
 * VOLLEY_SHARED. --only ID times one request.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  AggregationCollector,
  AllQuery,
  collectDocSets,
  collectTopByFields,
  collectTopDocs,
  countDocs,
  type Directory,
  finishAggregations,
  type Index,
  MemoryDirectory,
  mergePartials,
  openIndex,
  parseAggregations,
  prepare,
  type Query,
  QueryParser,
} from '@volley/tantivy'
import { nodeZstdDecompress } from '@volley/tantivy/node'

interface Request {
  readonly id: string
  readonly op: 'count' | 'docset' | 'top' | 'top_by' | 'docs' | 'agg'
  readonly q?: string
  readonly fields?: string
  readonly limit?: number
  readonly by?: string
  readonly agg?: unknown
}

interface Native {
  readonly ms_min: number
  readonly ms_median: number
  readonly result: unknown
}

type Answer = { readonly result: unknown; readonly scored?: number }

const LATENCY_MS = 20
/** Of CPU: a busy machine must not shorten it. */
const WARM_UP_MS = 300
const { values: options } = parseArgs({
  options: {
    judge: { type: 'string' },
    corpus: { type: 'string' },
    requests: { type: 'string' },
    docs: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    repeat: { type: 'string', default: '7' },
    only: { type: 'string' },
    store: { type: 'boolean', default: false },
  },
})

function queryOf(index: Index, request: Request): Query {
  if (request.q === undefined) return new AllQuery()
  const defaultFields = (request.fields ?? '').split(',').filter((name) => name !== '')
  return new QueryParser(index.schema, index.tokenizers, { defaultFields }).parse(request.q)
}

/** Runs a request from its query on, as the judge does. */
async function run(index: Index, request: Request, query: Query): Promise<Answer> {
  const limit = request.limit ?? 10
  switch (request.op) {
    case 'count':
      return { result: await countDocs(index, query) }
    case 'docset':
      return { result: (await collectDocSets(index, query)).reduce((sum, docs) => sum + docs.length, 0) }
    case 'top': {
      const { docs, scored } = await collectTopDocs(index, query, limit)
      return { result: docs.map(({ score, segment, doc }) => [score, segment, doc]), scored }
    }
    case 'top_by': {
      const docs = await collectTopByFields(index, query, [{ column: request.by!, order: 'desc' }], limit)
      return { result: docs.map(({ values, segment, doc }) => [Number(values[0]), segment, doc]) }
    }
    case 'docs': {
      const { docs } = await collectTopDocs(index, query, limit)
      let count = 0
      for (const segment of index.segments) {
        const wanted = Uint32Array.from(docs.filter((doc) => doc.segment === segment.ord).map(({ doc }) => doc)).sort()
        const store = await segment.store()
        await store.warm(wanted)
        for (const doc of wanted) count += store.document(doc).length
      }
      return { result: count }
    }
    case 'agg':
      return { result: await aggregate(index, request, query) }
  }
}

async function aggregate(index: Index, request: Request, query: Query): Promise<unknown> {
  const parsed = parseAggregations(request.agg)
  const partials = await Promise.all(
    index.segments.map(async (segment) => {
      const [collector, prepared] = await Promise.all([
        AggregationCollector.forSegment(segment, parsed),
        request.q === undefined ? null : prepare(query, segment, { scoring: false }),
      ])
      if (prepared === null) collector.collectAll()
      else {
        const docs = prepared.docs(0, segment.maxDoc)
        collector.collect(segment.alive === null ? docs : docs.subarray(0, segment.alive.filter(docs, docs.length)))
      }
      return collector.partial()
    }),
  )
  return finishAggregations(partials.reduce(mergePartials), parsed)
}

/** Whether two results are the same: numbers within 1e-5, relative; of objects, what both have. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number')
    return Math.abs(a - b) <= 1e-5 * Math.max(Math.abs(a), Math.abs(b))
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, k) => same(item, b[k]))
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    const other = b as Record<string, unknown>
    return Object.entries(a).every(([key, value]) => !(key in other) || same(value, other[key]))
  }
  return Object.is(a, b)
}

/** Answers after a delay, never at once, and counts. */
class DistantDirectory implements Directory {
  readonly #inner: Directory
  requests = 0
  bytes = 0
  /** Times that something was asked for while nothing was under way: what latency adds up by. */
  waits = 0
  #underWay = 0

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
    this.requests += 1
    this.bytes += end - start
    if (this.#underWay === 0) this.waits += 1
    this.#underWay += 1
    await new Promise((resolve) => setTimeout(resolve, LATENCY_MS))
    this.#underWay -= 1
    return this.#inner.read(name, start, end, signal)
  }
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rule = head.map((_, k) => (k === 0 ? '---' : '--:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

function ms(time: number): string {
  return time < 10 ? time.toFixed(3) : time.toFixed(1)
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!
}

const shared = process.env['VOLLEY_SHARED']
const requestFile = options.requests ?? (shared === undefined ? undefined : join(shared, 'judge/bench.jsonl'))
if (requestFile === undefined) throw new Error('--requests FILE is needed, or VOLLEY_SHARED')
const requests = readFileSync(requestFile, 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => JSON.parse(line) as Request)
  .filter(({ id }) => options.only === undefined || id === options.only)

function filesOf(corpus: string): MemoryDirectory {
  const names = readdirSync(corpus).filter((name) => !name.endsWith('.lock'))
  return new MemoryDirectory(
    new Map(names.map((name) => [name, new Uint8Array(readFileSync(join(corpus, name)))] as const)),
  )
}

async function compareTimes(judge: string, corpus: string, scratch: string): Promise<void> {
  const index = await openIndex(filesOf(corpus), { zstdDecompress: nodeZstdDecompress })
  const rounds = Number(options.rounds)
  const repeat = Number(options.repeat)
  const loadBefore = loadavg()[0]!
  const rows: string[][] = []
  const ratios: number[] = []
  for (const request of requests) {
    const file = join(scratch, 'request.jsonl')
    writeFileSync(file, `${JSON.stringify(request)}\n`)
    const query = queryOf(index, request)
    const volley: number[] = []
    const native: Native[] = []
    let answer: Answer = { result: null }
    for (let round = 0; round < rounds; round += 1) {
      const out = execFileSync(judge, ['bench', corpus, file, '--repeat', String(repeat)], { encoding: 'utf8' })
      native.push(JSON.parse(out) as Native)
      // the first runs are for the compiler
      const warm = process.cpuUsage()
      const enough = round === 0 ? WARM_UP_MS * 1000 : 0
      do answer = await run(index, request, query)
      while (process.cpuUsage(warm).user < enough)
      for (let k = 0; k < repeat; k += 1) {
        const start = performance.now()
        await run(index, request, query)
        volley.push(performance.now() - start)
      }
    }
    const nativeMin = Math.min(...native.map((n) => n.ms_min))
    const nativeMedian = median(native.map((n) => n.ms_median))
    const volleyMin = Math.min(...volley)
    ratios.push(volleyMin / nativeMin)
    rows.push([
      request.id,
      ms(volleyMin),
      ms(median(volley)),
      ms(nativeMin),
      ms(nativeMedian),
      (volleyMin / nativeMin).toFixed(2),
      same(answer.result, native[0]!.result) ? 'yes' : 'NO',
      answer.scored === undefined ? '' : String(answer.scored),
    ])
  }
  const head = ['request', 'Volley min', 'median', 'native min', 'median', 'ratio of min', 'same', 'scored']
  console.log(table(head, rows))
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
  console.log(`\nGeometric mean of ${ratios.length} ratios: ${mean.toFixed(2)}. Times in ms.`)
  console.log(`Load of the machine: ${loadBefore.toFixed(1)} before, ${loadavg()[0]!.toFixed(1)} after.\n`)
}

async function tellRequests(corpus: string): Promise<void> {
  const directory = filesOf(corpus)
  const distant: string[][] = []
  for (const request of requests) {
    const store = new DistantDirectory(directory)
    const cells = [request.id]
    let opened: Index | null = null
    for (const _ of ['cold', 'warm']) {
      store.requests = 0
      store.bytes = 0
      store.waits = 0
      const start = performance.now()
      opened ??= await openIndex(store, { zstdDecompress: nodeZstdDecompress })
      await run(opened, request, queryOf(opened, request))
      const elapsed = performance.now() - start
      cells.push(String(store.requests), (store.bytes / 1024).toFixed(1), String(store.waits), elapsed.toFixed(0))
    }
    distant.push(cells)
  }
  console.log(`Over a store with ${LATENCY_MS} ms latency, opening the index included when cold:\n`)
  console.log(table(['request', 'cold requests', 'kB', 'waits', 'ms', 'warm requests', 'kB', 'waits', 'ms'], distant))
}

const scratch = mkdtempSync(join(tmpdir(), 'volley-bench-'))
try {
  const { judge, corpus } = options
  if (options.store) {
    if (corpus === undefined) throw new Error('--corpus DIR is needed: an index of the judge')
    await tellRequests(corpus)
  } else {
    if (judge === undefined) throw new Error('--judge BIN is needed: the built tantivy-judge')
    const made = join(scratch, 'corpus')
    if (corpus === undefined) execFileSync(judge, ['corpus', made, '--docs', options.docs], { stdio: 'inherit' })
    await compareTimes(judge, corpus ?? made, scratch)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
