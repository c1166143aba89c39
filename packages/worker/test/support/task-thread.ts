import { enableCompileCache } from 'node:module'

// Types are stripped once for all threads and processes of the tests.
enableCompileCache()
const [{ runTaskThread }, { buildTestSession }] = await Promise.all([
  import('../../src/thread.ts'),
  import('./session.ts'),
])
runTaskThread(buildTestSession)
