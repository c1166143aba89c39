import { PlanCodec } from '@volley/codec'
import { defaultFunctions, TaskContext } from '@volley/core'
import { Arena } from '@volley/kernels'
import { SplitIndexOpener, splitOpener, tantivyCodecs } from '@volley/splits'
import { nodeStoreResolver } from '@volley/storage/node'
import { nodeZstdDecompress } from '@volley/tantivy/node'
import { fileScanCodec } from './files/file-scan-codec.ts'
import type { BuildWorkerSession, WorkerSession } from '@volley/worker/thread'

/** What an executor is built from: plain data, so that it can go to a thread. */
export interface WorkerSessionConfig {
  /** URIs under which splits may be opened; null for any. */
  readonly roots: readonly string[] | null
  /** Bytes of address space that the arena reserves. */
  readonly memoryLimit?: number
  /** Overwrites freed memory, for tests. */
  readonly poison?: boolean
}

const DEFAULT_MEMORY = 2 * 1024 ** 3

/** Builds what runs plans over splits: the same for the coordinator, for threads and for worker processes. */
export const buildWorkerSession: BuildWorkerSession = async (config) =>
  createWorkerSession(config as WorkerSessionConfig)

export function createWorkerSession(config: WorkerSessionConfig): WorkerSession & { readonly arena: Arena } {
  const functions = defaultFunctions()
  const arena = new Arena({ reserveBytes: config.memoryLimit ?? DEFAULT_MEMORY, poison: config.poison ?? false })
  const opener = new SplitIndexOpener({
    resolver: nodeStoreResolver(),
    zstdDecompress: nodeZstdDecompress,
    ...(config.roots === null ? {} : { allowedRoots: config.roots }),
  })
  return {
    arena,
    codec: new PlanCodec(functions, [...tantivyCodecs, fileScanCodec(config.roots === null)]),
    context(queryId, settings, signal) {
      const batchSize = Number(settings.get('batch_size') ?? 4096)
      return new TaskContext({ queryId, arena, batchSize, signal, settings }).provide(splitOpener, opener)
    },
    async close() {
      opener.close()
    },
  }
}
