import type { SplitPlacement, SplitWeight } from '@volley/planner'
import { nameHashes, rendezvousScore } from './rendezvous-hash.ts'

export interface RendezvousOptions {
  /** How much more than the average a worker may be given; at least 1. Default 1.25. */
  readonly loadFactor?: number
}

/**
 * Deals splits to workers by rendezvous hashing with a bound on load: each split goes to the worker that scores highest for it among
 * those with room, so that a worker that comes or goes moves about its own share only and caches stay warm (Mirrokni,
 * Thorup and Zadimoghaddam, "Consistent hashing with bounded loads", 2018).
 *
 * With b = ceil(loadFactor * average), no worker gets more than b plus the heaviest split, and none more than b when all
 * splits weigh the same. The result does not depend on the order of splits or workers.
 */
export class RendezvousPlacement implements SplitPlacement {
  readonly #loadFactor: number

  constructor(options: RendezvousOptions = {}) {
    this.#loadFactor = Math.max(1, options.loadFactor ?? 1.25)
  }

  /**
   * Ids by worker, each list sorted; workers without a split are left out. Weights are in any unit (documents, bytes); one below 1 counts as 1.
   *
   * @throws RangeError when there are splits and no worker.
   */
  place(splits: readonly SplitWeight[], workers: readonly string[]): Map<string, string[]> {
    const nodes = [...new Set(workers)].sort()
    const placed = new Map<string, string[]>()
    if (splits.length === 0) return placed
    if (nodes.length === 0) throw new RangeError('there are splits to place and no worker')

    if (nodes.length === 1) return new Map([[nodes[0]!, splits.map(({ id }) => id).sort()]])

    const weighed = splits.map(({ id, weight }) => ({ id, weight: Math.max(1, weight) })).sort(heaviestFirst)
    const total = weighed.reduce((sum, split) => sum + split.weight, 0)
    const bound = Math.ceil((total / nodes.length) * this.#loadFactor)
    const loads = new Float64Array(nodes.length)
    const nodeWords = nameHashes(nodes)
    const keyWords = nameHashes(weighed.map(({ id }) => id))
    const shares: string[][] = nodes.map(() => [])
    for (const [i, { id, weight }] of weighed.entries()) {
      const target = choose(keyWords[2 * i]!, keyWords[2 * i + 1]!, nodeWords, weight, loads, bound)
      loads[target]! += weight
      shares[target]!.push(id)
    }
    nodes.forEach((node, i) => {
      if (shares[i]!.length > 0) placed.set(node, shares[i]!.sort())
    })
    return placed
  }
}

/** The highest score among nodes with room; where a split fits nowhere, the least loaded node. */
function choose(
  key0: number,
  key1: number,
  nodeWords: Int32Array,
  weight: number,
  loads: Float64Array,
  bound: number,
): number {
  let best = -1
  let bestScore = -1
  let lightest = 0
  for (let i = 0; i < loads.length; i++) {
    if (loads[i]! < loads[lightest]!) lightest = i
    if (loads[i]! + weight > bound) continue
    const score = rendezvousScore(key0, key1, nodeWords[2 * i]!, nodeWords[2 * i + 1]!)
    if (score > bestScore) {
      best = i
      bestScore = score
    }
  }
  return best === -1 ? lightest : best
}

function heaviestFirst(a: SplitWeight, b: SplitWeight): number {
  return b.weight - a.weight || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}
