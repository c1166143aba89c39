import { runTaskThread } from '@volley/worker'
import { buildWorkerSession } from './worker-session.ts'

runTaskThread(buildWorkerSession)
