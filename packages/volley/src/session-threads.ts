import type { CoordinatorOptions } from '@volley/worker/coordinator'
import { taskThread } from './package-files.ts'
import type { SharedParts } from './tables/shared-parts.ts'
import type { WorkerSessionConfig } from './worker-session.ts'

/** The threads of a session's process: started with the first query that is worth it, kept until the session ends. */
export function sessionThreads(
  config: WorkerSessionConfig,
  parts: SharedParts,
): NonNullable<CoordinatorOptions['threads']> {
  return async (source) => {
    const { ThreadTaskExecutor } = await import('@volley/worker/threads')
    const answer = (what: string, args: readonly unknown[]): Promise<unknown> => parts.answer(what, args)
    return new ThreadTaskExecutor({ ...taskThread, config, packed: true, answer }, source)
  }
}
