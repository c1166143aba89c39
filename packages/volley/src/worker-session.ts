import os from 'node:os'
import { PlanCodec } from '@volley/codec'
import {
  defaultFunctions,
  MemoryPool,
  ResidentColumns,
  residentColumns,
  spillStore,
  TaskContext,
  type FunctionRegistry,
} from '@volley/core'
import { NodeSpillStore } from '@volley/core/node'
import { Arena } from '@volley/kernels'
import {
  optimizeFragment,
  ReadBudget,
  readBudget,
  readMeter,
  SplitIndexOpener,
  splitOpener,
  tantivyCodecs,
} from '@volley/splits'
import { nodeStoreResolver } from '@volley/storage/node'
import { nodeZstdDecompress } from '@volley/tantivy/node'
import { availableMemory } from './available-memory.ts'
import { fileScanCodec } from './files/file-scan-codec.ts'
import { meteredStore, nodeReadMeter } from './metered-store.ts'
import { memoryScanCodec } from './tables/memory-scan-codec.ts'
import { seriesScanCodec } from './tables/series-scan-codec.ts'
import { askingPartReader, partReader, SharedParts } from './tables/shared-parts.ts'
import type { AskOwner, BuildWorkerSession, WorkerSession } from '@volley/worker/thread'

/** What an executor is built from: plain data, so that it can go to a thread. */
export interface WorkerSessionConfig {
  /** URIs under which splits may be opened; null for any. */
  readonly roots: readonly string[] | null
  /** Bytes of address space that the arena reserves. */
  readonly memoryLimit?: number
  /** Where the folder of spill files is made; default the system's place for temporary files. */
  readonly spillFolder?: string
  /** Overwrites freed memory, for tests. */
  readonly poison?: boolean
}

const DEFAULT_MEMORY = 2 * 1024 ** 3
/** The part of the arena that operators may fill; batches on their way need the rest. */
const RESERVABLE = 0.85
/** The part of the memory of the machine, or of the container, that decoded dictionaries may fill, in all threads together. */
const TERM_SHARE = 1 / 8 / os.availableParallelism()
/** The same for footers and columns of splits that stay open. */
const OPEN_SHARE = 1 / 4 / os.availableParallelism()
/** What texts at JSON paths that were read from documents may take. */
const PATH_SHARE = 1 / 16 / os.availableParallelism()

/** Builds what runs plans over splits: the same for the coordinator, for threads and for worker processes. */
export const buildWorkerSession: BuildWorkerSession = async (config, ask) =>
  createWorkerSession(config as WorkerSessionConfig, ask === undefined ? {} : { ask })

/** What runs plans over splits, with its parts. */
export interface LocalWorkerSession extends WorkerSession {
  readonly arena: Arena
  readonly opener: SplitIndexOpener
  /** Tables in memory that plans name. */
  readonly parts: SharedParts
}

export interface WorkerSessionParts {
  /** In a thread: how to reach the thread that has the tables in memory. */
  readonly ask?: AskOwner
  readonly functions?: FunctionRegistry
}

export function createWorkerSession(
  config: WorkerSessionConfig,
  { ask, functions = defaultFunctions() }: WorkerSessionParts = {},
): LocalWorkerSession {
  const arena = new Arena({ reserveBytes: config.memoryLimit ?? DEFAULT_MEMORY, poison: config.poison ?? false })
  const pool = new MemoryPool(arena.reserveBytes * RESERVABLE, arena.caches)
  const resident = new ResidentColumns(arena, pool)
  const spilling = new NodeSpillStore(config.spillFolder)
  const opener = new SplitIndexOpener({
    caches: arena.caches,
    resolver: nodeStoreResolver(),
    zstdDecompress: nodeZstdDecompress,
    wrapStore: meteredStore,
    openBytes: OPEN_SHARE * availableMemory(),
    termBytes: TERM_SHARE * availableMemory(),
    pathBytes: PATH_SHARE * availableMemory(),
    ...(config.roots === null ? {} : { allowedRoots: config.roots }),
  })
  /** Of queries with a limit that run now, with the number of their tasks here. */
  const budgets = new Map<string, { readonly budget: ReadBudget; tasks: number }>()
  const parts = new SharedParts()
  const reader = ask === undefined ? parts : askingPartReader(ask)
  const nodes = [...tantivyCodecs, fileScanCodec(config.roots === null), memoryScanCodec(parts), seriesScanCodec]
  return {
    arena,
    opener,
    parts,
    liveBytes: () => arena.liveBytes - resident.bytes,
    codec: new PlanCodec(functions, nodes),
    context(queryId, settings, signal) {
      const batchSize = Number(settings.get('batch_size') ?? 4096)
      const memory = pool.query(queryId, Number(settings.get('memory_limit') ?? 0) || Infinity)
      const context = new TaskContext({ queryId, arena, batchSize, signal, settings, memory })
      context.provide(spillStore, spilling).provide(residentColumns, resident)
      const limit = Number(settings.get('max_bytes_scanned') ?? 0)
      if (limit > 0) {
        const shared = budgets.get(queryId) ?? { budget: new ReadBudget(limit), tasks: 0 }
        shared.tasks++
        budgets.set(queryId, shared)
        context.provide(readBudget, shared.budget)
        context.onClose(() => {
          if (--shared.tasks === 0) budgets.delete(queryId)
        })
      }
      return context.provide(readMeter, nodeReadMeter).provide(splitOpener, opener).provide(partReader, reader)
    },
    optimize: optimizeFragment,
    async close() {
      arena.caches.clear()
    },
  }
}
