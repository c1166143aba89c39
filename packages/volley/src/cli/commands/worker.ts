import { createWorkerServer, endWithParent } from '@volley/worker'
import { taskThread } from '../../package-files.ts'
import type { WorkerSessionConfig } from '../../worker-session.ts'
import { UsageError } from '../errors.ts'
import { parseCommandLine } from '../options.ts'

/**
 * `volley worker`: runs tasks for coordinators until it is ended. Prints `listening on HOST:PORT` when it is ready. Opens
 * splits under `--root URI` (repeatable) only; without one, any local file, which is refused beyond loopback. With
 * `VOLLEY_WORKER_TOKEN` set, it serves only coordinators that have the same token.
 */
export async function worker(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine(args, {
    listen: { type: 'string', default: '127.0.0.1:0' },
    root: { type: 'string', multiple: true, default: [] },
    threads: { type: 'string', default: '1' },
    'with-parent': { type: 'boolean', default: false },
  })
  if (positionals.length > 0) throw new UsageError(`worker takes no argument, but got ${positionals[0]}`)
  const threads = Number(values.threads)
  if (!Number.isInteger(threads) || threads < 1 || threads > 256) {
    throw new UsageError(`--threads takes a number from 1 to 256, not ${values.threads}`)
  }
  const loopback = /^(127\.|localhost:|\[::1\])/.test(values.listen)
  if (!loopback && values.root.length === 0) {
    throw new UsageError('a worker that listens beyond loopback needs --root URI: where it may open splits')
  }
  const token = process.env.VOLLEY_WORKER_TOKEN
  const config: WorkerSessionConfig = { roots: values.root.length === 0 ? null : values.root }
  const server = await createWorkerServer({
    listen: values.listen,
    ...(token === undefined ? {} : { token }),
    config,
    tasks: { ...taskThread, threads },
  })
  const ended = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  if (values['with-parent']) endWithParent(() => server.close())
  console.log(`listening on ${server.address}`)
  await ended
  await server.close()
  return 0
}
