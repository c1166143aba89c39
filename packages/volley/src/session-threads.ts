import type { FrameSource, ThreadTaskExecutor } from '@volley/worker/threads'
import { taskThread } from './package-files.ts'
import type { WorkerSessionConfig } from './worker-session.ts'

/**
 * What makes the threads of a session's process: they start with the first query that is worth it, and are kept until the
 * session ends. `answer` is asked for parts of tables in memory (`SharedParts.answer`).
 */
export function sessionThreads(
  config: WorkerSessionConfig,
  answer: (what: string, args: readonly unknown[]) => Promise<unknown>,
): (source: FrameSource) => Promise<ThreadTaskExecutor> {
  return async (source) => {
    const { ThreadTaskExecutor } = await import('@volley/worker/threads')
    return new ThreadTaskExecutor({ ...taskThread, config, packed: true, answer }, source)
  }
}
