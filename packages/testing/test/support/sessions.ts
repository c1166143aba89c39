import fc from 'fast-check'
import { afterAll, beforeAll } from 'vitest'
import { connect, type VolleySession } from 'volley'
import { TestTree } from '../../src/index.ts'

// The same cases every time, unless asked for others; a failure prints the seed that it was found with.
fc.configureGlobal({ seed: Number(process.env.VOLLEY_SEED ?? 20_260_303) })

export interface Sessions {
  readonly tree: TestTree
  /** Runs in this process. */
  readonly local: VolleySession
  /** Runs on two worker processes. */
  readonly workers: VolleySession
  /** One more in this process, which has nothing cached; the caller closes it. */
  readonly fresh: () => Promise<VolleySession>
}

/** A tree and two sessions over it for all tests of a file. Freed memory is overwritten, so a late read is a wrong row. */
export function useSessions(): Sessions {
  let tree: TestTree
  let local: VolleySession
  let workers: VolleySession
  beforeAll(async () => {
    tree = await TestTree.create()
    local = await connect({ metastore: tree.uri, poison: true })
    workers = await connect({ metastore: tree.uri, localWorkers: 2, poison: true })
  }, 30_000)
  afterAll(async () => {
    await local?.close()
    await workers?.close()
    tree?.remove()
  })
  return {
    fresh: () => connect({ metastore: tree.uri, poison: true }),
    get tree() {
      return tree
    },
    get local() {
      return local
    },
    get workers() {
      return workers
    },
  }
}
