import type { Schema } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { internalError } from '../errors.ts'
import { ColumnExpr } from '../expressions/column-expr.ts'
import type { Expr } from '../expressions/expr.ts'
import { collectBuild, type CollectedBuild } from '../memory/collect-build.ts'
import { sortStream } from '../memory/sort-stream.ts'
import { SpilledBuild, type SpilledJoinSpec } from '../memory/spilled-build.ts'
import { ExecutionPlan, type Distribution, type SortKey } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { columnsOfExprs, demandColumns, demandedColumns } from '../runtime/column-demand.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import { runSteps } from '../runtime/run-steps.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { Vector } from '../vectors/vector.ts'
import { executeAll } from './coalesce-partitions-exec.ts'
import { HashPairs, JoinHashTable, OpenPairs, rowsWithNull } from './join-hash-table.ts'
import { joinPartitioning, joinStatistics, probeOrdering } from './join-properties.ts'
import { emitsBuildSide, joinSchema, type JoinType } from './join-type.ts'
import { offerProbeFilters, probeFiltersOf, type KeyTest, type ProbeFilter } from './probe-filters.ts'
import { PairJoin, rowFlags, type RowFlags } from './pair-join.ts'
import { SharedBuild, type BuildSide } from './shared-build.ts'

/** Expressions, of one type, that the sides are joined on. */
export interface JoinKey {
  /** Over the left columns. */
  readonly left: Expr
  /** Over the right columns. */
  readonly right: Expr
}

export interface HashJoinOptions {
  /** NULL keys match one another, as INTERSECT and EXCEPT want it. */
  readonly nullEqualsNull: boolean
  /**
   * Anti and mark joins only: the keys are what IN compares, so that a NULL makes the answer unknown; `filter` is what
   * the subquery is correlated by.
   */
  readonly nullAware: boolean
  /** What the mode was chosen by; null when it was not known. */
  readonly estimated?: JoinEstimate | null
}

/** What the sides of a join were estimated to have. */
export interface JoinEstimate {
  readonly buildRows: number
  readonly buildBytes: number
  readonly probeBytes: number
}

/**
 * `collect_left`: one hash table of all left rows, probed by every partition of the right side. `partitioned`: both sides
 * are hash-partitioned by the keys, and joined partition by partition.
 */
export type HashJoinMode = 'collect_left' | 'partitioned'

/** Joins on equal keys: the left side is built into a hash table, the right side streams past it. */
export class HashJoinExec extends ExecutionPlan {
  override readonly kind = 'HashJoinExec'
  override readonly schema: Schema
  readonly left: ExecutionPlan
  readonly right: ExecutionPlan
  readonly on: readonly JoinKey[]
  readonly joinType: JoinType
  /** Over left and right columns: pairs for which it is not TRUE do not match. */
  readonly filter: Expr | null
  readonly mode: HashJoinMode
  readonly options: HashJoinOptions
  /** Complete tables of all left rows, which right rows can be tested by. */
  readonly #tables = new WeakMap<TaskContext, JoinHashTable>()
  readonly #shared = new WeakMap<TaskContext, SharedBuild<HashBuild | SpilledBuild>>()

  constructor(
    left: ExecutionPlan,
    right: ExecutionPlan,
    on: readonly JoinKey[],
    joinType: JoinType,
    filter: Expr | null,
    mode: HashJoinMode,
    options: HashJoinOptions,
  ) {
    super()
    if (options.nullAware && mode === 'partitioned') throw internalError('a null-aware join cannot be partitioned')
    this.left = left
    this.right = right
    this.on = on
    this.joinType = joinType
    this.filter = filter
    this.mode = mode
    this.options = options
    this.schema = joinSchema(left.schema, right.schema, joinType)
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.left, this.right]
  }

  override get partitioning(): Partitioning {
    if (this.mode === 'partitioned') return joinPartitioning(this)
    return this.joinType === 'inner' || this.joinType.startsWith('right')
      ? joinPartitioning(this)
      : unknownPartitioning(this.right.partitioning.count)
  }

  override get ordering(): readonly SortKey[] {
    return probeOrdering(this.left, this.right, this.joinType)
  }

  override get requiredDistribution(): readonly Distribution[] {
    if (this.mode === 'collect_left') return [{ kind: 'single' }, { kind: 'any' }]
    return [
      { kind: 'hash', exprs: this.on.map((key) => key.left) },
      { kind: 'hash', exprs: this.on.map((key) => key.right) },
    ]
  }

  override get statistics(): Statistics {
    return joinStatistics(this.left.statistics, this.right.statistics, this.joinType)
  }

  override get spillingPartitions(): number {
    // Rows that keep their order have to be sorted again where the left side went to disk.
    return this.right.partitioning.count * (this.ordering.length === 0 ? 1 : 2)
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    const { on, joinType, filter, mode, options } = this
    return new HashJoinExec(children[0]!, children[1]!, on, joinType, filter, mode, options)
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['type', this.joinType],
      ['mode', this.mode],
      ['on', `[${this.on.map((key) => `${key.left} = ${key.right}`).join(', ')}]`],
      ...(this.filter === null ? [] : [['filter', String(this.filter)] as const]),
      ...(this.options.nullEqualsNull ? [['null_equals_null', 'true'] as const] : []),
      ...(this.options.nullAware ? [['null_aware', 'true'] as const] : []),
      ...(this.options.estimated == null ? [] : [['estimated', estimateText(this.options.estimated)] as const]),
    ]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    this.demandOfInputs(context)
    this.filtersOfInputs(context)
    const build = this.mode === 'collect_left' ? this.sharedBuild(context) : this.ownBuild(partition, context)
    const right = this.right.execute(partition, context)
    return operatorStream(this.schema, [right, build.handle()], this.join(build, right, context), () => build.leave())
  }

  private demandOfInputs(context: TaskContext): void {
    const demanded = demandedColumns(context, this)
    if (demanded === null) return
    const width = this.left.schema.fields.length
    const offset = this.joinType.startsWith('right_') ? 0 : width
    const left = columnsOfExprs(this.on.map((key) => key.left))
    const right = columnsOfExprs(this.on.map((key) => key.right))
    for (const i of this.filter === null ? [] : columnsOfExprs([this.filter])) {
      if (i < width) left.add(i)
      else right.add(i - width)
    }
    for (const i of demanded) {
      if (i < offset) left.add(i)
      else right.add(i - offset)
    }
    demandColumns(context, this.left, left)
    demandColumns(context, this.right, right)
  }

  /** What joins above drop; and right rows without a partner, where those do not come out. */
  private filtersOfInputs(context: TaskContext): void {
    const { joinType } = this
    const above = probeFiltersOf(context, this)
    const offset = joinType.startsWith('right_') ? 0 : this.left.schema.fields.length
    if (joinType === 'inner' || joinType === 'left_semi' || joinType === 'left_anti') {
      offerProbeFilters(
        context,
        this.left,
        above.filter(({ column }) => column < offset),
      )
    }
    const right: ProbeFilter[] = []
    if (joinType === 'inner' || joinType === 'right_semi' || joinType === 'right_anti') {
      right.push(
        ...above.flatMap((filter) => (filter.column < offset ? [] : [{ ...filter, column: filter.column - offset }])),
      )
    }
    const { nullEqualsNull, nullAware } = this.options
    if (this.mode === 'collect_left' && DROPS_RIGHT.has(joinType) && !nullEqualsNull && !nullAware) {
      for (const [i, { right: key }] of this.on.entries()) {
        if (!(key instanceof ColumnExpr)) continue
        const test = (): KeyTest | null => this.#tables.get(context)?.testOf(i) ?? null
        right.push({ column: key.index, test })
      }
    }
    offerProbeFilters(context, this.right, right)
  }

  private ownBuild(partition: number, context: TaskContext): SharedBuild<HashBuild | SpilledBuild> {
    return new SharedBuild(1, this.left.execute(partition, context), context, (input) => this.build(input, context))
  }

  private sharedBuild(context: TaskContext): SharedBuild<HashBuild | SpilledBuild> {
    let shared = this.#shared.get(context)
    if (shared === undefined) {
      const { count } = this.right.partitioning
      shared = new SharedBuild(count, executeAll(this.left, context), context, (input) => this.build(input, context))
      this.#shared.set(context, shared)
    }
    return shared
  }

  private async build(input: BatchStream, context: TaskContext): Promise<HashBuild | SpilledBuild> {
    const collected = await collectBuild(this.spilling(context), input, context)
    return collected instanceof SpilledBuild ? collected : this.index(collected, context)
  }

  private async index({ batch, memory }: CollectedBuild, context: TaskContext): Promise<HashBuild> {
    try {
      const build = await this.block(batch, rowFlags(batch.length), context)
      if (this.mode === 'collect_left') this.#tables.set(context, build.table)
      context.metricsOf(this).add('build_rows', batch.length)
      const release = (): void => {
        this.#tables.delete(context)
        build.release()
        batch.release()
        memory.free()
      }
      return { ...build, release }
    } catch (error) {
      batch.release()
      memory.free()
      throw error
    }
  }

  /** The hash table of left rows; who has the rows releases them. */
  private async block(batch: RecordBatch, flags: RowFlags, context: TaskContext): Promise<HashBuild> {
    const region = context.region()
    try {
      const keys = this.on.map((key) => key.left.evaluate(batch, null, region))
      const table = await runSteps(JoinHashTable.build(keys, batch, this.options.nullEqualsNull, region), context)
      return { batch, table, flags, release: () => region.release() }
    } catch (error) {
      region.release()
      throw error
    }
  }

  /** The join as its left side needs to know it once it is on disk. A NULL that IN compares may concern any row. */
  private spilling(context: TaskContext): SpilledJoinSpec {
    const { on, options } = this
    return {
      node: this,
      leftSchema: this.left.schema,
      rightSchema: this.right.schema,
      joinType: this.joinType,
      filter: this.filter,
      keys: options.nullAware ? null : { left: on.map((key) => key.left), right: on.map((key) => key.right) },
      createBlock: async (rows, leftFlags) => {
        const build = await this.block(rows, leftFlags, context)
        return {
          pairs: (join, batch, _left, flags, scratch) => this.pairsWith(build, join, batch, flags, scratch),
          release: build.release,
        }
      },
      // Hashes, chains, slots and flags.
      blockBytes: (bytes, rows) => bytes + rows * 18,
    }
  }

  private async pairsWith(
    build: HashBuild,
    join: PairJoin,
    batch: RecordBatch,
    flags: RowFlags,
    scratch: Region,
  ): Promise<HashPairs> {
    const keys = this.on.map((key) => key.right.evaluate(batch, batch.selection, scratch))
    const rows = batch.selection ?? allRows(batch.length)
    if (this.options.nullAware) await this.markUnknown(join, build, batch, keys, rows, flags)
    const any = this.filter === null && ['right_semi', 'right_anti', 'right_mark'].includes(this.joinType)
    return new HashPairs(build.table, keys, rows, this.options.nullEqualsNull, any, scratch)
  }

  private async *join(
    shared: SharedBuild<HashBuild | SpilledBuild>,
    right: BatchStream,
    context: TaskContext,
  ): AsyncGenerator<RecordBatch, void, void> {
    const build = await shared.get()
    const { schema, joinType, filter, ordering } = this
    if (build instanceof SpilledBuild) {
      const rows = build.probe(right)
      yield* ordering.length === 0 ? rows : sortStream(this, rows, ordering, context)
      if (shared.finish() && emitsBuildSide(joinType)) yield* build.leftSide()
      return
    }
    const demanded = demandedColumns(context, this)
    const pairs = new PairJoin({ schema, rightSchema: this.right.schema, joinType, filter, demanded }, build, context)
    // Nobody asks which right rows have matched where they do not come out for themselves.
    const keepsFlags = joinType.startsWith('right') || joinType === 'full'
    let flags = rowFlags(0)
    for (let batch = await right.next(); batch !== null; batch = await right.next()) {
      const probed = batch.retain()
      const scratch = context.region()
      try {
        if (keepsFlags || flags.matched.length < probed.length) flags = rowFlags(probed.length)
        yield* pairs.probe(probed, await this.pairsWith(build, pairs, probed, flags, scratch), flags)
      } finally {
        scratch.release()
        probed.release()
      }
    }
    if (shared.finish() && emitsBuildSide(joinType)) yield* pairs.leftSide()
  }

  /** With one key and no correlation, NULLs leave whole sides open; else the pairs are tried one by one. */
  private async markUnknown(
    pairs: PairJoin,
    build: HashBuild,
    batch: RecordBatch,
    keys: readonly Vector[],
    rows: Uint32Array,
    flags: RowFlags,
  ): Promise<void> {
    const { table } = build
    if (this.on.length > 1 || this.filter !== null) {
      await pairs.markUnknown(batch, new OpenPairs(table, keys, rows, build.batch.length), flags)
      return
    }
    const nullRows = rowsWithNull(keys, rows)
    if (nullRows.length > 0) build.flags.unknown.fill(1)
    else if (rows.length > 0) for (const row of table.nullRows) build.flags.unknown[row] = 1
    if (table.nullRows.length > 0) flags.unknown.fill(1)
    else if (build.batch.length > 0) for (const row of nullRows) flags.unknown[row] = 1
  }
}

/** Joins to which right rows without a partner make no difference. */
const DROPS_RIGHT: ReadonlySet<JoinType> = new Set([
  'inner',
  'right_semi',
  'left',
  'left_semi',
  'left_anti',
  'left_mark',
  'left_single',
])

function estimateText({ buildBytes, probeBytes }: JoinEstimate): string {
  return `${buildBytes} ⋈ ${probeBytes} bytes`
}

interface HashBuild extends BuildSide {
  readonly batch: RecordBatch
  readonly table: JoinHashTable
  readonly flags: RowFlags
}
