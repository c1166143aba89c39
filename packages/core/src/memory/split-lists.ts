import type { AggregateCall } from '../aggregates/aggregate-call.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { takeVector } from '../vectors/take.ts'
import { BytesVector, ListVector, type Vector } from '../vectors/vector.ts'

/** Where the states of calls stand in a batch. */
export interface StateColumns {
  readonly calls: readonly AggregateCall[]
  /** Column of the first state. */
  readonly first: number
}

/** A list of encoded rows of each group, which a call keeps. */
interface ListColumn {
  readonly column: number
  readonly lists: ListVector
  readonly items: BytesVector
}

/**
 * States of groups (a batch without selection) with the rows that a call keeps in lists of `most` bytes at most: a group
 * with more stands in several rows, whose states add up to its own. Each batch has one reference, the receiver's.
 */
export function* splitLists(
  batch: RecordBatch,
  states: StateColumns,
  most: number,
  context: TaskContext,
): Generator<RecordBatch, void, void> {
  const columns = listColumns(batch, states)
  const large = (row: number): boolean => columns.some((column) => bytesOf(column, row) > most)
  for (let start = 0; start < batch.length;) {
    let end = start
    while (end < batch.length && !large(end)) end++
    if (start === 0 && end === batch.length) yield batch.retain()
    else if (end > start) yield sliceOf(batch, start, end, context)
    if (end < batch.length) yield* splitRow(batch, end, columns, states, most, context)
    start = end + 1
  }
}

function listColumns(batch: RecordBatch, { calls, first }: StateColumns): ListColumn[] {
  const found: ListColumn[] = []
  let column = first
  for (const call of calls) {
    const vector = batch.columns[column]!
    if (call.stateTypes.length === 1 && isListOfRows(vector)) {
      const lists = vector as ListVector
      found.push({ column, lists, items: lists.child as BytesVector })
    }
    column += call.stateTypes.length
  }
  return found
}

function isListOfRows(vector: Vector): boolean {
  return vector.encoding === 'list' && (vector as ListVector).child.encoding === 'bytes'
}

function bytesOf({ lists, items }: ListColumn, row: number): number {
  return items.offsets[lists.offsets[row + 1]!]! - items.offsets[lists.offsets[row]!]!
}

function sliceOf(batch: RecordBatch, start: number, end: number, context: TaskContext): RecordBatch {
  const region = context.region()
  region.dependOn(batch.region)
  const rows = Uint32Array.from({ length: end - start }, (_, k) => start + k)
  const columns = batch.columns.map((column) => takeVector(column, rows, rows.length, region))
  return new RecordBatch(batch.schema, columns, rows.length, null, region)
}

/** One row as several: the first has its other states, all have some of the rows that are kept. */
function* splitRow(
  batch: RecordBatch,
  row: number,
  columns: readonly ListColumn[],
  { calls, first }: StateColumns,
  most: number,
  context: TaskContext,
): Generator<RecordBatch, void, void> {
  const next = columns.map(({ lists }) => lists.offsets[row]!)
  for (let begun = false; ; begun = true) {
    const left = columns.some(({ lists }, c) => next[c]! < lists.offsets[row + 1]!)
    if (begun && !left) return
    const region = context.region()
    region.dependOn(batch.region)
    const none = begun ? calls.flatMap((call) => noRows(call, region)) : []
    const out = batch.columns.map((column, i) =>
      begun && i >= first ? none[i - first]! : takeVector(column, Uint32Array.of(row), 1, region),
    )
    for (const [c, { column, lists, items }] of columns.entries()) {
      const from = next[c]!
      let to = from
      while (to < lists.offsets[row + 1]! && (to === from || items.offsets[to + 1]! - items.offsets[from]! <= most))
        to++
      next[c] = to
      const some = new BytesVector(items.type, to - from, null, items.offsets.subarray(from, to + 1), items.bytes)
      const offsets = region.i32(2)
      offsets.set([0, to - from])
      out[column] = new ListVector(lists.type, 1, null, offsets, some)
    }
    yield new RecordBatch(batch.schema, out, 1, null, region)
  }
}

function noRows(call: AggregateCall, region: RecordBatch['region']): Vector[] {
  const accumulator = call.createAccumulator()
  try {
    return accumulator.state(1, region)
  } finally {
    accumulator.release()
  }
}
