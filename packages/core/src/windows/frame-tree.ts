import type { GroupsAccumulator } from '../aggregates/aggregate-function.ts'
import type { Vector } from '../vectors/vector.ts'

/** Groups of an accumulator that are sums of rows: leaves first, each level above half as many. */
export interface FrameTree {
  /** First group of each level. */
  readonly levels: readonly number[]
  /** The group behind the last. */
  readonly end: number
}

/** First groups of the levels of a tree over so many rows whose first leaf is group `first`. */
export function treeLevels(first: number, rows: number): FrameTree {
  const levels: number[] = [first]
  let end = first + rows
  for (let size = rows; size > 1; size = (size + 1) >>> 1) {
    levels.push(end)
    end += (size + 1) >>> 1
  }
  return { levels, end }
}

/** The rows of a tree: arguments of an aggregate, and which of them count. */
interface TreeRows {
  readonly args: readonly Vector[]
  readonly counted: Uint32Array
  readonly rows: number
}

/** Makes a tree over few rows at once; its groups are `first` and on. */
export function buildTree(accumulator: GroupsAccumulator, first: number, { args, counted, rows }: TreeRows): FrameTree {
  const tree = treeLevels(first, rows)
  const leaves = counted.map((row) => first + row)
  accumulator.update(tree.end, leaves, args, counted, counted.length)
  let size = rows
  for (let level = 0; level + 1 < tree.levels.length; level++) {
    const [from, to] = [tree.levels[level]!, tree.levels[level + 1]!]
    for (let child = size - 1; child >= 0; child--) accumulator.mergeGroup(tree.end, to + (child >>> 1), from + child)
    size = (size + 1) >>> 1
  }
  return tree
}

/** Visits the nodes that make up leaves `start` to `end`, last to first. */
export function addRange(
  start: number,
  end: number,
  levels: readonly number[],
  before: number[],
  visit: (node: number) => void,
): void {
  before.length = 0
  for (let level = 0; start < end; level++) {
    const base = levels[level]!
    if ((start & 1) === 1) before.push(base + start++)
    if ((end & 1) === 1) visit(base + --end)
    start >>>= 1
    end >>>= 1
  }
  for (let k = before.length - 1; k >= 0; k--) visit(before[k]!)
}
