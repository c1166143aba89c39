import type { Distributable, SplitWeight } from './distributable.ts'
import type { StageTask } from './stage.ts'

/** Whole splits are dealt when no thread gets more than this many times the mean. */
const BALANCED = 1.15

/**
 * The tasks of a stage for threads of one process, which all reach all data. Whole splits where there are enough of them
 * to keep the threads evenly busy, since each is opened once then; else an even part of every table for each thread. Nodes
 * that cannot be cut get whole splits; where they stand beside tables without splits, one thread does it all.
 */
export function dealToThreads(
  leaves: readonly Distributable[],
  splits: readonly SplitWeight[],
  threads: readonly string[],
): Omit<StageTask, 'plan'>[] {
  const ids = splits.map((split) => split.id).sort()
  const whole = leaves.every((leaf) => leaf.splitWeights().length > 0)
  const dealt = whole ? dealWhole(splits, threads) : []
  if (dealt.length === threads.length && isBalanced(dealt)) return dealt.map((share) => share.task)
  if (leaves.every((leaf) => leaf.forSlice !== undefined)) {
    return threads.map((worker, index) => ({ worker, splits: ids, slice: { index, count: threads.length } }))
  }
  return whole ? dealt.map((share) => share.task) : [{ worker: threads[0]!, splits: ids, slice: null }]
}

interface WholeShare {
  readonly task: Omit<StageTask, 'plan'>
  readonly weight: number
}

/** Largest first, each to the thread with the least; threads without a split are left out. */
function dealWhole(splits: readonly SplitWeight[], threads: readonly string[]): WholeShare[] {
  const loads = threads.map((worker) => ({ worker, ids: [] as string[], weight: 0 }))
  const bySize = [...splits].sort((a, b) => b.weight - a.weight || (a.id < b.id ? -1 : 1))
  for (const { id, weight } of bySize) {
    const least = loads.reduce((best, load) => (load.weight < best.weight ? load : best))
    least.ids.push(id)
    least.weight += weight
  }
  return loads
    .filter(({ ids }) => ids.length > 0)
    .map(({ worker, ids, weight }) => ({ task: { worker, splits: ids.sort(), slice: null }, weight }))
}

function isBalanced(shares: readonly WholeShare[]): boolean {
  const total = shares.reduce((sum, share) => sum + share.weight, 0)
  return Math.max(...shares.map((share) => share.weight)) * shares.length <= total * BALANCED
}
