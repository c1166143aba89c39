/**
 * Damages files of indexes, one at a time, and reads and searches what is left: it must be refused as corrupted, or read to
 * the end; what is read otherwise than before must fail its checksum. Ends with status 1 at the first other error, a round
 * that takes too long, or memory that grows.
 *
 * Run: node -C @volley/source packages/tantivy/scripts/fuzz.ts [--mutations 20000] [--seed N] [--indexes DIR]
 *
 * DIR holds folders with an `index` each; by default fixtures/tantivy, and fixtures/tantivy of VOLLEY_SHARED if that is set.
 * Indexes above 400 kB are left out.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  collectTopDocs,
  countDocs,
  dumpIndex,
  FuzzyTermQuery,
  type Index,
  IndexCorruptedError,
  MemoryDirectory,
  openIndex,
  PhraseQuery,
  type Query,
  BooleanQuery,
  RangeQuery,
  TermQuery,
  UnsupportedIndexError,
  WildcardQuery,
} from '@volley/tantivy'

const MAX_INDEX_BYTES = 400_000
const MAX_ROUND_MS = 20_000
const MAX_RSS = 2 ** 31

const { values: options } = parseArgs({
  options: {
    mutations: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    indexes: { type: 'string' },
  },
})

/** Uniform integers below n, from a seed (mulberry32). */
function random(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n)
  }
}

/** One damage: a bit, a byte, a run of bytes, a cut, bytes moved or inserted. */
function mutate(bytes: Uint8Array, next: (n: number) => number): Uint8Array {
  const out = bytes.slice()
  if (out.length === 0) return Uint8Array.of(next(256))
  // half of the damage goes where files keep their tables
  const at = next(2) === 0 ? next(out.length) : Math.max(0, out.length - 1 - next(Math.min(400, out.length)))
  switch (next(7)) {
    case 0:
      out[at]! ^= 1 << next(8)
      return out
    case 1:
      out[at] = next(256)
      return out
    case 2:
      out.fill(next(2) === 0 ? 255 : 0, at, at + 1 + next(8))
      return out
    case 3:
      return out.slice(0, at)
    case 4: {
      const from = next(out.length)
      out.copyWithin(at, from, from + 1 + next(16))
      return out
    }
    case 5: {
      const inserted = new Uint8Array(out.length + 1 + next(8))
      inserted.set(out.subarray(0, at))
      inserted.set(out.subarray(at), inserted.length - (out.length - at))
      return inserted
    }
    default:
      for (let k = next(6); k >= 0; k -= 1) out[next(out.length)] = next(256)
      return out
  }
}

/** Some terms of each indexed field, spread over its dictionary. */
async function queriesOf(index: Index): Promise<Query[]> {
  const queries: Query[] = []
  for (const field of index.schema.fields) {
    if (field.options.record === null) continue
    const terms: Uint8Array[] = []
    for (const segment of index.segments) {
      const inverted = await segment.invertedIndex(field.ord)
      if (inverted === null) continue
      for await (const batch of inverted.terms.range(null, null)) {
        for (let k = 0; k < batch.count; k += 1 + (batch.count >> 2)) {
          terms.push(batch.bytes.slice(batch.offsets[k]!, batch.offsets[k + 1]!))
        }
        if (terms.length > 12) break
      }
    }
    const clauses = terms.slice(0, 6).map((term) => new TermQuery(field.ord, term))
    if (clauses.length < 2) continue
    queries.push(new BooleanQuery({ should: clauses }), new BooleanQuery({ must: clauses.slice(0, 2) }))
    queries.push(new WildcardQuery(field.ord, '*a*'), new FuzzyTermQuery(field.ord, 'abc', { distance: 2 }))
    const [lower, upper] = [terms[0]!, terms.at(-1)!]
    if (field.type !== 'json_object') {
      queries.push(new RangeQuery(field.ord, { term: lower, inclusive: true }, { term: upper, inclusive: false }))
    }
    if (field.type === 'text' && field.options.record === 'position') {
      queries.push(
        new PhraseQuery(field.ord, terms.slice(0, 2)),
        new PhraseQuery(field.ord, terms.slice(0, 2), [0, 1], 2),
      )
    }
  }
  return queries
}

async function readAll(files: ReadonlyMap<string, Uint8Array>, queries: readonly Query[] | null): Promise<string> {
  const lines: string[] = []
  for await (const line of dumpIndex(new MemoryDirectory(files))) lines.push(line)
  const index = await openIndex(new MemoryDirectory(files))
  for (const query of queries ?? []) {
    await countDocs(index, query)
    await collectTopDocs(index, query, 5)
  }
  return lines.join('\n')
}

const repository = fileURLToPath(new URL('../../../fixtures/tantivy', import.meta.url))
const shared = process.env['VOLLEY_SHARED']
const roots = options.indexes === undefined ? [repository] : [options.indexes]
if (options.indexes === undefined && shared !== undefined) roots.push(join(shared, 'fixtures/tantivy'))
const subjects: { name: string; files: Map<string, Uint8Array>; dump: string; queries: Query[] }[] = []
for (const root of roots) {
  for (const name of readdirSync(root)) {
    const folder = join(root, name, 'index')
    if (!existsSync(folder)) continue
    const names = readdirSync(folder).filter((file) => !file.startsWith('.') && !file.endsWith('.lock'))
    const files = new Map(names.map((file) => [file, new Uint8Array(readFileSync(join(folder, file)))] as const))
    let size = 0
    for (const bytes of files.values()) size += bytes.length
    if (size > MAX_INDEX_BYTES) continue
    const queries = await queriesOf(await openIndex(new MemoryDirectory(files)))
    subjects.push({ name, files, dump: await readAll(files, queries), queries })
  }
}
if (subjects.length === 0) throw new Error(`no index of at most ${MAX_INDEX_BYTES} bytes in ${roots.join(' and ')}`)

const mutations = Number(options.mutations)
const next = random(Number(options.seed))
const outcomes = { refused: 0, same: 0, different: 0 }
console.log(`${mutations} mutations of ${subjects.length} indexes, seed ${options.seed}`)
for (let round = 0; round < mutations; round += 1) {
  const subject = subjects[next(subjects.length)]!
  const names = [...subject.files.keys()]
  const name = names[next(names.length)]!
  const files = new Map(subject.files)
  files.set(name, mutate(files.get(name)!, next))
  const what = `round ${round}: ${subject.name}/${name}`
  const start = performance.now()
  try {
    const dump = await readAll(files, subject.queries)
    const same = dump === subject.dump
    outcomes[same ? 'same' : 'different'] += 1
    if (!same && name !== 'meta.json') {
      const refused = await (await openIndex(new MemoryDirectory(files))).verifyChecksums().then(
        () => false,
        (error: unknown) => error instanceof IndexCorruptedError,
      )
      if (!refused) throw new Error('read otherwise, with right checksums')
    }
  } catch (error) {
    if (!(error instanceof IndexCorruptedError || error instanceof UnsupportedIndexError)) {
      console.error(what, error)
      process.exit(1)
    }
    outcomes.refused += 1
  }
  const elapsed = performance.now() - start
  if (elapsed > MAX_ROUND_MS) throw new Error(`${what}: ${Math.round(elapsed)} ms`)
  if (round % 200 === 0 && process.memoryUsage.rss() > MAX_RSS) throw new Error(`${what}: too much memory`)
}
console.log(`refused ${outcomes.refused}, read the same ${outcomes.same}, otherwise ${outcomes.different}`)
if (outcomes.refused < mutations / 10) throw new Error('hardly any damage was noticed')
