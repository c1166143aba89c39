import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { decodeError } from '@volley/codec'
import { internalError, SqlState, VolleyError } from '@volley/core'
import { identityOf } from '../identity.ts'
import type { TaskKey } from '../frames/frame.ts'
import { LocalTaskExecutor } from '../tasks/local-task-executor.ts'
import type { FrameSource, TaskRequest } from '../tasks/task-executor.ts'
import type { BuildWorkerSession } from '../tasks/worker-session.ts'
import { flaggedSignal } from './cancel-flag.ts'
import { PortPeer, type PortHandlers } from './port-peer.ts'
import type { ThreadData } from './thread-task-executor.ts'

/**
 * The body of a thread of ThreadTaskExecutor: its entry module calls this with the function that builds the session. Runs
 * until the executor ends the thread.
 */
export function runTaskThread(build: BuildWorkerSession): void {
  if (parentPort === null) throw internalError('runTaskThread was called outside a worker thread')
  const { config, packed } = workerData as ThreadData
  const flags = new Map<string, Int32Array>()
  /** Other threads of the executor, by the name of the worker that each is. */
  const siblings = new Map<string, PortPeer>()
  const source: FrameSource = {
    openPartition: (worker, key) => (siblings.get(worker) ?? peer).openPartition(worker, key),
  }
  const starting = build(config, (what, ...args) => peer.call(what, ...args))
  let executor: LocalTaskExecutor | null = null
  const started = starting.then((session) => {
    executor = new LocalTaskExecutor(session, source, {
      packed,
      signal(query, controller) {
        const flag = flags.get(query)
        return flag === undefined ? controller.signal : flaggedSignal(controller, flag)
      },
    })
    executor.onHint((query, key, value) => peer.call('hint', query, key, value).catch(() => {}))
    return { executor, session, identity: identityOf(session.codec) }
  })
  started.catch(() => {})
  const open: PortHandlers['open'] = (_worker, key) => {
    if (executor === null) throw internalError('a partition was opened before the session was there')
    return executor.openPartition(key)
  }
  const connect = (name: string, port: MessagePort): void => {
    const sibling = new PortPeer(port, { call: () => Promise.reject(internalError('a thread was called')), open })
    siblings.set(name, sibling)
    port.on('close', () => {
      if (siblings.get(name) === sibling) siblings.delete(name)
      sibling.fail(new VolleyError('a task thread died', { code: SqlState.workerLost, worker: name }))
    })
  }
  const peer: PortPeer = new PortPeer(parentPort, {
    async call(method, args) {
      if (method === 'connect') return connect(...(args as [string, MessagePort]))
      const { executor, session, identity } = await started
      switch (method) {
        case 'identity':
          return identity
        case 'createTasks': {
          const [requests, flag] = args as [TaskRequest[], Int32Array]
          for (const { query } of requests) flags.set(query, flag)
          return executor.createTasks(requests)
        }
        case 'hint':
          return executor.hint(...(args as [string, string, Uint8Array]))
        case 'measure':
          return executor.measure(...(args as [TaskKey, number]))
        case 'settle':
          return executor.settle(...(args as [TaskKey, number]))
        case 'endQuery': {
          const [query, reason] = args as [string, Uint8Array | null]
          flags.delete(query)
          return executor.endQuery(query, reason === null ? undefined : decodeError(reason))
        }
        case 'liveBytes':
          return session.liveBytes?.() ?? 0
        case 'close':
          return executor.close()
        default:
          throw internalError(`a thread was asked for ${method}`)
      }
    },
    open,
  })
}
