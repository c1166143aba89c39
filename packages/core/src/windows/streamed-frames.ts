import type { Region } from '@volley/kernels'
import { ColumnExpr } from '../expressions/column-expr.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { FLOAT64 } from '../types/type-factory.ts'
import { ColumnComparator } from '../vectors/compare.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { NO_ROW } from '../vectors/take.ts'
import type { PrimitiveVector, Vector } from '../vectors/vector.ts'
import { offsetOf, rangeLimit, rowsFrom, type FrameRanges } from './frame-ranges.ts'
import type { RowSpool } from './row-spool.ts'
import type { FrameBound, WindowCall } from './window-call.ts'

/** A batch of sorted rows, and where each of them stands among all of them. */
export interface PlacedRows {
  readonly batch: RecordBatch
  /** Number of the first row. */
  readonly base: number
  readonly partitionStart: Uint32Array
  readonly partitionEnd: Uint32Array
  readonly peerStart: Uint32Array
  readonly peerEnd: Uint32Array
  /** Number of the row's peer group among those of all rows. */
  readonly peerGroup: Uint32Array
}

/** Column of the records of peer groups. */
const GROUP_END = new ColumnExpr(0, 'end', FLOAT64, false)

/** Finds the frames of a call's rows, batch after batch, with two cursors over all rows that go forward alone. */
export class StreamedFrames {
  readonly #call: WindowCall
  readonly #groups: RowSpool
  readonly #context: TaskContext
  readonly #start: RangeCursor
  readonly #end: RangeCursor

  /** `groups` are records of the peer groups. */
  constructor(call: WindowCall, rows: RowSpool, groups: RowSpool, context: TaskContext) {
    this.#call = call
    this.#groups = groups
    this.#context = context
    this.#start = new RangeCursor(call, 'start', rows, context)
    this.#end = new RangeCursor(call, 'end', rows, context)
  }

  async of(rows: PlacedRows): Promise<FrameRanges> {
    const { frame } = this.#call
    const start = await this.#boundary(frame.start, 'start', rows)
    const end = await this.#boundary(frame.end, 'end', rows)
    for (let i = 0; i < end.length; i++) if (end[i]! < start[i]!) end[i] = start[i]!
    if (frame.exclude === 'no_others') return { start, end, excludeStart: null, excludeEnd: null, keepsCurrent: false }
    const current = frame.exclude === 'current_row'
    const excludeStart = current ? rowsFrom(rows.base, end.length) : rows.peerStart
    const excludeEnd = current ? rowsFrom(rows.base + 1, end.length) : rows.peerEnd
    return { start, end, excludeStart, excludeEnd, keepsCurrent: frame.exclude === 'ties' }
  }

  async #boundary(bound: FrameBound, side: 'start' | 'end', rows: PlacedRows): Promise<Uint32Array> {
    const { batch, base, partitionStart, partitionEnd } = rows
    const { units } = this.#call.frame
    switch (bound.kind) {
      case 'unbounded_preceding':
        return partitionStart.slice()
      case 'unbounded_following':
        return partitionEnd.slice()
      case 'current_row':
        if (units === 'rows') return rowsFrom(side === 'start' ? base : base + 1, batch.length)
        return side === 'start' ? rows.peerStart.slice() : rows.peerEnd.slice()
      default: {
        const sign = bound.kind === 'preceding' ? -1 : 1
        if (units === 'range') return (side === 'start' ? this.#start : this.#end).of(rows, bound.offset!, sign)
        const shift = sign * Math.min(offsetOf(bound.offset!, side, batch), 2 ** 32) + (side === 'end' ? 1 : 0)
        return units === 'rows' ? shifted(rows, shift) : this.#shiftedGroups(rows, shift)
      }
    }
  }

  /** Where the peer group begins that is so many groups away. */
  async #shiftedGroups({ peerGroup, partitionStart, partitionEnd }: PlacedRows, shift: number): Promise<Uint32Array> {
    const before = new Uint32Array(peerGroup.length)
    for (let i = 0; i < before.length; i++) {
      const group = peerGroup[i]! + shift
      before[i] = group < 1 || group > this.#groups.rows ? NO_ROW : group - 1
    }
    const scratch = this.#context.region()
    try {
      const ends = (await this.#groups.gather(GROUP_END, before, scratch)) as PrimitiveVector
      const out = new Uint32Array(before.length)
      for (let i = 0; i < out.length; i++) {
        const beyond = peerGroup[i]! + shift < 1 ? partitionStart[i]! : partitionEnd[i]!
        const row = before[i] === NO_ROW ? beyond : (ends.values[i] as number)
        out[i] = Math.min(Math.max(row, partitionStart[i]!), partitionEnd[i]!)
      }
      return out
    } finally {
      scratch.release()
    }
  }

  release(): void {
    this.#start.release()
    this.#end.release()
  }
}

function shifted({ base, partitionStart, partitionEnd }: PlacedRows, shift: number): Uint32Array {
  const out = new Uint32Array(partitionStart.length)
  for (let i = 0; i < out.length; i++) {
    out[i] = Math.min(Math.max(base + i + shift, partitionStart[i]!), partitionEnd[i]!)
  }
  return out
}

/** Goes over the keys of all rows once, to where the limit of each row of the batches that come is. */
class RangeCursor {
  readonly #call: WindowCall
  readonly #side: 'start' | 'end'
  readonly #rows: RowSpool
  readonly #context: TaskContext
  #at = 0
  /** Keys of the batch that the cursor is in. */
  #keys: { readonly vector: Vector; readonly first: number; readonly region: Region } | null = null

  constructor(call: WindowCall, side: 'start' | 'end', rows: RowSpool, context: TaskContext) {
    this.#call = call
    this.#side = side
    this.#rows = rows
    this.#context = context
  }

  async of(rows: PlacedRows, offset: WindowCall['args'][number], sign: -1 | 1): Promise<Uint32Array> {
    const { batch, base, partitionStart, partitionEnd, peerStart, peerEnd } = rows
    const { key, limit, direction } = rangeLimit(this.#call, offset, sign, this.#side, batch)
    // At the start, rows before the limit are passed over; at the end, those at the limit too.
    const passes = this.#side === 'start' ? 0 : 1
    const out = new Uint32Array(batch.length)
    const scratch = this.#context.region()
    try {
      const own = key.evaluate(batch, null, scratch)
      const limits = limit.evaluate(batch, null, scratch)
      let comparator: ColumnComparator | null = null
      for (let i = 0; i < out.length; i++) {
        if (!own.isValid(i)) {
          out[i] = this.#side === 'start' ? peerStart[i]! : peerEnd[i]!
          continue
        }
        this.#at = Math.max(this.#at, partitionStart[i]!)
        while (this.#at < partitionEnd[i]!) {
          const keys = this.#keys
          if (keys === null || this.#at < keys.first || this.#at >= keys.first + keys.vector.length) {
            await this.#load(key)
            comparator = null
            continue
          }
          comparator ??= new ColumnComparator(keys.vector, limits)
          const local = this.#at - keys.first
          // NULLs come before all other keys of the partition, or behind them.
          const passed = comparator.leftIsNull(local)
            ? this.#at < base + i
            : comparator.compareValues(local, i) * direction < passes
          if (!passed) break
          this.#at++
        }
        out[i] = this.#at
      }
      return out
    } finally {
      scratch.release()
    }
  }

  async #load(key: WindowCall['args'][number]): Promise<void> {
    const index = this.#rows.indexOf(this.#at)
    const batch = await this.#rows.batch(index)
    this.release()
    const region = this.#context.region()
    region.dependOn(batch.region)
    this.#keys = { vector: key.evaluate(batch, null, region), first: this.#rows.starts[index]!, region }
  }

  release(): void {
    this.#keys?.region.release()
    this.#keys = null
  }
}
