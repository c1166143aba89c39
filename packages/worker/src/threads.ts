export type { FrameSource } from './tasks/task-executor.ts'
export { ThreadTaskExecutor, type ThreadTaskExecutorOptions } from './thread/thread-task-executor.ts'
