import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest'
import type { VolleySession } from 'volley'
import { measuredSession, TestTree, threadBytes, type MeasuredSession } from '../../src/index.ts'

// The same cases every time, unless asked for others; a failure prints the seed that it was found with.
fc.configureGlobal({ seed: Number(process.env.VOLLEY_SEED ?? 20_260_303) })

export interface Sessions {
  readonly tree: TestTree
  /** Runs in this process. */
  readonly local: VolleySession
  /** Runs on two worker processes. */
  readonly workers: VolleySession
  /** One more in this process, which has nothing cached; the caller closes it. */
  readonly fresh: () => VolleySession
}

/** A tree and two sessions over it for all tests of a file. Nothing may live in their memory after a test. */
export function useSessions(): Sessions {
  let tree: TestTree
  let local: MeasuredSession
  let workers: MeasuredSession
  beforeAll(async () => {
    tree = await TestTree.create()
    local = measuredSession(tree.uri)
    workers = measuredSession(tree.uri, inject('workerUrls'))
  }, 90_000)
  afterEach(async () => {
    expect([local.arena.liveBlocks, workers.arena.liveBlocks]).toEqual([0, 0])
    expect((await threadBytes()).filter((bytes) => bytes !== 0)).toEqual([])
  })
  afterAll(async () => {
    await local?.session.close()
    await workers?.session.close()
    tree?.remove()
  })
  return {
    fresh: () => measuredSession(tree.uri).session,
    get tree() {
      return tree
    },
    get local() {
      return local.session
    },
    get workers() {
      return workers.session
    },
  }
}
