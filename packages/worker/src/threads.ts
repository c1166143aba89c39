export { ThreadTaskExecutor, type ThreadTaskExecutorOptions } from './thread/thread-task-executor.ts'
