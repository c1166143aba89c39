export { connect, type ConnectOptions } from './connect.ts'
export { QueryResult, VolleySession, type Explained, type RunOptions } from './session.ts'
export type { UserFunction } from './user-function.ts'
export { version } from './version.ts'

// For workers and front doors of one's own.
export { threadSettings } from './choose-threads.ts'
export { sessionThreads } from './session-threads.ts'
export { buildWorkerSession, createWorkerSession, type WorkerSessionConfig } from './worker-session.ts'
export { physicalRuleNames } from './physical-rules.ts'
export type { SessionParts } from './session.ts'
