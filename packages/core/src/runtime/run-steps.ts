import type { TaskContext } from './task-context.ts'

/** Long work cut into steps of a few milliseconds: it yields between them, and returns what it made. */
export type Steps<T> = Generator<void, T, void>

/**
 * Runs the steps one after the other. Between them timers and sockets are heard, and a query that was cancelled stops: the
 * `finally` blocks of the steps run then.
 */
export async function runSteps<T>(steps: Steps<T>, context: TaskContext): Promise<T> {
  let ended = false
  try {
    for (;;) {
      const step = steps.next()
      if (step.done === true) {
        ended = true
        return step.value
      }
      await context.giveWay()
    }
  } finally {
    if (!ended) steps.return(undefined as T)
  }
}

/** Runs the steps at once, for work that is known to be short. */
export function finishSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
