import { PlanCodec } from '@volley/codec'
import { defaultFunctions, TaskContext, type FunctionRegistry } from '@volley/core'
import { Arena } from '@volley/kernels'
import type { BuildWorkerSession, WorkerSession } from '../../src/index.ts'
import { faultCodec } from './fault-exec.ts'

export interface TestSession extends WorkerSession {
  readonly arena: Arena
}

/** A session without sources, over an arena that poisons what is freed. */
export function testSession(functions: FunctionRegistry = defaultFunctions()): TestSession {
  const arena = new Arena({ reserveBytes: 256 * 1024 * 1024, poison: true })
  return {
    arena,
    codec: new PlanCodec(functions, [faultCodec]),
    context: (queryId, settings, signal) => new TaskContext({ queryId, settings, signal, arena }),
    liveBytes: () => arena.liveBytes,
    close: () => Promise.resolve(),
  }
}

export const buildTestSession: BuildWorkerSession = () => Promise.resolve(testSession())
