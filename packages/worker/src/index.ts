export type { BuildWorkerSession, WorkerSession } from './tasks/worker-session.ts'
export type { FrameSource, NodeMetrics, TaskExecutor, TaskMetrics, TaskRequest } from './tasks/task-executor.ts'
export type { Frame, FrameBody, FrameStream, PartitionKey, TaskKey } from './frames/frame.ts'
