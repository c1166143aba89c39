import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Arena } from '@volley/kernels'
import { expect } from 'vitest'
import {
  executeAll,
  MemoryPool,
  scalarAt,
  spillStore,
  TaskContext,
  type ExecutionPlan,
  type ScalarValue,
  type SpillFile,
} from '../../src/index.ts'
import { NodeSpillStore } from '../../src/node.ts'
import { expectSameRows, typesOf } from './engine-support.ts'

export interface LimitedRun {
  readonly rows: ScalarValue[][]
  /** Most bytes that were reserved at a time. */
  readonly peakBytes: number
  readonly spilledBytes: number
  readonly spillCount: number
}

const arena = new Arena({ reserveBytes: 256 << 20, poison: true })

export interface LimitedOptions {
  readonly limitBytes?: number
  readonly batchSize?: number
  readonly signal?: AbortSignal
  readonly store?: NodeSpillStore | null
}

/** Runs a plan under a limit; asserts that no memory, reservation or file is left, however it ends. */
export async function runLimited(plan: ExecutionPlan, options: LimitedOptions = {}): Promise<LimitedRun> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-spill-test-'))
  const store = options.store === undefined ? new NodeSpillStore(folder) : options.store
  const pool = new MemoryPool(options.limitBytes)
  const { signal } = options
  const context = new TaskContext({
    queryId: 'limited',
    arena,
    batchSize: options.batchSize ?? 256,
    memory: pool.query('limited'),
    ...(signal === undefined ? {} : { signal }),
  })
  if (store !== null) context.provide(spillStore, store)
  const stream = executeAll(plan, context)
  const rows: ScalarValue[][] = []
  try {
    for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
      for (let k = 0; k < batch.numRows; k++) {
        const row = batch.selection === null ? k : batch.selection[k]!
        rows.push(batch.columns.map((vector) => scalarAt(vector, row)))
      }
    }
    return {
      rows,
      peakBytes: pool.peakBytes,
      spilledBytes: counterOf(plan, 'spilled_bytes', context),
      spillCount: counterOf(plan, 'spill_count', context),
    }
  } finally {
    await stream.close()
    await context.close()
    expect(fs.readdirSync(folder)).toEqual([])
    fs.rmdirSync(folder)
    expect(store?.openFiles ?? 0).toBe(0)
    expect(pool.usedBytes).toBe(0)
    expect(arena.liveBlocks).toBe(0)
  }
}

/** A store whose file calls `interrupt` before its n-th write. */
export class InterruptedStore extends NodeSpillStore {
  writes = 0
  readonly #at: number
  readonly #interrupt: () => void

  constructor(at: number, interrupt: () => void) {
    super()
    this.#at = at
    this.#interrupt = interrupt
  }

  override async create(): Promise<SpillFile> {
    const file = await super.create()
    return {
      append: async (bytes) => {
        if (++this.writes === this.#at) this.#interrupt()
        return file.append(bytes)
      },
      read: (extent) => file.read(extent),
      delete: () => file.delete(),
    }
  }
}

/** A store that takes now more, now less time to write and to read, in an order that repeats with the numbers. */
export class JitteryStore extends NodeSpillStore {
  readonly #next: () => number

  constructor(next: () => number) {
    super()
    this.#next = next
  }

  async #wait(): Promise<void> {
    for (let turns = this.#next() % 4; turns > 0; turns--) await new Promise(setImmediate)
  }

  override async create(): Promise<SpillFile> {
    const file = await super.create()
    return {
      append: async (bytes) => {
        await this.#wait()
        return file.append(bytes)
      },
      read: async (extent) => {
        await this.#wait()
        return file.read(extent)
      },
      delete: () => file.delete(),
    }
  }
}

function counterOf(plan: ExecutionPlan, name: string, context: TaskContext): number {
  const own = context.metricsOf(plan).counters.get(name) ?? 0
  return plan.children.reduce((sum, child) => sum + counterOf(child, name, context), own)
}

/** The same rows at a tenth (or another part) of the memory that the plan would like, by spilling. */
export async function expectSameAtATenth(plan: ExecutionPlan, ordered = false, part = 10): Promise<LimitedRun> {
  const free = await runLimited(plan)
  expect(free.spilledBytes).toBe(0)
  expect(free.rows.length).toBeGreaterThan(0)
  const limited = await runLimited(plan, { limitBytes: Math.floor(free.peakBytes / part) })
  expect(limited.peakBytes).toBeLessThanOrEqual(free.peakBytes / part)
  expect(limited.spilledBytes).toBeGreaterThan(0)
  expect(limited.spillCount).toBeGreaterThan(0)
  if (ordered) expect(limited.rows).toEqual(free.rows)
  else expectSameRows(limited.rows, free.rows, typesOf(plan))
  return limited
}
