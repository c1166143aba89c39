import type { SortKey } from '../plan/execution-plan.ts'
import { takeColumns } from '../runtime/collect-batch.ts'
import { runSteps, type Steps } from '../runtime/run-steps.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RowComparator } from '../vectors/compare.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { Vector } from '../vectors/vector.ts'
import { firstByWords } from './first-by-words.ts'
import { radixSteps, sortWordSteps, type SortOrder } from './sort-words.ts'

/** Rows up to which comparing them is faster than counting bytes. */
const FEW = 256
/** Of many rows, fewer than this part are told apart from the others before they are sorted. */
const SHARE = 1 / 4
const MANY = 1024
/** Rows that are compared without giving way; a power of two. */
const AT_ONCE = 16_384

/** Row numbers in the order of the keys, in steps; equal rows stay in theirs. With `fetch`, perhaps the first of them only. */
export function* sortSteps(
  columns: readonly Vector[],
  keys: readonly SortOrder[],
  length: number,
  fetch: number | null = null,
): Steps<Uint32Array> {
  if (length < 2 || keys.length === 0) return Uint32Array.from(allRows(length))
  const comparator = new RowComparator(columns, columns, keys)
  const compare = (a: number, b: number): number => comparator.compare(a, b)
  if (length <= FEW) return Uint32Array.from(allRows(length)).sort(compare)
  const { words, exact } = yield* sortWordSteps(columns, keys, length)
  const rows = yield* fetch !== null && length > MANY && fetch < length * SHARE
    ? firstSteps(words, length, fetch, exact)
    : radixSteps(words, length)
  if (!exact) yield* sortTies(rows, words, compare)
  return rows
}

/** The rows by their words of which the first are sought, without most of the others. */
function* firstSteps(words: readonly Uint32Array[], length: number, fetch: number, exact: boolean): Steps<Uint32Array> {
  const first = firstByWords(words, length, fetch, exact)
  yield
  const own = words.map((word) => first.map((row) => word[row]!))
  const order = yield* radixSteps(own, first.length)
  return order.map((at) => first[at]!)
}

/** Sorts each run of rows with equal words. */
function* sortTies(
  rows: Uint32Array,
  words: readonly Uint32Array[],
  compare: (a: number, b: number) => number,
): Steps<void> {
  let since = 0
  for (let start = 0; start < rows.length;) {
    let end = start + 1
    while (end < rows.length && equalWords(words, rows[start]!, rows[end]!)) end++
    if (end - start > AT_ONCE) yield* sortRun(rows.subarray(start, end), compare)
    else if (end - start > 1) rows.subarray(start, end).sort(compare)
    since += end - start
    if (since > AT_ONCE) {
      since = 0
      yield
    }
    start = end
  }
}

/** Merges sorted pieces of a long run, two at a time, each twice as long as those before. Stable. */
function* sortRun(rows: Uint32Array, compare: (a: number, b: number) => number): Steps<void> {
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    rows.subarray(start, start + AT_ONCE).sort(compare)
    yield
  }
  let from = rows
  let to: Uint32Array = new Uint32Array(rows.length)
  for (let width = AT_ONCE; width < rows.length; width *= 2) {
    for (let start = 0; start < rows.length; start += 2 * width) {
      yield* mergePieces(from, start, width, to, compare)
    }
    const swapped = from
    from = to
    to = swapped
  }
  if (from !== rows) rows.set(from)
}

function* mergePieces(
  from: Uint32Array,
  start: number,
  width: number,
  to: Uint32Array,
  compare: (a: number, b: number) => number,
): Steps<void> {
  const middle = Math.min(start + width, from.length)
  const end = Math.min(start + 2 * width, from.length)
  let left = start
  let right = middle
  for (let at = start; at < end; at++) {
    const takeLeft = right === end || (left < middle && compare(from[left]!, from[right]!) <= 0)
    to[at] = takeLeft ? from[left++]! : from[right++]!
    if ((at & (AT_ONCE - 1)) === 0) yield
  }
}

function equalWords(words: readonly Uint32Array[], a: number, b: number): boolean {
  for (let w = 0; w < words.length; w++) if (words[w]![a] !== words[w]![b]) return false
  return true
}

/**
 * A sorted copy of a batch without selection, of its first `fetch` rows in the order. One reference, the caller's. Gives
 * way to timers and sockets between its steps, and stops when the query is cancelled.
 */
export async function sortBatch(
  batch: RecordBatch,
  keys: readonly SortKey[],
  fetch: number | null,
  context: TaskContext,
): Promise<RecordBatch> {
  const scratch = context.region()
  const region = context.region()
  try {
    const columns = keys.map((key) => key.expr.evaluate(batch, null, scratch))
    const order = await runSteps(sortSteps(columns, keys, batch.length, fetch), context)
    const rows = order.subarray(0, fetch ?? batch.length)
    const sorted: Vector[] = []
    for (const column of batch.columns) {
      sorted.push(...takeColumns([column], rows, batch, region))
      await context.giveWay()
    }
    return new RecordBatch(batch.schema, sorted, rows.length, null, region)
  } catch (error) {
    region.release()
    throw error
  } finally {
    scratch.release()
  }
}
