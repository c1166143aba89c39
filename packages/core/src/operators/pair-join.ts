import type { Schema } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { SqlState, VolleyError } from '../errors.ts'
import type { Expr } from '../expressions/expr.ts'
import { takeColumns } from '../runtime/collect-batch.ts'
import { columnsOfExprs } from '../runtime/column-demand.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { BOOL } from '../types/type-factory.ts'
import { vectorOf } from '../vectors/build.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { NO_ROW, takeVector } from '../vectors/take.ts'
import { BoolVector, NullVector, type Vector } from '../vectors/vector.ts'
import { emitsPairs, type JoinType } from './join-type.ts'

/** Pairs of a left and a right row that may match, for one right batch. */
export interface PairSource {
  /** A right row is in one pair at most, and right rows ascend. */
  readonly unique?: boolean
  /** Writes at most `capacity` pairs and returns how many; 0 is the end. */
  next(leftRows: Uint32Array, rightRows: Uint32Array, capacity: number): number
}

/** Which rows have matched, and for which NULLs leave it open; one byte a row. */
export interface RowFlags {
  readonly matched: Uint8Array
  readonly unknown: Uint8Array
}

export function rowFlags(length: number): RowFlags {
  return { matched: new Uint8Array(length), unknown: new Uint8Array(length) }
}

/** What a `left_single` join throws when a left row has two partners. */
export function moreThanOneRow(): VolleyError {
  return new VolleyError('more than one row returned by a subquery used as an expression', {
    code: SqlState.cardinalityViolation,
  })
}

/** The collected left side of a join. */
export interface LeftSide {
  readonly batch: RecordBatch
  readonly flags: RowFlags
}

export interface PairJoinSpec {
  readonly schema: Schema
  readonly rightSchema: Schema
  readonly joinType: JoinType
  readonly filter: Expr | null
  /** Columns of the pairs that will be read; null when it may be any. */
  readonly demanded?: ReadonlySet<number> | null
}

/** Turns candidate pairs into the rows of a join, for every join type. */
export class PairJoin {
  readonly #spec: PairJoinSpec
  readonly #left: LeftSide
  readonly #context: TaskContext
  readonly #usedByFilter: ReadonlySet<number>
  readonly #wanted: ReadonlySet<number> | null
  readonly #leftRows: Uint32Array
  readonly #rightRows: Uint32Array

  constructor(spec: PairJoinSpec, left: LeftSide, context: TaskContext) {
    this.#spec = spec
    this.#left = left
    this.#context = context
    this.#usedByFilter = spec.filter === null ? new Set() : columnsOfExprs([spec.filter])
    const { demanded = null } = spec
    this.#wanted = demanded && new Set([...demanded, ...this.#usedByFilter])
    this.#leftRows = new Uint32Array(context.batchSize)
    this.#rightRows = new Uint32Array(context.batchSize)
  }

  /** The rows that one right batch adds, which is kept meanwhile. `right` are the flags of its rows. */
  async *probe(batch: RecordBatch, source: PairSource, right: RowFlags): AsyncGenerator<RecordBatch, void, void> {
    yield* this.pairs(batch, source, right)
    yield* this.rightSide(batch, right)
  }

  /** The pairs of one right batch that match, where the join gives pairs; they are marked in the flags of both sides. */
  async *pairs(batch: RecordBatch, source: PairSource, right: RowFlags): AsyncGenerator<RecordBatch, void, void> {
    const pairs = emitsPairs(this.#spec.joinType)
    for (;;) {
      const pause = this.#context.pause()
      if (pause !== null) await pause
      this.#context.throwIfCancelled()
      const region = this.#context.region()
      let joined: RecordBatch | null = null
      try {
        const count = source.next(this.#leftRows, this.#rightRows, this.#context.batchSize)
        if (count === 0) break
        joined = this.#match(batch, count, right, pairs, source.unique === true, region)
      } finally {
        if (joined === null) region.release()
      }
      if (joined !== null) yield joined
    }
  }

  /** Marks pairs as matched where the filter is TRUE; returns them as rows when the join gives pairs. */
  #match(
    batch: RecordBatch,
    count: number,
    right: RowFlags,
    pairs: boolean,
    unique: boolean,
    region: Region,
  ): RecordBatch | null {
    const leftRows = this.#leftRows.subarray(0, count)
    const rightRows = this.#rightRows.subarray(0, count)
    const { filter, schema } = this.#spec
    if (filter === null) {
      // Where only pairs come out, nobody asks what has matched.
      if (this.#spec.joinType !== 'inner') this.#mark(leftRows, rightRows, null, right)
      if (!pairs) return null
      return unique && count * 2 >= batch.length
        ? this.#inPlace(schema, batch, leftRows, rightRows, region)
        : this.#joined(schema, batch, leftRows, rightRows, this.#wanted, region)
    }
    const wanted = pairs ? this.#wanted : this.#usedByFilter
    const joined = this.#joined(schema, batch, leftRows, rightRows, wanted, region)
    const selection = filter.select(joined, null, region)
    if (this.#spec.joinType !== 'inner') this.#mark(leftRows, rightRows, selection, right)
    if (!pairs || selection.length === 0) return null
    return new RecordBatch(schema, joined.columns, count, selection, region)
  }

  /** Pairs whose answer a NULL leaves open; those for which the filter is not TRUE are none. */
  async markUnknown(batch: RecordBatch, source: PairSource, right: RowFlags): Promise<void> {
    for (;;) {
      const pause = this.#context.pause()
      if (pause !== null) await pause
      this.#context.throwIfCancelled()
      const count = source.next(this.#leftRows, this.#rightRows, this.#context.batchSize)
      if (count === 0) return
      const leftRows = this.#leftRows.subarray(0, count)
      const rightRows = this.#rightRows.subarray(0, count)
      const region = this.#context.region()
      try {
        const { filter, schema } = this.#spec
        const selection =
          filter === null
            ? allRows(count)
            : filter.select(this.#joined(schema, batch, leftRows, rightRows, this.#usedByFilter, region), null, region)
        for (let i = 0; i < selection.length; i++) {
          this.#left.flags.unknown[leftRows[selection[i]!]!] = 1
          right.unknown[rightRows[selection[i]!]!] = 1
        }
      } finally {
        region.release()
      }
    }
  }

  #mark(leftRows: Uint32Array, rightRows: Uint32Array, selection: Uint32Array | null, right: RowFlags): void {
    const { matched } = this.#left.flags
    const count = selection === null ? leftRows.length : selection.length
    const once = this.#spec.joinType === 'left_single'
    for (let i = 0; i < count; i++) {
      const k = selection === null ? i : selection[i]!
      const row = leftRows[k]!
      if (once && matched[row] === 1) throw moreThanOneRow()
      matched[row] = 1
      right.matched[rightRows[k]!] = 1
    }
  }

  /** Pairs of most rows of a right batch: its columns stay as they are, and left values come to the rows they belong to. */
  #inPlace(
    schema: Schema,
    batch: RecordBatch,
    leftRows: Uint32Array,
    rightRows: Uint32Array,
    region: Region,
  ): RecordBatch {
    const { length } = batch
    const left = this.#left.batch
    const rows = new Uint32Array(length)
    for (let k = 0; k < rightRows.length; k++) rows[rightRows[k]!] = leftRows[k]!
    const wanted = this.#wanted
    const columns: Vector[] = left.columns.map((column) => new NullVector(column.type, length, null))
    const positions = columns.map((_, i) => i).filter((i) => wanted === null || wanted.has(i))
    const taken = takeColumns(
      positions.map((i) => left.columns[i]!),
      rows,
      left,
      region,
    )
    for (const [k, i] of positions.entries()) columns[i] = taken[k]!
    region.dependOn(batch.region)
    if (rightRows.length === length)
      return new RecordBatch(schema, [...columns, ...batch.columns], length, null, region)
    const selection = region.u32(rightRows.length)
    selection.set(rightRows)
    return new RecordBatch(schema, [...columns, ...batch.columns], length, selection, region)
  }

  /** Left and right columns of pairs; those not in `wanted` are left out (as columns of type Null). */
  #joined(
    schema: Schema,
    batch: RecordBatch,
    leftRows: Uint32Array,
    rightRows: Uint32Array,
    wanted: ReadonlySet<number> | null,
    region: Region,
  ): RecordBatch {
    const count = leftRows.length
    const left = this.#left.batch
    const side = (from: RecordBatch, rows: Uint32Array, offset: number): Vector[] => {
      const positions = from.columns.map((_, i) => i).filter((i) => wanted === null || wanted.has(i + offset))
      const taken = takeColumns(
        positions.map((i) => from.columns[i]!),
        rows,
        from,
        region,
      )
      const columns: Vector[] = from.columns.map((column) => new NullVector(column.type, count, null))
      for (const [k, i] of positions.entries()) columns[i] = taken[k]!
      return columns
    }
    const columns = [...side(left, leftRows, 0), ...side(batch, rightRows, left.columns.length)]
    return new RecordBatch(schema, columns, count, null, region)
  }

  /** What a right batch gives beside pairs, once all its pairs are known. */
  *rightSide(batch: RecordBatch, right: RowFlags): Generator<RecordBatch, void, void> {
    const { joinType, schema } = this.#spec
    if (joinType === 'right' || joinType === 'full') {
      const rows = rowsWhere(batch, (row) => right.matched[row] === 0)
      if (rows.length === 0) return
      const region = this.#context.region()
      const none = new Uint32Array(rows.length).fill(NO_ROW)
      yield this.#joined(schema, batch, none, rows, null, region)
    } else if (joinType === 'right_semi' || joinType === 'right_anti') {
      const wanted = joinType === 'right_semi' ? 1 : 0
      const rows = rowsWhere(
        batch,
        (row) => right.matched[row] === wanted && (wanted === 1 || right.unknown[row] === 0),
      )
      if (rows.length === 0) return
      const region = this.#context.region()
      region.dependOn(batch.region)
      const selection = region.u32(rows.length)
      selection.set(rows)
      yield new RecordBatch(schema, batch.columns, batch.length, selection, region)
    } else if (joinType === 'right_mark') {
      const region = this.#context.region()
      region.dependOn(batch.region)
      const mark = markVector(right, 0, batch.length, region)
      yield new RecordBatch(schema, [...batch.columns, mark], batch.length, batch.selection, region)
    }
  }

  /** What the left side gives once every right row has been seen. */
  *leftSide(): Generator<RecordBatch, void, void> {
    const { joinType, schema, rightSchema } = this.#spec
    const { batch, flags } = this.#left
    const { batchSize } = this.#context
    const all = joinType === 'left_mark'
    const wanted = joinType === 'left_semi' ? 1 : 0
    const padded = joinType === 'left' || joinType === 'full' || joinType === 'left_single'
    const rows = all
      ? allRows(batch.length)
      : rowsWhere(batch, (row) => flags.matched[row] === wanted && (wanted === 1 || padded || flags.unknown[row] === 0))
    for (let start = 0; start < rows.length; start += batchSize) {
      const part = rows.subarray(start, start + batchSize)
      const region = this.#context.region()
      const columns = takeColumns(batch.columns, part, batch, region)
      if (padded) columns.push(...rightSchema.fields.map((field) => nulls(field.type, part.length, region)))
      if (all) columns.push(markVector(flags, start, part.length, region))
      yield new RecordBatch(schema, columns, part.length, null, region)
    }
  }
}

function nulls(type: Vector['type'], length: number, region: Region): Vector {
  const none = new Uint32Array(length).fill(NO_ROW)
  return takeVector(vectorOf(type, [null], region), none, length, region)
}

function markVector(flags: RowFlags, start: number, length: number, region: Region): Vector {
  const bits = region.bitmap(length, false)
  const validity = region.bitmap(length, false)
  for (let i = 0; i < length; i++) {
    const matched = flags.matched[start + i]!
    bits[i >>> 3]! |= matched << (i & 7)
    validity[i >>> 3]! |= (matched | (1 - flags.unknown[start + i]!)) << (i & 7)
  }
  return new BoolVector(BOOL, length, validity, bits)
}

function rowsWhere(batch: RecordBatch, wanted: (row: number) => boolean): Uint32Array {
  const rows = batch.selection ?? allRows(batch.length)
  const out = new Uint32Array(rows.length)
  let n = 0
  for (let k = 0; k < rows.length; k++) {
    out[n] = rows[k]!
    n += +wanted(rows[k]!)
  }
  return out.subarray(0, n)
}
