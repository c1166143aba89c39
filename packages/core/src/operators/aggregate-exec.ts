import { Field, Schema } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import type { AggregateCall } from '../aggregates/aggregate-call.ts'
import { AggregateState } from '../aggregates/aggregate-state.ts'
import { ColumnExpr } from '../expressions/column-expr.ts'
import { exprKey, type Expr } from '../expressions/expr.ts'
import type { MemoryReservation } from '../memory/memory-pool.ts'
import { SpilledGroups } from '../memory/spilled-groups.ts'
import { splitLists } from '../memory/split-lists.ts'
import { ExecutionPlan, type Distribution, type SortKey } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import { projectExprs } from '../plan/project-exprs.ts'
import type { Statistics } from '../plan/statistics.ts'
import { batchBytes } from '../runtime/batch-bytes.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { columnsOfExprs, demandColumns } from '../runtime/column-demand.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import { Pace } from '../runtime/pace.ts'
import { runSteps, type Steps } from '../runtime/run-steps.ts'
import { sliceBatch } from '../runtime/slice-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { UINT32 } from '../types/type-factory.ts'
import { RowComparator } from '../vectors/compare.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { Vector } from '../vectors/vector.ts'
import { filtersThrough, offerProbeFilters, probeFiltersOf } from './probe-filters.ts'

/** partial: rows to states; final: states to results; single: rows to results. */
export type AggregateMode = 'partial' | 'final' | 'single'

/** The most places of a table of the places of keys, and how many there may be for each byte that the groups may take. */
const MOST_PLACES = 1 << 24
const PLACES_SHARE = 1 / 64
/** Bytes of the rows that are kept of a group, for DISTINCT or a list, that are handed on at once. */
const LARGEST_LIST = 1 << 20

/** Column of the position of a row's grouping set, behind the group columns where there are grouping sets. */
export const GROUPING_ID = '__grouping_id'

/**
 * Groups rows by hash and aggregates them.
 *
 * A partial aggregate gives the group columns, `__grouping_id` where there are grouping sets, and the state columns of each
 * call in order; a final one takes exactly that: its `groups` are columns of it, the arguments of its calls are ignored.
 * Final and single aggregates with grouping sets give `__grouping_id` when their schema has a column for it.
 */
export class AggregateExec extends ExecutionPlan {
  override readonly kind = 'AggregateExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan
  readonly mode: AggregateMode
  readonly groups: readonly Expr[]
  /** Positions in `groups` of each set; null is one set of them all. */
  readonly groupingSets: readonly (readonly number[])[] | null
  readonly calls: readonly AggregateCall[]

  constructor(
    input: ExecutionPlan,
    mode: AggregateMode,
    groups: readonly Expr[],
    groupingSets: readonly (readonly number[])[] | null,
    calls: readonly AggregateCall[],
    schema: Schema,
  ) {
    super()
    this.input = input
    this.mode = mode
    this.groups = groups
    this.groupingSets = groupingSets
    this.calls = calls
    this.schema = schema
  }

  /** Schema of a partial aggregate; `groupFields` are the group columns'. */
  static partialSchema(
    groupFields: readonly Field[],
    groupingSets: readonly (readonly number[])[] | null,
    calls: readonly AggregateCall[],
  ): Schema {
    return new Schema([
      ...groupFields.map((field) =>
        groupingSets === null || field.nullable ? field : new Field(field.name, field.type, true, field.metadata),
      ),
      ...(groupingSets === null ? [] : [new Field(GROUPING_ID, UINT32, false)]),
      ...calls.flatMap((call, i) =>
        call.stateTypes.map((type, j) => new Field(`${call.fn.name}_${i}_${j}`, type, true)),
      ),
    ])
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.input]
  }

  override get partitioning(): Partitioning {
    const { partitioning } = this.input
    const unknown = unknownPartitioning(partitioning.count)
    if (partitioning.kind !== 'hash' || this.groupingSets !== null) return unknown
    const exprs = partitioning.exprs.map((expr) => projectExprs(expr, this.groups, this.schema))
    return exprs.includes(null) ? unknown : { ...partitioning, exprs: exprs as ColumnExpr[] }
  }

  override get requiredDistribution(): readonly Distribution[] {
    if (this.mode === 'partial') return [{ kind: 'any' }]
    if (this.groups.length === 0) return [{ kind: 'single' }]
    if (this.groupingSets === null) return [{ kind: 'hash', exprs: this.groups }]
    if (this.mode === 'single') return [{ kind: 'single' }]
    return [{ kind: 'hash', exprs: [...this.groups, new ColumnExpr(this.groups.length, GROUPING_ID, UINT32, false)] }]
  }

  override get statistics(): Statistics {
    const { rows } = this.input.statistics
    const partitions = this.mode === 'partial' ? this.partitioning.count : 1
    if (this.groups.length === 0) return { rows: { value: partitions, exact: true }, bytes: null }
    const share = this.mode === 'final' ? 1 : 0.1
    return { rows: rows && { value: Math.ceil(rows.value * share), exact: false }, bytes: null }
  }

  /** The order that has equal groups side by side in each partition; null where there is none. */
  private get sortedBy(): readonly SortKey[] | null {
    if (this.groups.length === 0 || this.groupingSets !== null) return null
    const keys = this.input.ordering.slice(0, this.groups.length)
    const first = new Set(keys.map((key) => exprKey(key.expr)))
    const groups = new Set(this.groups.map(exprKey))
    return groups.size === first.size && [...first].every((key) => groups.has(key)) ? keys : null
  }

  override get ordering(): readonly SortKey[] {
    const keys = this.sortedBy ?? []
    const exprs = keys.map((key) => projectExprs(key.expr, this.groups, this.schema))
    return exprs.includes(null) ? [] : keys.map((key, i) => ({ ...key, expr: exprs[i]! }))
  }

  override get spillingPartitions(): number {
    return this.spills ? this.partitioning.count : 0
  }

  private get spills(): boolean {
    return (
      this.groups.length > 0 || this.groupingSets !== null || this.calls.some((call) => call.distinctTypes !== null)
    )
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new AggregateExec(children[0]!, this.mode, this.groups, this.groupingSets, this.calls, this.schema)
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['mode', this.mode],
      ['groups', `[${this.groups.join(', ')}]`],
      ...(this.groupingSets === null ? [] : [['sets', JSON.stringify(this.groupingSets)] as const]),
      ['aggregates', `[${this.calls.join(', ')}]`],
      ...(this.sortedBy === null ? [] : [['input', 'sorted'] as const]),
    ]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    if (this.mode !== 'final') {
      const exprs = [...this.groups, ...this.calls.flatMap((call) => call.exprs)]
      demandColumns(context, this.input, columnsOfExprs(exprs))
      // Without a row of a group, no row of it is needed.
      if (this.groupingSets === null) {
        offerProbeFilters(context, this.input, filtersThrough(probeFiltersOf(context, this), this.groups))
      }
    }
    const input = this.input.execute(partition, context)
    return operatorStream(this.schema, [input], this.aggregate(input, partition, context))
  }

  private async *aggregate(
    input: BatchStream,
    partition: number,
    context: TaskContext,
  ): AsyncGenerator<RecordBatch, void, void> {
    const { groups, groupingSets, calls, mode } = this
    const keyTypes = [...groups.map((group) => group.type), ...(groupingSets === null ? [] : [UINT32])]
    const sorted = this.sortedBy !== null
    const spills = this.spills && !sorted
    const memory = context.reserve(this, this.spills)
    const rows = (this.input.statistics.rows?.value ?? 0) / this.input.partitioning.count
    const createState = (): AggregateState =>
      new AggregateState(groups, keyTypes, calls, context.arena, {
        rows,
        mostPlaces: Math.floor(Math.min(MOST_PLACES, memory.capacity * PLACES_SHARE)),
      })
    const spilled = new SpilledGroups(this, { keyTypes, calls, createState }, memory, context)
    const dictionaries = new Set<Vector>()
    const pace = new Pace(mode === 'final' ? [] : [...groups, ...calls.flatMap((call) => call.exprs)])
    // Of sorted rows, all groups but the last are complete, and come out from time to time.
    let due = false
    let state = createState()
    try {
      if (mode !== 'final' && groupingSets !== null && (mode === 'partial' || partition === 0)) {
        addEmptySets(state, groups.length, groupingSets, context)
      }
      const write = async (): Promise<void> => {
        if (state.groupCount === 0) return
        await spilled.add(state, memory.bytes)
        state = createState()
        memory.tryResize(2 * state.bytes + spilled.bufferBytes)
      }
      const read = (): Promise<RecordBatch | null> => (spills ? memory.lending(input.next(), write) : input.next())
      for (let next = await read(); next !== null; next = await read()) {
        const batch = next.retain()
        const scratch = context.region()
        let bytes = 0
        try {
          due ||= sorted && state.groupCount >= context.batchSize
          const keys = mode === 'final' || due ? this.stateKeys(batch, scratch) : []
          const add = (rows: RecordBatch, region: Region = scratch): void =>
            mode === 'final' ? state.merge(rows, keys, keyTypes.length) : state.update(rows, groupingSets, region)
          const ended = due ? firstChange(batch, keys) : 0
          if (ended > 0) {
            add(rowsOf(batch, 0, ended))
            yield* this.output(state, memory, context)
            state = createState()
            due = false
          }
          const rest = ended > 0 ? rowsOf(batch, ended, batch.numRows) : batch
          const rows = rest.numRows
          if (rows === 0) add(rest)
          bytes = batchBytes(batch, dictionaries)
          // Where memory is scarce, as many rows at a time as there is room for.
          const whole = memory.tryResize(2 * state.bytes + bytes + spilled.bufferBytes)
          const most = whole ? Infinity : Math.max(16, Math.floor((batch.length * memory.floor) / (8 * bytes)))
          for (let start = 0; start < rows;) {
            if (start > 0) {
              await context.giveWay()
              if (spills && !memory.tryResize(2 * state.bytes + spilled.bufferBytes)) await write()
            }
            const began = performance.now()
            const piece = pace.piece(rest, start, most)
            const room = state.makeRoom(piece.numRows * (groupingSets?.length ?? 1))
            if (room !== null) await runSteps(room, context)
            const region = context.region()
            try {
              add(piece, region)
            } finally {
              region.release()
            }
            start += piece.numRows
            pace.took(piece.numRows, performance.now() - began)
          }
          if (rows > most) bytes = (bytes * most) / rows
        } finally {
          scratch.release()
          batch.release()
        }
        // Room to double for the next batch, or to be written out.
        const room = bytes + spilled.bufferBytes
        if (memory.tryResize(2 * state.bytes + room)) continue
        if (sorted && state.groupCount > 1) {
          due = true
          continue
        }
        if (mode === 'partial') yield* this.output(state, memory, context)
        else if (!spills) throw memory.refused(2 * state.bytes + room)
        else await spilled.add(state, 2 * state.bytes + room)
        state = createState()
        await memory.require(state.bytes + Math.max(bytes, memory.floor / 8) + spilled.bufferBytes)
      }
      await input.close()
      if (spilled.isEmpty) {
        yield* this.output(state, memory, context)
        return
      }
      await spilled.add(state, memory.bytes)
      if (mode === 'partial') {
        for await (const { columns, length, region } of spilled.batches()) {
          yield new RecordBatch(this.schema, columns, length, null, region)
        }
        return
      }
      for await (const merged of spilled.states()) {
        state = merged
        yield* this.output(merged, memory, context)
      }
    } finally {
      state.release()
      memory.free()
      await spilled.delete()
    }
  }

  /** The rows of a state, which is released. */
  private async *output(
    state: AggregateState,
    memory: MemoryReservation,
    context: TaskContext,
  ): AsyncGenerator<RecordBatch, void, void> {
    const region = context.region()
    try {
      const columns = await runSteps(this.columnsOf(state, region), context)
      const whole = new RecordBatch(this.schema, columns, state.groupCount, null, region)
      state.release()
      memory.tryResize(batchBytes(whole))
      if (this.mode === 'partial') yield* this.pieces(whole, memory, context)
      else yield* sliceBatch(whole, context)
    } finally {
      state.release()
      region.release()
    }
  }

  /** States in batches, and the rows that are kept of a group in several where they are many: to merge them takes time, and memory. */
  private *pieces(
    whole: RecordBatch,
    memory: MemoryReservation,
    context: TaskContext,
  ): Generator<RecordBatch, void, void> {
    const states = {
      calls: this.calls,
      first: whole.columns.length - this.calls.flatMap((call) => call.stateTypes).length,
    }
    for (const some of sliceBatch(whole, context)) {
      try {
        yield* splitLists(some, states, Math.min(LARGEST_LIST, memory.floor / 8), context)
      } finally {
        some.release()
      }
    }
  }

  private stateKeys(batch: RecordBatch, region: Region): Vector[] {
    const keys = this.groups.map((group) => group.evaluate(batch, batch.selection, region))
    return this.groupingSets === null ? keys : [...keys, batch.columns[this.groups.length]!]
  }

  private *columnsOf(state: AggregateState, region: Region): Steps<Vector[]> {
    const keys = state.keys(region)
    yield
    if (this.mode === 'partial') return [...keys, ...(yield* state.states(region))]
    const wanted = this.schema.fields.length - this.calls.length
    return [...keys.slice(0, wanted), ...(yield* state.results(region))]
  }
}

/** How many rows of a sorted batch come before the first whose keys differ from those of the row before; 0 where none does. */
function firstChange(batch: RecordBatch, keys: readonly Vector[]): number {
  const rows = batch.selection ?? allRows(batch.length)
  const order = keys.map(() => ({ descending: false, nullsFirst: false }))
  const comparator = new RowComparator(keys, keys, order)
  for (let k = 1; k < rows.length; k++) if (comparator.compare(rows[k - 1]!, rows[k]!) !== 0) return k
  return 0
}

/** Some of the selected rows of a batch, in its memory. */
function rowsOf(batch: RecordBatch, start: number, end: number): RecordBatch {
  const rows = (batch.selection ?? allRows(batch.length)).subarray(start, end)
  return new RecordBatch(batch.schema, batch.columns, batch.length, rows, batch.region)
}

/** Makes the groups of empty grouping sets, which are there without rows too. */
function addEmptySets(
  state: AggregateState,
  groupCount: number,
  sets: readonly (readonly number[])[],
  context: TaskContext,
): void {
  const scratch = context.region()
  try {
    for (const [id, set] of sets.entries()) if (set.length === 0) state.addEmptySet(groupCount, id, scratch)
  } finally {
    scratch.release()
  }
}
