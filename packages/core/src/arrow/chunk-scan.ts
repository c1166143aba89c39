import type { Region } from '@volley/kernels'
import type { DataType, Schema } from 'apache-arrow'
import { boundOf, mayHold, mustHold, type ColumnBound } from '../expressions/column-bound.ts'
import type { Expr } from '../expressions/expr.ts'
import { isCheap } from '../expressions/predicate-order.ts'
import { ProbeFilters, probeFiltersOf, type ProbeFilter } from '../operators/probe-filters.ts'
import { conditionsOf } from '../operators/row-conditions.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import { columnsOfExprs, demandedColumns } from '../runtime/column-demand.ts'
import { Pace } from '../runtime/pace.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { typeName } from '../types/data-types.ts'
import { vectorOf } from '../vectors/build.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { Vector } from '../vectors/vector.ts'
import type { ArrowChunk } from './arrow-chunk.ts'
import { ChunkColumns } from './chunk-columns.ts'

/** Batches that a step over columns which stay is as large as. */
const VIEWED = 4
/** Where fewer of the rows of a step than this are kept, they are gathered together with those of other steps. */
const FEW = 1 / 8
/** Rows that are given before a sort's limit is known. */
const FIRST = 256
/** Rows without columns that go into one batch. */
const UNCOUNTED = 65_536

interface Condition {
  readonly expr: Expr
  readonly columns: readonly number[]
  readonly bound: ColumnBound | null
}

/**
 * Reads rows of chunks for one partition of a plan: views of columns that stay in the arena, copies of others. Of blocks of
 * rows that a condition leaves out altogether, nothing is read; the rows that conditions and joins above leave over, where they are few,
 * are gathered from several steps.
 */
export class ChunkScan {
  readonly #schema: Schema
  readonly #context: TaskContext
  /** Positions in the table of the plan's columns. */
  readonly #wanted: readonly number[]
  /** Columns that are read of the rows that are left. */
  readonly #columns: readonly number[]
  readonly #conditions: readonly Condition[]
  /** How many of the conditions are asked before joins are. */
  readonly #cheap: number
  readonly #filters: ProbeFilters
  /** Filters for which the bounds of a block may answer. */
  readonly #monotone: readonly ProbeFilter[]
  /** Columns that every row is asked for. */
  readonly #asked: readonly number[]
  /** How many rows the conditions can be asked of at a time. */
  readonly #pace: Pace
  #steps = 0

  constructor(plan: ExecutionPlan, wanted: readonly number[], context: TaskContext) {
    const demanded = demandedColumns(context, plan)
    const filters = probeFiltersOf(context, plan)
    const { fields } = plan.schema
    this.#schema = plan.schema
    this.#context = context
    this.#wanted = wanted
    this.#columns = fields.map((_, i) => i).filter((i) => demanded === null || demanded.has(i))
    this.#conditions = conditionsOf(context, plan).map((expr) => ({
      expr,
      columns: [...columnsOfExprs([expr])],
      bound: boundOf(expr, fields),
    }))
    this.#pace = new Pace(this.#conditions.map(({ expr }) => expr))
    const dear = this.#conditions.findIndex(({ expr }) => !isCheap(expr))
    this.#cheap = dear < 0 ? this.#conditions.length : dear
    this.#filters = new ProbeFilters(filters)
    this.#monotone = filters.filter(({ isMonotone }) => isMonotone === true)
    const asked = new Set(this.#conditions.flatMap(({ columns }) => columns))
    for (const { column } of filters) asked.add(column)
    this.#asked = asked.size > 0 ? [...asked] : this.#columns
  }

  /** Rows `from` to `to` (exclusive) of a chunk, those that are left; null after work that gave none. */
  *read(chunk: ArrowChunk, from: number, to: number): Generator<RecordBatch | null, void, void> {
    const { batchSize } = this.#context
    const columns = new ChunkColumns(chunk, { from, to }, this.#schema, this.#wanted, this.#context)
    const pending = new PendingRows(columns, this.#columns, this.#schema, this.#context)
    try {
      for (let start = from; start < to;) {
        // Who wants few rows has them before anything is brought in.
        const stay = this.#asked.every((i) => columns.resident(i, this.#steps > 0))
        const step = Math.min(this.#pace.rows, stay ? batchSize * VIEWED : batchSize)
        let end = Math.min(to, start - (start % step) + step)
        if (!stay) end = Math.min(end, columns.batchEnd(start))
        this.#steps++
        yield* this.#paced(columns, pending, start, end)
        start = end
      }
      const rest = pending.take()
      if (rest !== null) yield rest
    } finally {
      columns.release()
    }
  }

  *#paced(
    columns: ChunkColumns,
    pending: PendingRows,
    start: number,
    end: number,
  ): Generator<RecordBatch | null, void, void> {
    const began = this.#pace.rows === Infinity ? 0 : performance.now()
    let isFirst = true
    for (const batch of this.#step(columns, pending, start, end)) {
      // What the reader does with the rows takes its own time.
      if (isFirst && began > 0) this.#pace.took(end - start, performance.now() - began)
      isFirst = false
      yield batch
    }
  }

  *#step(
    columns: ChunkColumns,
    pending: PendingRows,
    start: number,
    end: number,
  ): Generator<RecordBatch | null, void, void> {
    const conditions: (Condition | null)[] = []
    for (const condition of this.#conditions) {
      const answer = answerOf(condition, columns, start, end)
      if (answer === false) return yield null
      conditions.push(answer === true ? null : condition)
    }
    if (this.#isUnwanted(columns, start, end)) return yield null
    const region = this.#context.region()
    let given = false
    try {
      const rows = new StepRows(columns, this.#schema, start, end, region)
      for (const condition of conditions.slice(0, this.#cheap)) rows.keepIf(condition)
      if (rows.count > 0) rows.keep(this.#filters.select(rows.rows, (i) => rows.column(i), region))
      for (const condition of conditions.slice(this.#cheap)) rows.keepIf(condition)
      const { count, selection } = rows
      if (count === 0) return yield null
      if (this.#columns.length === 0) {
        const full = pending.count(count)
        yield full
        return
      }
      if (selection !== null && count <= (end - start) * FEW) {
        yield pending.add(selection, start, this.#enough)
        return
      }
      const before = pending.take()
      if (before !== null) yield before
      for (const i of this.#columns) rows.column(i)
      region.dependOn(columns.region)
      given = true
      yield rows.toBatch()
    } finally {
      if (!given) region.release()
    }
  }

  /** Rows that are gathered at a time: few where they may tell that most others are not wanted. */
  get #enough(): number {
    const { batchSize } = this.#context
    return this.#monotone.some(({ test }) => test() === null) ? Math.min(FIRST, batchSize) : batchSize
  }

  /** Whether a filter says of some column's least and greatest value that no value between them passes. */
  #isUnwanted(columns: ChunkColumns, start: number, end: number): boolean {
    return this.#monotone.some(({ column, test }) => {
      const asked = test()
      const known = asked === null ? null : columns.bounds(column, start, end)
      if (asked === null || known === null) return false
      const { type } = this.#schema.fields[column]!
      const region = this.#context.region()
      try {
        const ends = isWide(type) ? known.map(BigInt) : known
        return asked.select(vectorOf(type, ends, region), Uint32Array.of(0, 1), new Uint32Array(2)) === 0
      } finally {
        region.release()
      }
    })
  }
}

function isWide(type: DataType): boolean {
  return ['Int64', 'Timestamp'].includes(typeName(type))
}

/** Whether all rows pass a condition (true) or none does (false), by the bounds of its column; null where rows are to be asked. */
function answerOf({ bound }: Condition, columns: ChunkColumns, start: number, end: number): boolean | null {
  const known = bound === null ? null : columns.bounds(bound.column, start, end)
  if (bound === null || known === null) return null
  const [low, high] = known
  if (mustHold(bound.op, low, high, bound.value)) return true
  return mayHold(bound.op, low, high, bound.value) ? null : false
}

/** Rows of a step, with the columns that were asked for. */
class StepRows {
  readonly #from: ChunkColumns
  readonly #schema: Schema
  readonly #start: number
  readonly #end: number
  readonly #region: Region
  readonly #read: (Vector | null)[]
  selection: Uint32Array | null = null

  constructor(from: ChunkColumns, schema: Schema, start: number, end: number, region: Region) {
    this.#from = from
    this.#schema = schema
    this.#start = start
    this.#end = end
    this.#region = region
    this.#read = schema.fields.map(() => null)
  }

  get count(): number {
    return this.selection?.length ?? this.#end - this.#start
  }

  get rows(): Uint32Array {
    return this.selection ?? allRows(this.#end - this.#start)
  }

  column(i: number): Vector {
    return (this.#read[i] ??= this.#from.slice(i, this.#start, this.#end, this.#region))
  }

  keep(rows: Uint32Array): void {
    if (rows.length < this.count) this.selection = rows
  }

  keepIf(condition: Condition | null): void {
    if (condition === null || this.count === 0) return
    for (const i of condition.columns) this.column(i)
    const [column, second] = condition.columns
    if (column !== undefined && second === undefined) {
      const rows = this.#from.conditions.select(condition.expr, column, this.column(column), this.rows, this.#region)
      if (rows !== null) return this.keep(rows)
    }
    const batch = this.toBatch()
    this.keep(condition.expr.select(batch, batch.selection, this.#region))
  }

  toBatch(): RecordBatch {
    const length = this.#end - this.#start
    const blank = this.#from.blank(length)
    const columns = this.#read.map((column, i) => column ?? blank[i]!)
    return new RecordBatch(this.#schema, columns, length, this.selection, this.#region)
  }
}

/** Rows of a chunk that are left, until there are enough for a batch. */
class PendingRows {
  readonly #from: ChunkColumns
  readonly #columns: readonly number[]
  readonly #schema: Schema
  readonly #context: TaskContext
  #rows: Uint32Array | null = null
  #count = 0

  constructor(from: ChunkColumns, columns: readonly number[], schema: Schema, context: TaskContext) {
    this.#from = from
    this.#columns = columns
    this.#schema = schema
    this.#context = context
  }

  /** More rows without columns; a batch when there are many. */
  count(rows: number): RecordBatch | null {
    this.#count += rows
    return this.#count < UNCOUNTED ? null : this.take()
  }

  /** More rows, counted from `start`; a batch when there are `enough`. */
  add(rows: Uint32Array, start: number, enough: number): RecordBatch | null {
    const { batchSize } = this.#context
    this.#rows ??= this.#from.region.u32(batchSize * (1 + VIEWED))
    const places = this.#rows
    for (let k = 0; k < rows.length; k++) places[this.#count + k] = start + rows[k]!
    this.#count += rows.length
    return this.#count < enough ? null : this.take()
  }

  /** A batch of those that there are; null where there are none. */
  take(): RecordBatch | null {
    const count = this.#count
    this.#count = 0
    if (count === 0) return null
    const region = this.#context.region()
    try {
      const vectors = [...this.#from.blank(count)]
      if (this.#columns.length > 0) {
        const places = this.#rows!.subarray(0, count)
        const taken = this.#from.taker(places, region)
        for (const i of this.#columns) vectors[i] = taken(i)
        region.dependOn(this.#from.region)
      }
      return new RecordBatch(this.#schema, vectors, count, null, region)
    } catch (error) {
      region.release()
      throw error
    }
  }
}
