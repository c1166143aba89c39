import { defaultFunctions } from '@volley/core'
import type { Arena } from '@volley/kernels'
import { FileBackedMetastore } from '@volley/metastore'
import { SessionSettings } from '@volley/planner'
import { QuickwitCatalog } from '@volley/splits'
import { nodeStoreResolver } from '@volley/storage/node'
import { Coordinator, LOCAL_WORKER } from '@volley/worker'
import { createWorkerSession, physicalRuleNames, threadSettings, VolleySession } from 'volley'
import { sharedThreads } from './shared-threads.ts'

export interface MeasuredSession {
  readonly session: VolleySession
  /** What batches of the coordinator, and of tasks in this process, live in. Freed memory is overwritten. */
  readonly arena: Arena
}

/**
 * A session over a metastore, as `connect` opens one, whose memory can be looked at. Its workers, `host:port` each or
 * `local`, need not be there to plan for. It has one thread, until `SET threads` says otherwise.
 */
export function measuredSession(metastoreUri: string, workerUrls: readonly string[] = [LOCAL_WORKER]): MeasuredSession {
  const workerSession = createWorkerSession({ roots: null, poison: true })
  const threads = sharedThreads(workerSession.parts)
  const coordinator = new Coordinator({ session: workerSession, threads })
  const metastore = FileBackedMetastore.open(metastoreUri, nodeStoreResolver())
  const session = new VolleySession({
    settings: new SessionSettings({
      physicalRules: physicalRuleNames,
      definitions: threadSettings(1),
    }),
    functions: defaultFunctions(),
    coordinator,
    opener: workerSession.opener,
    workers: { getUrls: () => Promise.resolve(workerUrls) },
    newCatalog: () => new QuickwitCatalog(metastore),
    dispose: () => coordinator.close(),
  })
  return { session, arena: workerSession.arena }
}
