import type { Region } from '@volley/kernels'
import type { AggregateCall } from '../aggregates/aggregate-call.ts'
import type { GroupsAccumulator } from '../aggregates/aggregate-function.ts'
import type { Steps } from '../runtime/run-steps.ts'
import { concatVectors } from '../vectors/concat.ts'
import { takeVector } from '../vectors/take.ts'
import type { Vector } from '../vectors/vector.ts'
import { addRange, treeLevels } from './frame-tree.ts'
import { frameParts, rowsFrom, type FrameRanges, type RowPlaces } from './frame-ranges.ts'

/** Rows in all frames together, per row, up to which each frame is added up by itself. */
const DIRECT = 16
const CHUNK = 65536
const NONE = new Uint32Array(0)
/** Frames that are summed up from a tree without giving way. */
const STEP = 4096
/** Rows that may be held for DISTINCT and ORDER BY inside a call at once. */
const HELD_ROWS = 1 << 22

export interface AggregateWindow {
  readonly aggregate: AggregateCall
  /** Its `inputs`. */
  readonly args: readonly Vector[]
  /** 1 for the rows that the filter lets count; null for all. */
  readonly counts: Uint8Array | null
  readonly frame: FrameRanges
  readonly places: RowPlaces
  readonly rows: number
}

/** An aggregate over the frame of each row: one result per row. */
export function* aggregateFrames(window: AggregateWindow, region: Region): Steps<Vector> {
  const grows = isRunning(window)
  yield
  if (window.aggregate.holdsRows && !(grows && heldRows(window) <= HELD_ROWS)) {
    return yield* inBlocks(window, region)
  }
  const accumulator = window.aggregate.createAccumulator()
  try {
    if (grows) return yield* running(window, accumulator, region)
    const { groups, first } =
      sizeOf(window) <= DIRECT * window.rows + CHUNK
        ? yield* direct(window, accumulator, 0, window.rows)
        : yield* tree(window, accumulator)
    yield
    const results = accumulator.evaluate(groups, region)
    yield
    return first === 0 ? results : takeVector(results, rowsFrom(first, window.rows), window.rows, region)
  } finally {
    accumulator.release()
  }
}

/** Rows that one group for each step of running frames would hold in the end. */
function heldRows({ frame, places, rows }: AggregateWindow): number {
  let held = 0
  for (let i = 0; i < rows; i++) {
    const first = i === places.partitionStart[i]
    if (first || frame.end[i]! > frame.end[i - 1]!) held += frame.end[i]! - frame.start[i]!
  }
  return held
}

/** Each frame by itself, as many at a time as may be held. */
function* inBlocks(window: AggregateWindow, region: Region): Steps<Vector> {
  const { frame, rows } = window
  const results: Vector[] = []
  for (let from = 0; from < rows;) {
    let to = from
    let held = 0
    do {
      held += frame.end[to]! - frame.start[to]!
      to++
    } while (to < rows && held < HELD_ROWS)
    const accumulator = window.aggregate.createAccumulator()
    try {
      const { groups } = yield* direct(window, accumulator, from, to)
      results.push(accumulator.evaluate(groups, region))
    } finally {
      accumulator.release()
    }
    from = to
  }
  return results.length === 1 ? results[0]! : concatVectors(results, region)
}

/** Whether every frame begins with its partition and has no hole. Its ends then never go back. */
function isRunning({ frame, places, rows }: AggregateWindow): boolean {
  if (frame.excludeStart !== null) return false
  for (let i = 0; i < rows; i++) if (frame.start[i] !== places.partitionStart[i]) return false
  return true
}

/**
 * One group for each step by which the frames grow; then each step takes on the one before. A frame that is the whole
 * partition is one step.
 */
function* running(window: AggregateWindow, accumulator: GroupsAccumulator, region: Region): Steps<Vector> {
  const { frame, places, rows } = window
  const steps = new Uint32Array(rows)
  const groups = new Uint32Array(rows)
  const continues: boolean[] = []
  for (let i = 0; i < rows; i++) {
    if (i % CHUNK === CHUNK - 1) yield
    const first = i === places.partitionStart[i]
    const end = frame.end[i]!
    const from = first ? i : frame.end[i - 1]!
    if (first || end > from) {
      continues.push(!first)
      for (let row = from; row < end; row++) groups[row] = continues.length - 1
    }
    steps[i] = continues.length - 1
  }
  yield
  const covered = coveredRows(window, groups)
  yield
  for (let from = 0; from < covered.rows.length; from += CHUNK) {
    const part = covered.rows.subarray(from, from + CHUNK)
    // Groups ascend: those that are behind are made when their rows come.
    const groupsOf = covered.groups.subarray(from, from + CHUNK)
    accumulator.update(groupsOf.at(-1)! + 1, groupsOf, window.args, part, part.length)
    yield
  }
  accumulator.update(continues.length, NONE, window.args, NONE, 0)
  for (let step = 1; step < continues.length; step++) {
    if (continues[step]) accumulator.mergeGroup(continues.length, step, step - 1)
    if (step % CHUNK === 0) yield
  }
  const results = accumulator.evaluate(continues.length, region)
  yield
  return takeVector(results, steps, rows, region)
}

/** The rows that count and lie in the frame of the last row of their partition. */
function coveredRows(window: AggregateWindow, groups: Uint32Array): { rows: Uint32Array; groups: Uint32Array } {
  const { counts, frame, places } = window
  const rows = new Uint32Array(window.rows)
  const kept = new Uint32Array(window.rows)
  let n = 0
  for (let i = 0; i < window.rows; i++) {
    if (counts !== null && counts[i] === 0) continue
    if (i >= frame.end[places.partitionEnd[i]! - 1]!) continue
    rows[n] = i
    kept[n++] = groups[i]!
  }
  return { rows: rows.subarray(0, n), groups: kept.subarray(0, n) }
}

function sizeOf({ frame, rows }: AggregateWindow): number {
  let size = 0
  for (let i = 0; i < rows; i++) size += frame.end[i]! - frame.start[i]!
  return size
}

interface Evaluated {
  readonly groups: number
  /** Group of the first row's result; the others follow. */
  readonly first: number
}

/** Adds up the frames of rows `from` to `to` by themselves, a group for each. */
function* direct(window: AggregateWindow, accumulator: GroupsAccumulator, from: number, to: number): Steps<Evaluated> {
  const { counts, frame, args } = window
  const groups = to - from
  const ids = new Uint32Array(CHUNK)
  const members = new Uint32Array(CHUNK)
  const parts = new Uint32Array(6)
  let n = 0
  const flush = (): void => {
    accumulator.update(groups, ids, args, members.subarray(0, n), n)
    n = 0
  }
  for (let i = from; i < to; i++) {
    const count = frameParts(frame, i, parts)
    for (let p = 0; p < count; p++) {
      for (let row = parts[2 * p]!; row < parts[2 * p + 1]!; row++) {
        if (counts !== null && counts[row] === 0) continue
        if (n === CHUNK) {
          flush()
          yield
        }
        ids[n] = i - from
        members[n++] = row
      }
    }
  }
  flush()
  return { groups, first: 0 }
}

/**
 * A tree over the rows: groups 0 to rows - 1 are the leaves, each level above has half as many, and the results stand
 * behind them all. A frame is the sum of some nodes (Leis et al., "Efficient Processing of Window Functions in Analytical
 * SQL Queries", 2015).
 */
function* tree(window: AggregateWindow, accumulator: GroupsAccumulator): Steps<Evaluated> {
  const { counts, frame, args, rows } = window
  const { levels, end: total } = treeLevels(0, rows)
  const groups = total + rows
  const leaves = new Uint32Array(rows)
  let n = 0
  for (let i = 0; i < rows; i++) if (counts === null || counts[i] === 1) leaves[n++] = i
  for (let from = 0; from < n; from += CHUNK) {
    const part = leaves.subarray(from, Math.min(n, from + CHUNK))
    accumulator.update(part.at(-1)! + 1, part, args, part, part.length)
    yield
  }
  accumulator.update(groups, NONE, args, NONE, 0)
  let size = rows
  for (let level = 0; level + 1 < levels.length; level++) {
    for (let child = size - 1; child >= 0; child--) {
      accumulator.mergeGroup(groups, levels[level + 1]! + (child >>> 1), levels[level]! + child)
      if (child % CHUNK === 0) yield
    }
    size = (size + 1) >>> 1
  }
  const parts = new Uint32Array(6)
  const after: number[] = []
  for (let i = 0; i < rows; i++) {
    const count = frameParts(frame, i, parts)
    // The rows that come last are added first, for aggregates that mind the order.
    for (let p = count - 1; p >= 0; p--) {
      addRange(parts[2 * p]!, parts[2 * p + 1]!, levels, after, (node) =>
        accumulator.mergeGroup(groups, total + i, node),
      )
    }
    if (i % STEP === 0) yield
  }
  return { groups, first: total }
}
