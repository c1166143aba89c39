import { ThreadTaskExecutor, type CoordinatorOptions } from '@volley/worker/coordinator'
import { taskThread } from './package-files.ts'
import type { SharedParts } from './tables/shared-parts.ts'
import type { WorkerSessionConfig } from './worker-session.ts'

/** The threads of a session's process: started with the first query that is worth it, kept until the session ends. */
export function sessionThreads(
  config: WorkerSessionConfig,
  parts: SharedParts,
): (...args: Parameters<NonNullable<CoordinatorOptions['threads']>>) => ThreadTaskExecutor {
  return (source) =>
    new ThreadTaskExecutor(
      { ...taskThread, config, packed: true, answer: (what, args) => parts.answer(what, args) },
      source,
    )
}
