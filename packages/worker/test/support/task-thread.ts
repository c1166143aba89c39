import { runTaskThread } from '../../src/thread.ts'
import { buildTestSession } from './session.ts'

runTaskThread(buildTestSession)
