import { parentPort, workerData } from 'node:worker_threads'
import { decodeError } from '@volley/codec'
import { internalError } from '@volley/core'
import { identityOf } from '../identity.ts'
import { LocalTaskExecutor } from '../tasks/local-task-executor.ts'
import type { TaskRequest } from '../tasks/task-executor.ts'
import type { BuildWorkerSession } from '../tasks/worker-session.ts'
import { flaggedSignal } from './cancel-flag.ts'
import { PortPeer } from './port-peer.ts'

/**
 * The body of a thread of ThreadTaskExecutor: its entry module calls this with the function that builds the session. Runs
 * until the executor ends the thread.
 */
export function runTaskThread(build: BuildWorkerSession): void {
  if (parentPort === null) throw internalError('runTaskThread was called outside a worker thread')
  const flags = new Map<string, Int32Array>()
  const starting = build((workerData as { config: unknown }).config)
  let executor: LocalTaskExecutor | null = null
  const started = starting.then((session) => {
    executor = new LocalTaskExecutor(session, peer, (query, controller) => {
      const flag = flags.get(query)
      return flag === undefined ? controller.signal : flaggedSignal(controller, flag)
    })
    return { executor, identity: identityOf(session.codec) }
  })
  started.catch(() => {})
  const peer: PortPeer = new PortPeer(parentPort, {
    async call(method, args) {
      const { executor, identity } = await started
      switch (method) {
        case 'identity':
          return identity
        case 'createTasks': {
          const [requests, flag] = args as [TaskRequest[], Int32Array]
          for (const { query } of requests) flags.set(query, flag)
          return executor.createTasks(requests)
        }
        case 'endQuery': {
          const [query, reason] = args as [string, Uint8Array | null]
          flags.delete(query)
          return executor.endQuery(query, reason === null ? undefined : decodeError(reason))
        }
        case 'close':
          return executor.close()
        default:
          throw internalError(`a thread was asked for ${method}`)
      }
    },
    open(_worker, key) {
      if (executor === null) throw internalError('a partition was opened before the session was there')
      return executor.openPartition(key)
    },
  })
}
