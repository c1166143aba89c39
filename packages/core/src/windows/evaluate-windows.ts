import type { Region } from '@volley/kernels'
import { AggregateCall } from '../aggregates/aggregate-call.ts'
import { exprKey } from '../expressions/expr.ts'
import { sortSteps } from '../operators/sort-rows.ts'
import type { SortKey } from '../plan/execution-plan.ts'
import { takeColumns } from '../runtime/collect-batch.ts'
import type { Steps } from '../runtime/run-steps.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { ColumnComparator } from '../vectors/compare.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { takeVector } from '../vectors/take.ts'
import type { Vector } from '../vectors/vector.ts'
import { aggregateFrames } from './aggregate-frames.ts'
import { frameRanges, rowPlaces } from './frame-ranges.ts'
import type { WindowCall } from './window-call.ts'
import type { WindowFunction } from './window-function.ts'

/** Rows that are compared without giving way. */
const AT_ONCE = 65_536

/** The order that a call's rows are sorted in. */
export function windowKeys(call: WindowCall): readonly SortKey[] {
  return [...call.partitionBy.map((expr) => ({ expr, descending: false, nullsFirst: false })), ...call.orderBy]
}

/** Equal for calls over one order of rows. */
export function windowKey(call: WindowCall): string {
  const order = call.orderBy.map((key) => `${exprKey(key.expr)}:${key.descending}:${key.nullsFirst}`)
  return `${call.partitionBy.map(exprKey).join(';')}|${order.join(';')}`
}

/** All rows sorted for the first call's window, with the results of all calls behind their columns, in steps. */
export function* evaluateWindows(
  input: RecordBatch,
  calls: readonly WindowCall[],
  context: TaskContext,
): Steps<RecordBatch> {
  const region = context.region()
  let evaluated: RecordBatch | null = null
  try {
    let batch = input
    const results: Vector[] = []
    const windows = Map.groupBy(calls.entries(), ([, call]) => windowKey(call))
    let first = true
    for (const window of windows.values()) {
      const keys = windowKeys(window[0]![1])
      const keyColumns = keys.map((key) => key.expr.evaluate(batch, null, region))
      const order = yield* sortSteps(keyColumns, keys, batch.length)
      const columns: Vector[] = []
      for (const column of batch.columns) {
        columns.push(...takeColumns([column], order, batch, region))
        yield
      }
      const sorted = new RecordBatch(input.schema, columns, batch.length, null, region)
      const values = yield* evaluateWindow(
        sorted,
        window.map(([, call]) => call),
        region,
      )
      if (first) batch = sorted
      const back = first ? null : inverse(order)
      for (const [k, [i]] of window.entries()) {
        results[i] = back === null ? values[k]! : takeVector(values[k]!, back, back.length, region)
        yield
      }
      first = false
    }
    region.dependOn(input.region)
    evaluated = new RecordBatch(input.schema, [...batch.columns, ...results], input.length, null, region)
    return evaluated
  } finally {
    if (evaluated === null) region.release()
  }
}

function inverse(order: Uint32Array): Uint32Array {
  const out = new Uint32Array(order.length)
  for (let k = 0; k < order.length; k++) out[order[k]!] = k
  return out
}

/** Calls of one window over rows that are sorted for it. */
export function* evaluateWindow(batch: RecordBatch, calls: readonly WindowCall[], region: Region): Steps<Vector[]> {
  const [{ partitionBy, orderBy }] = calls as [WindowCall]
  const evaluate = (expr: WindowCall['args'][number]): Vector => expr.evaluate(batch, null, region)
  const partitions = yield* boundsOf(partitionBy.map(evaluate), Uint32Array.of(0, batch.length), batch.length)
  const peers = yield* boundsOf(
    orderBy.map((key) => evaluate(key.expr)),
    partitions,
    batch.length,
  )
  const places = yield* rowPlaces(partitions, peers, batch.length)
  const results: Vector[] = []
  for (const call of calls) {
    const { fn, type, nullable, ignoreNulls, distinct, argumentOrder } = call
    if (isWindowFunction(fn)) {
      const args = call.args.map(evaluate)
      const frame = fn.usesFrame ? yield* frameRanges(call, batch, places, peers) : null
      const input = { rows: batch.length, args, type, partitions, peers, frame, ignoreNulls, region }
      results.push(fn.evaluateSteps === undefined ? fn.evaluate(input) : yield* fn.evaluateSteps(input))
      yield
      continue
    }
    const frame = yield* frameRanges(call, batch, places, peers)
    const counts = call.filter === null ? null : flagsOf(call.filter.select(batch, null, region), batch.length)
    const argTypes = call.args.map((arg) => arg.type)
    const options = { distinct, filter: null, orderBy: argumentOrder, type, nullable, argTypes }
    const aggregate = new AggregateCall(fn, call.args, options)
    const args = aggregate.inputs.map(evaluate)
    yield
    results.push(yield* aggregateFrames({ aggregate, args, counts, frame, places, rows: batch.length }, region))
  }
  return results
}

function isWindowFunction(fn: WindowCall['fn']): fn is WindowFunction {
  return 'usesFrame' in fn
}

function flagsOf(rows: Uint32Array, length: number): Uint8Array {
  const flags = new Uint8Array(length)
  for (let k = 0; k < rows.length; k++) flags[rows[k]!] = 1
  return flags
}

/** Marks the rows from `from` to `to` that differ from the row before. */
function markStarts(comparator: ColumnComparator, from: number, to: number, starts: Uint8Array): void {
  for (let i = from; i < to; i++) if (starts[i] === 0 && comparator.compare(i - 1, i) !== 0) starts[i] = 1
}

/** Bounds of runs of rows equal in all columns, none of which crosses one of `within`. */
function* boundsOf(columns: readonly Vector[], within: Uint32Array, rows: number): Steps<Uint32Array> {
  const starts = new Uint8Array(rows)
  for (let k = 0; k < within.length; k++) if (within[k]! < rows) starts[within[k]!] = 1
  for (const column of columns) {
    const comparator = new ColumnComparator(column, column)
    for (let from = 1; from < rows; from += AT_ONCE) {
      markStarts(comparator, from, Math.min(rows, from + AT_ONCE), starts)
      yield
    }
  }
  const bounds = new Uint32Array(rows + 1)
  let n = 0
  for (let i = 0; i < rows; i++) {
    bounds[n] = i
    n += starts[i]!
  }
  bounds[n] = rows
  return bounds.subarray(0, n + 1)
}
