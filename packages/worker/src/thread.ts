export { runTaskThread } from './thread/run-task-thread.ts'
export type { AskOwner, BuildWorkerSession, WorkerSession } from './tasks/worker-session.ts'
