import { SqlState, VolleyError } from '../errors.ts'
import { ArithmeticExpr } from '../expressions/arithmetic-expr.ts'
import type { Expr } from '../expressions/expr.ts'
import { coerceTo } from '../functions/scalar-function.ts'
import { arithmeticSignature, isInteger } from '../types/coercion.ts'
import type { Steps } from '../runtime/run-steps.ts'
import { typeName } from '../types/data-types.ts'
import { isIntervalValue } from '../types/scalar-value.ts'
import { decimalType, INT64 } from '../types/type-factory.ts'
import { ColumnComparator } from '../vectors/compare.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { scalarAt } from '../vectors/scalar-at.ts'
import type { FrameBound, WindowCall } from './window-call.ts'

/** Rows whose places and frames are found without giving way. */
const AT_ONCE = 65_536

/**
 * The frame of each row: sorted rows `start` to `end` (exclusive), less `excludeStart` to `excludeEnd` (exclusive), though
 * with `keepsCurrent` (EXCLUDE TIES) the row itself stays. Without an exclusion those two are null.
 */
export interface FrameRanges {
  readonly start: Uint32Array
  readonly end: Uint32Array
  readonly excludeStart: Uint32Array | null
  readonly excludeEnd: Uint32Array | null
  readonly keepsCurrent: boolean
}

/** Where each row stands: first row and end of its partition, and of its peers; number of its peer group. */
export interface RowPlaces {
  readonly partitionStart: Uint32Array
  readonly partitionEnd: Uint32Array
  readonly peerStart: Uint32Array
  readonly peerEnd: Uint32Array
  readonly peerGroup: Uint32Array
}

interface SpreadBounds {
  readonly start: Uint32Array
  readonly end: Uint32Array
  readonly index: Uint32Array
}

/** `bounds[k]` to `bounds[k + 1]` for each row of them: start, end and k. */
function* spreadBounds(bounds: Uint32Array, rows: number): Steps<SpreadBounds> {
  const start = new Uint32Array(rows)
  const end = new Uint32Array(rows)
  const index = new Uint32Array(rows)
  let k = 0
  for (let from = 0; from < rows; from += AT_ONCE) {
    k = spreadRows(bounds, k, from, Math.min(rows, from + AT_ONCE), { start, end, index })
    yield
  }
  return { start, end, index }
}

/** The same for rows `from` to `to`, the first of which is in run `k`; returns the run of the last one. */
function spreadRows(
  bounds: Uint32Array,
  k: number,
  from: number,
  to: number,
  { start, end, index }: SpreadBounds,
): number {
  for (let i = from; i < to; i++) {
    while (bounds[k + 1]! <= i) k++
    start[i] = bounds[k]!
    end[i] = bounds[k + 1]!
    index[i] = k
  }
  return k
}

export function* rowPlaces(partitions: Uint32Array, peers: Uint32Array, rows: number): Steps<RowPlaces> {
  const partition = yield* spreadBounds(partitions, rows)
  const peer = yield* spreadBounds(peers, rows)
  return {
    partitionStart: partition.start,
    partitionEnd: partition.end,
    peerStart: peer.start,
    peerEnd: peer.end,
    peerGroup: peer.index,
  }
}

/** The frames of a call over rows sorted for it. `peers` are the bounds of the peer groups. */
export function* frameRanges(
  call: WindowCall,
  batch: RecordBatch,
  places: RowPlaces,
  peers: Uint32Array,
): Steps<FrameRanges> {
  const { frame } = call
  const rows = batch.length
  const start = yield* boundary(call, frame.start, 'start', batch, places, peers)
  yield
  const end = yield* boundary(call, frame.end, 'end', batch, places, peers)
  yield
  for (let i = 0; i < rows; i++) if (end[i]! < start[i]!) end[i] = start[i]!
  if (frame.exclude === 'no_others') return { start, end, excludeStart: null, excludeEnd: null, keepsCurrent: false }
  const current = frame.exclude === 'current_row'
  const excludeStart = current ? rowsFrom(0, rows) : places.peerStart
  const excludeEnd = current ? rowsFrom(1, rows) : places.peerEnd
  return { start, end, excludeStart, excludeEnd, keepsCurrent: frame.exclude === 'ties' }
}

/** So many row numbers, from `first` on. */
export function rowsFrom(first: number, length: number): Uint32Array {
  const rows = new Uint32Array(length)
  for (let i = 0; i < length; i++) rows[i] = first + i
  return rows
}

/** First row of the frame, or the row behind its last, for each row. */
function* boundary(
  call: WindowCall,
  bound: FrameBound,
  side: 'start' | 'end',
  batch: RecordBatch,
  places: RowPlaces,
  peers: Uint32Array,
): Steps<Uint32Array> {
  const { units } = call.frame
  switch (bound.kind) {
    case 'unbounded_preceding':
      return places.partitionStart.slice()
    case 'unbounded_following':
      return places.partitionEnd.slice()
    case 'current_row':
      if (units !== 'rows') return side === 'start' ? places.peerStart.slice() : places.peerEnd.slice()
      return rowsFrom(side === 'start' ? 0 : 1, batch.length)
    default: {
      if (batch.length === 0) return new Uint32Array(0)
      const sign = bound.kind === 'preceding' ? -1 : 1
      if (units === 'range') return yield* rangeBoundary(call, bound.offset!, sign, side, batch, places)
      const offset = Math.min(offsetOf(bound.offset!, side, batch), 2 ** 32)
      const find = units === 'rows' ? rowsBoundary : groupsBoundary
      const out = new Uint32Array(batch.length)
      for (let from = 0; from < out.length; from += AT_ONCE) {
        find(offset * sign, side, { places, peers }, from, Math.min(out.length, from + AT_ONCE), out)
        yield
      }
      return out
    }
  }
}

function invalidOffset(side: 'start' | 'end', what: string): VolleyError {
  const name = side === 'start' ? 'starting' : 'ending'
  return new VolleyError(`frame ${name} offset must not be ${what}`, { code: SqlState.invalidParameterValue })
}

export function offsetOf(expr: Expr, side: 'start' | 'end', batch: RecordBatch): number {
  const value = scalarAt(expr.evaluate(batch, null, batch.region), 0)
  if (value === null) throw invalidOffset(side, 'null')
  const offset = Number(value)
  if (offset < 0) throw invalidOffset(side, 'negative')
  return offset
}

interface RowGroups {
  readonly places: RowPlaces
  readonly peers: Uint32Array
}

function rowsBoundary(
  shift: number,
  side: 'start' | 'end',
  { places: { partitionStart, partitionEnd } }: RowGroups,
  from: number,
  to: number,
  out: Uint32Array,
): void {
  const extra = side === 'end' ? 1 : 0
  for (let i = from; i < to; i++) {
    out[i] = Math.min(Math.max(i + shift + extra, partitionStart[i]!), partitionEnd[i]!)
  }
}

function groupsBoundary(
  shift: number,
  side: 'start' | 'end',
  { places: { partitionStart, partitionEnd, peerGroup }, peers }: RowGroups,
  from: number,
  to: number,
  out: Uint32Array,
): void {
  const extra = side === 'end' ? 1 : 0
  for (let i = from; i < to; i++) {
    const group = peerGroup[i]! + shift + extra
    const row = group < 0 ? 0 : group >= peers.length ? peers.at(-1)! : peers[group]!
    out[i] = Math.min(Math.max(row, partitionStart[i]!), partitionEnd[i]!)
  }
}

/** An integer key in a type that holds it with an offset beyond its own type's limits. */
function widened(key: Expr): Expr {
  if (!isInteger(key.type)) return key
  const wide = typeName(key.type) === 'Int64' || typeName(key.type) === 'Uint64'
  return coerceTo(key, wide ? decimalType(21, 0) : INT64)
}

/** What the keys of rows are compared with in a RANGE frame with an offset. */
interface RangeLimit {
  /** The key, in the type of the limit. */
  readonly key: Expr
  /** Key of a row, less or plus the offset. */
  readonly limit: Expr
  readonly direction: -1 | 1
}

/** `batch` has a row at least, for the offset. */
export function rangeLimit(
  call: WindowCall,
  offset: Expr,
  sign: -1 | 1,
  side: 'start' | 'end',
  batch: RecordBatch,
): RangeLimit {
  const [key] = call.orderBy
  if (key === undefined || call.orderBy.length !== 1) {
    throw new VolleyError('a range frame with an offset needs exactly one order by column', {
      code: SqlState.groupingError,
    })
  }
  const value = scalarAt(offset.evaluate(batch, null, batch.region), 0)
  if (value === null) throw invalidOffset(side, 'null')
  if (!isIntervalValue(value) && Number(value) < 0) throw invalidOffset(side, 'negative')
  const op = (sign === -1) === key.descending ? '+' : '-'
  const column = widened(key.expr)
  const signature = arithmeticSignature(op, column.type, offset.type)
  if (signature === null) {
    throw new VolleyError(`a range frame cannot have an offset of ${offset.type} for a column of ${key.expr.type}`, {
      code: SqlState.featureNotSupported,
    })
  }
  const { left, right, type } = signature
  const limit = new ArithmeticExpr(op, coerceTo(column, left), coerceTo(offset, right), type)
  return { key: coerceTo(column, type), limit, direction: key.descending ? -1 : 1 }
}

/**
 * RANGE with an offset: rows whose key is within it of the row's own. Keys and limits ascend (or descend) together, so one
 * pass over each partition finds all boundaries. Rows with a NULL key have their peers as frame.
 */
function* rangeBoundary(
  call: WindowCall,
  offset: Expr,
  sign: -1 | 1,
  side: 'start' | 'end',
  batch: RecordBatch,
  places: RowPlaces,
): Steps<Uint32Array> {
  const { key, limit, direction } = rangeLimit(call, offset, sign, side, batch)
  const limits = limit.evaluate(batch, null, batch.region)
  yield
  const keys = new ColumnComparator(key.evaluate(batch, null, batch.region), limits)
  yield
  // At the start, rows before the limit are passed over; at the end, those at the limit too.
  const passes = side === 'start' ? 0 : 1
  const out = new Uint32Array(batch.length)
  for (let from = 0; from < out.length;) {
    const to = places.partitionEnd[from]!
    let first = from
    let last = to
    while (first < to && keys.leftIsNull(first)) first++
    while (last > first && keys.leftIsNull(last - 1)) last--
    let pointer = first
    for (let i = from; i < to; i++) {
      if (i % AT_ONCE === AT_ONCE - 1) yield
      if (i < first || i >= last) {
        out[i] = side === 'start' ? places.peerStart[i]! : places.peerEnd[i]!
        continue
      }
      while (pointer < last && keys.compareValues(pointer, i) * direction < passes) pointer++
      out[i] = pointer
    }
    from = to
  }
  return out
}

/**
 * The rows of one frame as up to three ranges, ascending: `ranges[2k]` to `ranges[2k + 1]`; returns how many. `number` is
 * the row's own among the rows that frames are of.
 */
export function frameParts(frame: FrameRanges, row: number, ranges: Uint32Array, number: number = row): number {
  const start = frame.start[row]!
  const end = frame.end[row]!
  if (frame.excludeStart === null || frame.excludeEnd === null) {
    ranges[0] = start
    ranges[1] = end
    return 1
  }
  let n = 0
  const add = (from: number, to: number): void => {
    if (from >= to) return
    ranges[2 * n] = from
    ranges[2 * n + 1] = to
    n++
  }
  add(start, Math.min(end, frame.excludeStart[row]!))
  if (frame.keepsCurrent && number >= start && number < end) add(number, number + 1)
  add(Math.max(start, frame.excludeEnd[row]!), end)
  return n
}
