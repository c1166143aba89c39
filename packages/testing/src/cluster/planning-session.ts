import { defaultFunctions } from '@volley/core'
import { FileBackedMetastore } from '@volley/metastore'
import { SessionSettings } from '@volley/planner'
import { QuickwitCatalog, splitRules } from '@volley/splits'
import { nodeStoreResolver } from '@volley/storage/node'
import { Coordinator } from '@volley/worker'
import { createWorkerSession, VolleySession } from 'volley'

/** A session that plans for workers which need not be there. It cannot run what it plans. */
export function planningSession(metastoreUri: string, workerUrls: readonly string[]): VolleySession {
  const coordinator = new Coordinator({ session: createWorkerSession({ roots: null }) })
  const metastore = FileBackedMetastore.open(metastoreUri, nodeStoreResolver())
  return new VolleySession({
    settings: new SessionSettings({ physicalRules: splitRules.map((rule) => rule.name) }),
    functions: defaultFunctions(),
    coordinator,
    workers: { getUrls: () => Promise.resolve(workerUrls) },
    newCatalog: () => new QuickwitCatalog(metastore),
    dispose: () => coordinator.close(),
  })
}
