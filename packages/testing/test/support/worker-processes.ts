import { LocalWorkers } from '@volley/worker'
import type { TestProject } from 'vitest/node'
import { volleyBin } from '../../src/index.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** `host:port` of two worker processes that serve all files of the project. */
    workerUrls: readonly string[]
  }
}

/** Starts the worker processes before the first file and ends them after the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const args = [volleyBin, 'worker', '--listen', '127.0.0.1:0', '--with-parent']
  const workers = await LocalWorkers.start({ count: 2, command: process.execPath, args, startSeconds: 60 })
  project.provide('workerUrls', workers.urls)
  return () => workers.close()
}
