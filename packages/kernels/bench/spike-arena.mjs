// Figures of docs/spike-arena.md: node --expose-gc --experimental-strip-types -C @volley/source \
//   packages/kernels/bench/spike-arena.mjs [section ...]
// Each section runs in a process of its own, so that one's memory does not show in another's.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { PerformanceObserver } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { Worker, isMainThread, workerData } from 'node:worker_threads'
import { Arena, Region, filterCompareF64, filterCompareI32, filterCompareI64 } from '@volley/kernels'

const PAGE = 65536
const MIB = 1 << 20
const GIB = 1 << 30

const status = (key) => Number(/\d+/.exec(readFileSync('/proc/self/status', 'utf8').split(`${key}:`)[1])[0]) / 1024
const mib = (value) => `${Math.round(value)} MiB`
const ms = (value) => `${value.toFixed(value < 10 ? 2 : 0)} ms`
const memory = (pages, shared, maximum = pages) => new WebAssembly.Memory({ initial: pages, maximum, shared })
const report = (what, ...values) => console.log(`  ${what.padEnd(58)} ${values.join('   ')}`)

/** Lowest time of each, the candidates taking turns. */
function race(candidates, rounds = 15) {
  const best = candidates.map(() => Infinity)
  for (let round = 0; round < rounds; round++) {
    candidates.forEach((run, i) => {
      const start = performance.now()
      run()
      best[i] = Math.min(best[i], performance.now() - start)
    })
  }
  return best
}

const sections = {
  'reserve 1 GiB'() {
    for (const shared of [false, true]) {
      const kind = shared ? 'shared' : 'unshared'
      const before = status('VmRSS')
      const virtual = status('VmSize')
      const start = performance.now()
      const reserved = memory(GIB / PAGE, shared)
      const took = performance.now() - start
      const { external, arrayBuffers } = process.memoryUsage()
      report(
        `${kind}: time, RSS, address space`,
        ms(took),
        `+${mib(status('VmRSS') - before)}`,
        `+${mib(status('VmSize') - virtual)}`,
      )
      report(`${kind}: V8 external, arrayBuffers`, mib(external / MIB), mib(arrayBuffers / MIB))
      const touched = performance.now()
      new Uint8Array(reserved.buffer).fill(1, 0, 256 * MIB)
      report(
        `${kind}: first write to 256 MiB: time, RSS`,
        ms(performance.now() - touched),
        `+${mib(status('VmRSS') - before)}`,
      )
      const again = performance.now()
      new Uint8Array(reserved.buffer).fill(2, 0, 256 * MIB)
      report(`${kind}: second write to them: time`, ms(performance.now() - again))
    }
  },
  'many arenas of 1 GiB'() {
    for (const shared of [false, true]) {
      const kept = []
      let failure = 'no failure'
      const start = performance.now()
      try {
        while (kept.length < 512) kept.push(memory(GIB / PAGE, shared))
      } catch (error) {
        failure = `${error.constructor.name}: ${error.message}`
      }
      report(
        `${shared ? 'shared' : 'unshared'}: made`,
        kept.length,
        ms(performance.now() - start),
        `RSS ${mib(status('VmRSS'))}`,
        failure,
      )
      kept.length = 0
      globalThis.gc?.()
    }
  },
  'arenas dropped without a word'() {
    for (const shared of [false, true]) {
      let made = 0
      let failure = 'no failure'
      const start = performance.now()
      try {
        for (; made < 300; made++) new Uint8Array(memory(GIB / PAGE, shared).buffer).fill(1, 0, 16 * MIB)
      } catch (error) {
        failure = `${error.constructor.name}: ${error.message}`
      }
      report(
        `${shared ? 'shared' : 'unshared'}: 16 MiB of each written, made`,
        made,
        ms(performance.now() - start),
        `RSS ${mib(status('VmRSS'))}`,
        failure,
      )
      globalThis.gc?.()
      globalThis.gc?.()
      report('  after two collections asked for', `RSS ${mib(status('VmRSS'))}`)
    }
  },
  async 'garbage collections beside an arena'() {
    const garbage = () => {
      let kept = []
      for (let i = 0; i < 3_000_000; i++) {
        kept.push({ i, text: `${i}` })
        if (kept.length === 100_000) kept = []
      }
    }
    garbage()
    for (const [what, make] of [
      ['no arena', () => null],
      ['unshared 1 GiB', () => new Arena()],
      ['unshared 3 GiB', () => new Arena({ reserveBytes: 3 * GIB })],
      ['shared 1 GiB', () => new Arena({ shared: true })],
      ['no arena, again', () => null],
    ]) {
      globalThis.gc?.()
      const counts = new Map()
      const observer = new PerformanceObserver((list) => {
        for (const { detail } of list.getEntries()) counts.set(detail.kind, (counts.get(detail.kind) ?? 0) + 1)
      })
      const arena = make()
      await new Promise((resolve) => setTimeout(resolve, 50))
      observer.observe({ entryTypes: ['gc'] })
      const start = performance.now()
      garbage()
      const took = performance.now() - start
      await new Promise((resolve) => setTimeout(resolve, 50))
      observer.disconnect()
      const [minor, major, incremental] = [1, 4, 8].map((kind) => counts.get(kind) ?? 0)
      report(
        `${what}: 3M small objects: time, minor, major, incremental`,
        ms(took),
        minor,
        major,
        incremental,
        arena?.liveBlocks ?? '',
      )
    }
  },
  growing() {
    for (const shared of [false, true]) {
      const growing = memory(16, shared, GIB / PAGE)
      const view = new Int32Array(growing.buffer, 0, 16)
      view[0] = 42
      const [took] = race([() => growing.grow(1)], 100)
      let read = 'detached'
      if (view.length > 0)
        read = `still reads ${view[0]}, sees ${view.buffer.byteLength === growing.buffer.byteLength ? 'the new' : 'the old'} length`
      report(`${shared ? 'shared' : 'unshared'}: a view after grow; time of one grow`, read, ms(took))
    }
  },
  'lifetime of a batch'() {
    const arena = new Arena({ reserveBytes: 256 * MIB })
    const shared = new Arena({ reserveBytes: 256 * MIB, shared: true })
    const rounds = 20_000
    const columns = (region) => {
      for (let c = 0; c < 8; c++) region.i32(4096)[0] = c
    }
    const inRegion = (of) => () => {
      for (let i = 0; i < rounds; i++) {
        const region = new Region(of)
        columns(region)
        region.release()
      }
    }
    const ordinary = () => {
      for (let i = 0; i < rounds; i++) for (let c = 0; c < 8; c++) new Int32Array(4096)[0] = c
    }
    const [a, b, c] = race([inRegion(arena), inRegion(shared), ordinary], 5)
    report('8 columns of 4096 i32, made and released, unshared', `${Math.round((a / rounds) * 1e6)} ns`)
    report('the same, shared', `${Math.round((b / rounds) * 1e6)} ns`)
    report('8 ordinary Int32Arrays, dropped', `${Math.round((c / rounds) * 1e6)} ns`)
    report('live blocks at the end; peak bytes', arena.liveBlocks, arena.peakBytes)
  },
  'reading from JavaScript'() {
    const count = 4 * MIB
    const arrays = [
      new Int32Array(count),
      new Region(new Arena()).i32(count),
      new Region(new Arena({ shared: true })).i32(count),
    ]
    // a loop of its own for each kind of memory, so that none pays for the others' kinds
    const loops = arrays.map(
      () =>
        new Function(
          'values',
          'let sum = 0; for (let i = 0; i < values.length; i++) sum = (sum + values[i]) | 0; return sum',
        ),
    )
    const times = race(arrays.map((values, i) => () => loops[i](values)))
    for (const [i, what] of ['ordinary', 'unshared arena', 'shared arena'].entries())
      report(`sum of 4M i32, ${what}`, ms(times[i]))
  },
  async 'filter i32 to a selection'() {
    const count = 4_000_000
    const places = [
      ['WebAssembly, unshared arena', new Region(new Arena())],
      ['WebAssembly, shared arena', new Region(new Arena({ shared: true }))],
      ['JavaScript twin, ordinary memory', null],
    ]
    const random = Int32Array.from({ length: count }, () => (Math.random() * 2 ** 32) | 0)
    for (const share of [0.5, 0.05, 0.95]) {
      const constant = Math.round((share - 0.5) * 2 ** 32)
      const runs = places.map(([, region]) => {
        const values = region?.i32(count) ?? new Int32Array(count)
        const out = region?.u32(count) ?? new Uint32Array(count)
        values.set(random)
        return { values, out }
      })
      const whole = race(
        runs.map(
          ({ values, out }) =>
            () =>
              filterCompareI32(values, '<', constant, null, count, out),
        ),
      )
      const batches = race(
        runs.map(({ values, out }) => () => {
          const selection = out.subarray(0, 4096)
          for (let i = 0; i + 4096 <= count; i += 4096)
            filterCompareI32(values.subarray(i, i + 4096), '<', constant, null, 4096, selection)
        }),
      )
      places.forEach(([what], i) =>
        report(`4M, ${share * 100}% pass: ${what}: at once, by 4096`, ms(whole[i]), ms(batches[i])),
      )
    }
    const numbers = places.map(([, region]) => {
      const i64 = region?.i64(count) ?? new BigInt64Array(count)
      const f64 = region?.f64(count) ?? new Float64Array(count)
      const out = region?.u32(count) ?? new Uint32Array(count)
      for (let i = 0; i < count; i++) {
        i64[i] = BigInt(random[i]) << 20n
        f64[i] = random[i] / 3
      }
      return { i64, f64, out }
    })
    const wide = race(
      numbers.map(
        ({ i64, out }) =>
          () =>
            filterCompareI64(i64, '<', 0n, null, count, out),
      ),
      7,
    )
    const floats = race(
      numbers.map(
        ({ f64, out }) =>
          () =>
            filterCompareF64(f64, '<', 0, null, count, out),
      ),
      7,
    )
    places.forEach(([what], i) => report(`4M, 50% pass: ${what}: i64, f64`, ms(wide[i]), ms(floats[i])))
    const { values, out } = { values: places[0][1].i32(64), out: places[0][1].u32(64) }
    const calls = 1_000_000
    const [call] = race(
      [
        () => {
          for (let i = 0; i < calls; i++) filterCompareI32(values, '<', 0, null, 64, out)
        },
      ],
      7,
    )
    report('one call for 64 rows, with its checks and look-ups', `${Math.round((call / calls) * 1e6)} ns`)
  },
  async 'two threads, one memory'() {
    const shared = memory(GIB / PAGE, true)
    const flag = new Int32Array(shared.buffer, 1024, 1)
    const worker = new Worker(fileURLToPath(import.meta.url), {
      workerData: { memory: shared },
      execArgv: process.execArgv.filter((flag) => flag !== '--expose-gc'),
    })
    const start = performance.now()
    Atomics.wait(flag, 0, 0, 10_000)
    report('a worker wrote through the same memory', flag[0] === 7, `started in ${ms(performance.now() - start)}`)
    await worker.terminate()
  },
}

if (!isMainThread) {
  const flag = new Int32Array(workerData.memory.buffer, 1024, 1)
  Atomics.store(flag, 0, 7)
  Atomics.notify(flag, 0)
} else if (process.env.SPIKE_SECTION !== undefined) {
  await sections[process.env.SPIKE_SECTION]()
} else {
  console.log(`node ${process.version}, V8 ${process.versions.v8}, load ${loadavg()[0].toFixed(1)}`)
  const wanted = process.argv.slice(2)
  for (const name of Object.keys(sections)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    console.log(name)
    const result = spawnSync(process.execPath, [...process.execArgv, process.argv[1]], {
      env: { ...process.env, SPIKE_SECTION: name, NODE_NO_WARNINGS: '1' },
      stdio: ['ignore', 'inherit', 'pipe'],
      encoding: 'utf8',
    })
    if (result.status !== 0) console.log(`  failed: ${result.stderr.trim().split('\n').slice(-8).join(' | ')}`)
  }
}
