/**
 * Damages files of indexes, one at a time, and reads and searches what is left: it must be refused as corrupted, or read to
 * the end; what is read otherwise than before must fail its checksum. Any other error, an allocation out of proportion and
 * a round that takes long are failures; a round that hangs ends the run. Closes with `N passed, N failed`.
 *
 * Run: node -C @volley/source packages/tantivy/scripts/fuzz.ts [--mutations 20000] [--seed N] [--from ROUND] [--indexes DIR]
 *
 * DIR holds folders with an `index` each, or with a bare `*.columnar` file; by default fixtures/tantivy, and
 * fixtures/tantivy of VOLLEY_SHARED if that is set. A round depends on the seed and its number only: `--from ROUND
 * --mutations 1` repeats one.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { dumpColumnar, type Index } from '@volley/tantivy'
import { damage, dice } from '../test/support/damage.ts'
import { attempt, drawReading, type Subject, subjectsOf } from '../test/support/damaged-segment.ts'
import type { Reading } from '../test/support/readings.ts'

const MAX_SEGMENT_BYTES = 1_000_000
/** Of CPU. */
const MAX_ROUND_MS = 10_000
/** Of CPU, too: a busy machine does not hang. */
const HANGING_MS = 60_000
/** Bytes of one typed array; all segments are smaller than a megabyte. */
const MAX_ALLOCATION = 1 << 27
const MAX_RSS = 2 ** 31
const MAX_FAILURES = 25

const { values: options } = parseArgs({
  options: {
    mutations: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    indexes: { type: 'string' },
  },
})

const encoder = new TextEncoder()
let largest = 0

/** Notes how large typed arrays become. */
function watchAllocations(): void {
  const kinds = ['Uint8Array', 'Uint16Array', 'Uint32Array', 'Int32Array', 'Float64Array', 'BigUint64Array'] as const
  for (const kind of kinds) {
    const original = globalThis[kind]
    const watched = new Proxy(original, {
      construct(target, args: unknown[], newTarget) {
        const length = args[0]
        if (typeof length === 'number' && length * target.BYTES_PER_ELEMENT > largest) {
          largest = length * target.BYTES_PER_ELEMENT
          if (largest > MAX_ALLOCATION) throw new Error(`${kind} of ${length} elements`)
        }
        return Reflect.construct(target, args, newTarget) as object
      },
    })
    Object.assign(globalThis, { [kind]: watched })
  }
}

/** Ends the process when the count of rounds stands still. */
function watchRounds(): Int32Array {
  const beat = new Int32Array(new SharedArrayBuffer(4))
  const code = `
    const { workerData: { beat, limit } } = require('node:worker_threads')
    let [round, since] = [-1, process.cpuUsage()]
    setInterval(() => {
      const now = Atomics.load(beat, 0)
      if (now !== round) [round, since] = [now, process.cpuUsage()]
      else if (process.cpuUsage(since).user > limit * 1000) {
        require('node:fs').writeSync(2, 'round ' + round + ' hangs\\n0 passed, 1 failed\\n')
        process.kill(process.pid, 'SIGKILL')
      }
    }, 1000)`
  new Worker(code, { eval: true, workerData: { beat, limit: HANGING_MS } }).unref()
  return beat
}

function filesOf(folder: string): Map<string, Uint8Array> {
  const names = readdirSync(folder).filter((name) => !name.startsWith('.') && !name.endsWith('.lock'))
  return new Map(names.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))] as const))
}

/** A bare columnar container, which has no checksum: it must only be read to the end or refused. */
function containerOf(name: string, bytes: Uint8Array): Subject {
  const reading: Reading = {
    what: 'columns',
    whole: true,
    async run(index: Index) {
      const lines: string[] = []
      for await (const line of dumpColumnar(
        await index.directory.read('columnar', 0, index.directory.length('columnar')),
      ))
        lines.push(line)
      return lines.join('\n')
    },
  }
  const meta = encoder.encode(JSON.stringify({ index_settings: {}, segments: [], schema: [], opstamp: 0 }))
  const files = new Map([
    ['columnar', bytes],
    ['meta.json', meta],
  ])
  return { name, files, readings: new Map([['columnar', [{ reading, text: null }]]]) }
}

watchAllocations()
const repository = fileURLToPath(new URL('../../../fixtures/tantivy', import.meta.url))
const shared = process.env['VOLLEY_SHARED']
const roots = options.indexes === undefined ? [repository] : [options.indexes]
if (options.indexes === undefined && shared !== undefined) {
  roots.push(join(shared, 'fixtures/tantivy'), join(shared, 'fixtures/tantivy/compat'))
}
const subjects: Subject[] = []
for (const root of roots) {
  for (const name of readdirSync(root)) {
    const path = join(root, name)
    const folder = [join(path, 'index'), path].find((candidate) => existsSync(join(candidate, 'meta.json')))
    if (folder !== undefined) subjects.push(...(await subjectsOf(name, filesOf(folder), MAX_SEGMENT_BYTES)))
    else if (name.endsWith('.columnar') && statSync(path).isFile()) {
      subjects.push(containerOf(name, new Uint8Array(readFileSync(path))))
    }
  }
}
if (subjects.length === 0) throw new Error(`no index in ${roots.join(' and ')}`)

const first = Number(options.from)
const mutations = Number(options.mutations)
const outcomes = { refused: 0, same: 0, different: 0 }
const seen = new Set<string>()
let failed = 0
console.log(`${mutations} mutations of ${subjects.length} segments, seed ${options.seed}`)
const beat = watchRounds()
const started = performance.now()
let told = started
let round = first
for (; round < first + mutations && failed < MAX_FAILURES; round += 1) {
  Atomics.store(beat, 0, round)
  const next = dice(Number(options.seed) * 1_000_003 + round)
  const subject = subjects[next(subjects.length)]!
  const file = [...subject.readings.keys()][next(subject.readings.size)]!
  const known = drawReading(subject.readings.get(file)!, next)
  const bytes = damage(subject.files.get(file)!, next)
  if (mutations === 1) writeSync(1, `${subject.name}, ${file}, ${known.reading.what}\n`)
  const start = process.cpuUsage()
  largest = 0
  try {
    outcomes[await attempt(subject, file, bytes, known)] += 1
    const { user, system } = process.cpuUsage(start)
    const elapsed = (user + system) / 1000
    if (elapsed > MAX_ROUND_MS) throw new Error(`${Math.round(elapsed)} ms of CPU`)
    if (process.memoryUsage.rss() > MAX_RSS) throw new Error('too much memory')
    seen.add(`${subject.name}/${file}/${known.reading.what}`)
  } catch (error) {
    failed += 1
    console.error(`round ${round}: ${subject.name}, ${file}, ${known.reading.what}:`, error)
  }
  if (performance.now() - told > 15_000) {
    told = performance.now()
    console.log(`${round + 1 - first} of ${mutations} after ${Math.round((told - started) / 1000)} s, ${failed} failed`)
  }
}
const { refused, same, different } = outcomes
console.log(`refused ${refused}, read the same ${same}, otherwise ${different}; ${seen.size} readings`)
if (refused < (round - first) / 10 && mutations > 100) {
  console.error('hardly any damage was noticed')
  failed += 1
}
console.log(`${round - first - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
