import { enableCompileCache } from 'node:module'
import type { CoordinatorOptions, ThreadTaskExecutor } from '@volley/worker'
import { sessionThreads, type createWorkerSession } from 'volley'

type SharedParts = ReturnType<typeof createWorkerSession>['parts']

const parts = new Set<SharedParts>()
let executor: Promise<ThreadTaskExecutor> | null = null

/**
 * Threads for all sessions of a test process, since starting one takes a second: what a coordinator makes its threads
 * with. Closing it leaves them; they do not keep the process when they are idle.
 */
export function sharedThreads(own: SharedParts): NonNullable<CoordinatorOptions['threads']> {
  return async (source) => {
    parts.add(own)
    // They read sources, whose types are stripped once then.
    enableCompileCache()
    executor ??= sessionThreads({ roots: null, poison: true }, answer)(source)
    const threads = await executor
    return {
      createTasks: (requests) => threads.createTasks(requests),
      openPartition: (key) => threads.openPartition(key),
      measure: (key, limit) => threads.measure(key, limit),
      settle: (key, consumers) => threads.settle(key, consumers),
      hint: (query, key, value) => threads.hint(query, key, value),
      onHint: (listener) => threads.onHint(listener),
      endQuery: (query, reason) => threads.endQuery(query, reason),
      async close() {
        parts.delete(own)
      },
    }
  }
}

/** Bytes that queries hold in each of the threads that run. */
export async function threadBytes(): Promise<readonly number[]> {
  return (await executor)?.liveBytes() ?? []
}

async function answer(what: string, args: readonly unknown[]): Promise<unknown> {
  const answers = await Promise.allSettled([...parts].map((each) => each.answer(what, args)))
  const found = answers.find((one) => one.status === 'fulfilled') ?? answers[0]
  if (found?.status !== 'fulfilled') throw new Error(`no session has ${what} ${String(args[0])}`)
  return found.value
}
