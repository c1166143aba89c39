export { runTaskThread } from './thread/run-task-thread.ts'
export type { BuildWorkerSession, WorkerSession } from './tasks/worker-session.ts'
