import { enableCompileCache } from 'node:module'
import { workerData } from 'node:worker_threads'

// The rest is loaded with the cache on.
const { compileCache } = workerData as { readonly compileCache: string | null }
if (compileCache !== null) enableCompileCache(compileCache)
const [{ runTaskThread }, { buildWorkerSession }] = await Promise.all([
  import('@volley/worker/thread'),
  import('./worker-session.ts'),
])
runTaskThread(buildWorkerSession)
