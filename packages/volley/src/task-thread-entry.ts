import { runTaskThread } from '@volley/worker/thread'
import { buildWorkerSession } from './worker-session.ts'

runTaskThread(buildWorkerSession)
