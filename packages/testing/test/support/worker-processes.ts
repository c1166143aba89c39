import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    /** `host:port` of two worker processes that serve all files of the project. */
    workerUrls: readonly string[]
  }
}

const bin = fileURLToPath(new URL('../../../volley/bin/volley.js', import.meta.url))

/**
 * Starts the worker processes before the first file and ends them after the last. It is loaded where packages are not
 * resolved to their sources, so it knows the command only.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const workers = Array.from({ length: 2 }, () =>
    spawn(process.execPath, [bin, 'worker', '--listen', '127.0.0.1:0', '--with-parent'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  )
  project.provide('workerUrls', await Promise.all(workers.map(addressOf)))
  return async () => {
    await Promise.all(workers.map(end))
  }
}

function addressOf(worker: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: worker.stdout! }).on('line', (line) => {
      const address = /^listening on (\S+)$/.exec(line)?.[1]
      if (address !== undefined) resolve(address)
    })
    worker.once('exit', () => reject(new Error('a worker did not start')))
  })
}

async function end(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return
  worker.kill('SIGTERM')
  await once(worker, 'exit')
}
