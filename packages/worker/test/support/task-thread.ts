import { runTaskThread } from '../../src/index.ts'
import { buildTestSession } from './session.ts'

runTaskThread(buildTestSession)
