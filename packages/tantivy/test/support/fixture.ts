import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import {
  collectTopDocs,
  countDocs,
  type Directory,
  type Index,
  MemoryDirectory,
  prepare,
  type Query,
  QueryParser,
  statisticsOf,
  TERMINATED,
} from '@volley/tantivy'

/** The tantivy fixtures of the repository. */
export const FIXTURES: string = fileURLToPath(new URL('../../../../fixtures/tantivy', import.meta.url))

/** The files of a folder in memory. */
export function loadFiles(folder: string): Map<string, Uint8Array> {
  return new Map(readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]))
}

/** Lines of a golden file, gzipped or not. */
export function goldenLines(path: string): string[] {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : gunzipSync(readFileSync(`${path}.gz`)).toString()
  return text.split('\n').filter((line) => line !== '')
}

export interface GoldenQuery {
  readonly q: string
  readonly fields: string
  readonly conjunction: boolean
  readonly count: number
  readonly hits: readonly { readonly seg: number; readonly doc: number; readonly score: number }[]
}

export interface Hit {
  readonly seg: number
  readonly doc: number
  readonly score: number
}

function queryOf(index: Index, golden: GoldenQuery): Query {
  const defaultFields = golden.fields.split(',').filter((name) => name !== '')
  return new QueryParser(index.schema, index.tokenizers, { defaultFields, conjunction: golden.conjunction }).parse(
    golden.q,
  )
}

/** All live hits of a query in tantivy's language, best first, ties by address. */
export async function search(index: Index, golden: GoldenQuery): Promise<Hit[]> {
  const query = queryOf(index, golden)
  const statistics = await statisticsOf(index, query)
  const hits: Hit[] = []
  for (const segment of index.segments) {
    const prepared = await prepare(query, segment, { scoring: true, statistics })
    const docs = prepared.docs(0, segment.maxDoc)
    const scorer = prepared.scorer()
    let seen = 0
    for (let doc = scorer.doc; doc !== TERMINATED; doc = scorer.advance()) {
      if (docs[seen] !== doc) throw new Error(`docs() has ${docs[seen]} where the scorer has ${doc}: ${golden.q}`)
      seen += 1
      if (segment.alive?.isAlive(doc) ?? true) hits.push({ seg: segment.ord, doc, score: scorer.score() })
    }
    if (seen !== docs.length || prepared.count() !== seen) throw new Error(`docs() is longer: ${golden.q}`)
  }
  hits.sort((a, b) => b.score - a.score || a.seg - b.seg || a.doc - b.doc)
  return hits
}

/** Throws where a collector answers otherwise than `hits`, which are all. */
export async function checkCollectors(index: Index, golden: GoldenQuery, hits: readonly Hit[]): Promise<void> {
  const query = queryOf(index, golden)
  for (const limit of [1, 10, 1000]) {
    const { docs } = await collectTopDocs(index, query, limit)
    const best = docs.map(({ segment, doc, score }) => ({ seg: segment, doc, score }))
    if (!isDeepStrictEqual(best, hits.slice(0, limit))) throw new Error(`the best ${limit} differ: ${golden.q}`)
  }
  if ((await countDocs(index, query)) !== hits.length) throw new Error(`another count: ${golden.q}`)
}

/** What differs between hits and a golden result; null if nothing does. */
export function compareHits(hits: readonly Hit[], golden: GoldenQuery): string | null {
  if (hits.length !== golden.count) return `${hits.length} hits, ${golden.count} expected`
  const scores = new Map(hits.map((hit) => [`${hit.seg}.${hit.doc}`, hit.score]))
  for (const [k, expected] of golden.hits.entries()) {
    const near = (score: number | undefined): boolean =>
      score !== undefined && Math.abs(score - expected.score) <= 1e-5 * Math.abs(expected.score)
    if (!near(hits[k]?.score)) return `score ${hits[k]?.score} at ${k}, ${expected.score} expected`
    if (!near(scores.get(`${expected.seg}.${expected.doc}`))) return `document ${expected.seg}.${expected.doc}`
  }
  return null
}

/** A directory that answers late and never at once, and counts what it is asked for. */
export class DelayedDirectory implements Directory {
  readonly #inner: MemoryDirectory
  requests = 0
  bytes = 0

  constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.#inner = new MemoryDirectory(files)
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
    await new Promise((resolve) => setImmediate(resolve))
    // a copy of its own, as from a network
    return (await this.#inner.read(name, start, end, signal)).slice()
  }
}
