import { Interrupted } from './errors.ts'

/**
 * Runs work that a first Ctrl-C (or SIGTERM) cancels: the signal aborts, the work cleans up, and the outcome is
 * `Interrupted`. A second one ends the process at once.
 */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort(new Interrupted())
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  try {
    const result = await work(controller.signal)
    if (controller.signal.aborted) throw new Interrupted()
    return result
  } catch (error) {
    throw controller.signal.aborted ? new Interrupted() : error
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}
