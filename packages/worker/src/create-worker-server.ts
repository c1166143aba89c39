import { internalError } from '@volley/core'
import { WorkerPool } from './exchange/worker-pool.ts'
import type { FrameStream, PartitionKey } from './frames/frame.ts'
import { GrpcWorkerServer } from './grpc/grpc-worker-server.ts'
import type { PeerSecurity } from './grpc/security.ts'
import { identityOf, type Identity } from './identity.ts'
import { LocalTaskExecutor } from './tasks/local-task-executor.ts'
import type { FrameSource, TaskExecutor } from './tasks/task-executor.ts'
import type { BuildWorkerSession } from './tasks/worker-session.ts'
import { ThreadTaskExecutor } from './thread/thread-task-executor.ts'

export interface WorkerServerOptions extends PeerSecurity {
  /** `host:port`; port 0 picks one. Default `127.0.0.1:0`. */
  readonly listen?: string
  /**
   * How tasks are run: in threads whose entry module calls `runTaskThread`, or, for tests and small tools, by a session
   * in this thread, where a long kernel makes the worker look dead.
   */
  readonly tasks:
    | { readonly entry: URL; readonly threads?: number; readonly execArgv?: readonly string[] }
    | { readonly build: BuildWorkerSession }
  /** Plain data for the session builder. */
  readonly config?: unknown
  readonly leaseSeconds?: number
}

/** A running worker. */
export interface WorkerServer {
  /** `host:port` that it listens on. */
  readonly address: string
  readonly executor: TaskExecutor
  /** Partitions that are being sent. */
  readonly openStreams: number
  close(): Promise<void>
}

/**
 * Starts a worker: a gRPC server, an executor for its tasks, and connections to other workers for their exchanges.
 *
 * @throws VolleyError when the session cannot be built or the address not be listened on.
 */
export async function createWorkerServer(options: WorkerServerOptions): Promise<WorkerServer> {
  const { listen, tasks, config, leaseSeconds, token, tls } = options
  const security: PeerSecurity = { ...(token ? { token } : {}), ...(tls ? { tls } : {}) }
  const peers = new LatePool()
  let executor: TaskExecutor
  let identity: Identity
  if ('entry' in tasks) {
    const threads = new ThreadTaskExecutor({ ...tasks, config }, peers)
    identity = await threads.start()
    executor = threads
  } else {
    const session = await tasks.build(config)
    identity = identityOf(session.codec)
    executor = new LocalTaskExecutor(session, peers)
  }
  const pool = (peers.pool = new WorkerPool(identity, security))
  try {
    const server = await GrpcWorkerServer.start({
      ...security,
      ...(listen === undefined ? {} : { listen }),
      ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
      executor,
      identity,
      threads: 'entry' in tasks ? (tasks.threads ?? 1) : 1,
    })
    return {
      address: server.address,
      executor,
      get openStreams() {
        return server.openStreams
      },
      async close() {
        await server.close()
        await pool.close()
      },
    }
  } catch (error) {
    await executor.close()
    await pool.close()
    throw error
  }
}

/** The pool needs the session's identity, and the session's executor needs the pool. */
class LatePool implements FrameSource {
  pool: WorkerPool | null = null

  openPartition(worker: string, key: PartitionKey): FrameStream {
    if (this.pool === null) throw internalError('a task ran before the worker was up')
    return this.pool.openPartition(worker, key)
  }
}
