import type { AggregateCall, Expr, ScalarValue, SortKey, WindowCall } from '@volley/core'
import type { DataType, Schema } from 'apache-arrow'
import type { TableColumn, TableProvider, TextPredicate } from '../catalog/table-provider.ts'

/** Identifies a column from the node that makes it to every use above it; unique within one statement. */
export type ColumnId = number

export interface LogicalColumn {
  readonly id: ColumnId
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
  /** Table or alias that the column answers to, for name resolution and messages. */
  readonly qualifier: string | null
}

export type LogicalJoinType =
  | 'inner'
  | 'left'
  | 'right'
  | 'full'
  | 'left_semi'
  | 'left_anti'
  | 'left_mark'
  | 'left_single'

/**
 * A node of a logical plan: immutable; expressions name input columns by id (`ColumnRef`), so a rule can move them
 * without renaming.
 */
export abstract class LogicalPlan {
  abstract readonly kind: string
  abstract readonly children: readonly LogicalPlan[]
  /** Output columns, in order. */
  abstract readonly columns: readonly LogicalColumn[]
  abstract withChildren(children: readonly LogicalPlan[]): LogicalPlan
  /** Every expression of this node itself. */
  abstract readonly expressions: readonly Expr[]
  /** The same node over other expressions (same number, same order). */
  abstract withExpressions(expressions: readonly Expr[]): LogicalPlan
  abstract details(): readonly (readonly [key: string, value: string])[]
}

/** What a scan gives for one of its columns. */
export type ScanColumn =
  /** A column of the table, by name. */
  | { readonly kind: 'column'; readonly name: string }
  /** A path into a JSON column: `name -> path[0] -> … ->> path[n-1]`; `text` for `->>` (Utf8), else Json. */
  | {
      readonly kind: 'path'
      readonly name: string
      readonly path: readonly (string | number)[]
      readonly text: boolean
    }
  /** Whether the row matches a text predicate: Bool, never NULL. */
  | { readonly kind: 'mark'; readonly predicate: TextPredicate }
  /** BM25 score of the scan's text filters: Float32 widened to Float64. */
  | { readonly kind: 'score' }

export interface ScanOutput {
  readonly column: LogicalColumn
  readonly source: ScanColumn
}

/** A table, with what was pushed into it. `filters` are exact: no node above checks them again. */
export class TableScan extends LogicalPlan {
  override readonly kind = 'TableScan'
  override readonly children: readonly LogicalPlan[] = []
  readonly provider: TableProvider
  readonly outputs: readonly ScanOutput[]
  /** Over this scan's own outputs (by ColumnRef); each was accepted whole by the provider. */
  readonly filters: readonly Expr[]
  /** Conjunction of text predicates that every row must match, and that `score()` scores. */
  readonly textFilters: readonly TextPredicate[]
  readonly fetch: number | null

  constructor(
    provider: TableProvider,
    outputs: readonly ScanOutput[],
    filters: readonly Expr[],
    textFilters: readonly TextPredicate[],
    fetch: number | null,
  ) {
    super()
    this.provider = provider
    this.outputs = outputs
    this.filters = filters
    this.textFilters = textFilters
    this.fetch = fetch
  }

  override get columns(): readonly LogicalColumn[] {
    return this.outputs.map((output) => output.column)
  }

  override withChildren(_children: readonly LogicalPlan[]): LogicalPlan {
    return this
  }

  override get expressions(): readonly Expr[] {
    return this.filters
  }

  override withExpressions(expressions: readonly Expr[]): LogicalPlan {
    return new TableScan(this.provider, this.outputs, expressions, this.textFilters, this.fetch)
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['table', this.provider.name],
      ['columns', `[${this.columns.map((column) => column.name).join(', ')}]`],
      ...(this.filters.length > 0 ? [['filters', `[${this.filters.join(', ')}]`] as const] : []),
      ...(this.textFilters.length > 0 ? [['text', `[${this.textFilters.join(', ')}]`] as const] : []),
      ...(this.fetch !== null ? [['fetch', String(this.fetch)] as const] : []),
    ]
  }
}

/** Literal rows; with no column and one row, `SELECT` without FROM. */
export class Values extends LogicalPlan {
  override readonly kind = 'Values'
  override readonly children: readonly LogicalPlan[] = []
  override readonly columns: readonly LogicalColumn[]
  readonly rows: readonly (readonly Expr[])[]

  constructor(columns: readonly LogicalColumn[], rows: readonly (readonly Expr[])[]) {
    super()
    this.columns = columns
    this.rows = rows
  }

  override withChildren(_children: readonly LogicalPlan[]): LogicalPlan {
    return this
  }

  override get expressions(): readonly Expr[] {
    return this.rows.flat()
  }

  override withExpressions(expressions: readonly Expr[]): LogicalPlan {
    const width = this.columns.length
    return new Values(
      this.columns,
      this.rows.map((_, i) => expressions.slice(i * width, (i + 1) * width)),
    )
  }

  override details(): readonly (readonly [string, string])[] {
    return [['rows', String(this.rows.length)]]
  }
}

abstract class Unary extends LogicalPlan {
  readonly input: LogicalPlan

  constructor(input: LogicalPlan) {
    super()
    this.input = input
  }

  override get children(): readonly LogicalPlan[] {
    return [this.input]
  }
}

export interface NamedExpr {
  readonly column: LogicalColumn
  readonly expr: Expr
}

/** Computes columns. A pass-through keeps its id: `expr` is then a ColumnRef of `column.id`. */
export class Projection extends Unary {
  override readonly kind = 'Projection'
  readonly exprs: readonly NamedExpr[]

  constructor(input: LogicalPlan, exprs: readonly NamedExpr[]) {
    super(input)
    this.exprs = exprs
  }

  override get columns(): readonly LogicalColumn[] {
    return this.exprs.map((named) => named.column)
  }

  override withChildren(children: readonly LogicalPlan[]): LogicalPlan {
    return new Projection(children[0]!, this.exprs)
  }

  override get expressions(): readonly Expr[] {
    return this.exprs.map((named) => named.expr)
  }

  override withExpressions(expressions: readonly Expr[]): LogicalPlan {
    return new Projection(
      this.input,
      this.exprs.map((named, i) => ({ column: named.column, expr: expressions[i]! })),
    )
  }

  override details(): readonly (readonly [string, string])[] {
    const shown = this.exprs.map(({ expr, column }) =>
      String(expr) === column.name ? column.name : `${expr} AS ${column.name}`,
    )
    return [['exprs', `[${shown.join(', ')}]`]]
  }
}

export class Filter extends Unary {
  override readonly kind = 'Filter'
  readonly predicate: Expr

  constructor(input: LogicalPlan, predicate: Expr) {
    super(input)
    this.predicate = predicate
  }

  override get columns(): readonly LogicalColumn[] {
    return this.input.columns
  }

  override withChildren(children: readonly LogicalPlan[]): LogicalPlan {
    return new Filter(children[0]!, this.predicate)
  }

  override get expressions(): readonly Expr[] {
    return [this.predicate]
  }

  override withExpressions(expressions: readonly Expr[]): LogicalPlan {
    return new Filter(this.input, expressions[0]!)
  }

  override details(): readonly (readonly [string, string])[] {
    return [['predicate', String(this.predicate)]]
  }
}

export interface NamedAggregate {
  readonly column: LogicalColumn
  readonly call: AggregateCall
}

/** GROUP BY. `groupingSets` holds indexes into `groups`; null is one set of them all. SELECT DISTINCT has no aggregates. */
export class Aggregate extends Unary {
  override readonly kind = 'Aggregate'
  readonly groups: readonly NamedExpr[]
  readonly groupingSets: readonly (readonly number[])[] | null
  /** Column of the grouping-set number (Uint32), where GROUPING() needs it. */
  readonly groupingId: LogicalColumn | null
  readonly aggregates: readonly NamedAggregate[]

  constructor(
    input: LogicalPlan,
    groups: readonly NamedExpr[],
    groupingSets: readonly (readonly number[])[] | null,
    groupingId: LogicalColumn | null,
    aggregates: readonly NamedAggregate[],
  ) {
    super(input)
    this.groups = groups
    this.groupingSets = groupingSets
    this.groupingId = groupingId
    this.aggregates = aggregates
  }

  override get columns(): readonly LogicalColumn[] {
    return [
      ...this.groups.map((group) => group.column),
      ...(this.groupingId === null ? [] : [this.groupingId]),
      ...this.aggregates.map((aggregate) => aggregate.column),
    ]
  }

  override withChildren(children: readonly LogicalPlan[]): LogicalPlan {
    return new Aggregate(children[0]!, this.groups, this.groupingSets, this.groupingId, this.aggregates)
  }

  override get expressions(): readonly Expr[] {
    return [
      ...this.groups.map((group) => group.expr),
      ...this.aggregates.flatMap(({ call }) => [
        ...call.args,
        ...(call.filter === null ? [] : [call.filter]),
        ...call.orderBy.map((key) => key.expr),
      ]),
    ]
  }

  override withExpressions(expressions: readonly Expr[]): LogicalPlan {
    let at = 0
    const groups = this.groups.map((group) => ({ column: group.column, expr: expressions[at++]! }))
    const aggregates = this.aggregates.map(({ column, call }) => {
      const args = call.args.map(() => expressions[at++]!)
      const filter = call.filter === null ? null : expressions[at++]!
      const orderBy = call.orderBy.map((key) => ({ ...key, expr: expressions[at++]! }))
      return { column, call: call.withExprs(args, filter, orderBy) }
    })
    return new Aggregate(this.input, groups, this.groupingSets, this.groupingId, aggregates)
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['groups', `[${this.groups.map((group) => String(group.expr)).join(', ')}]`],
      ...(this.groupingSets === null ? [] : [['sets', JSON.stringify(this.groupingSets)] as const]),
      ['aggregates', `[${this.aggregates.map((aggregate) => String(aggregate.call)).join(', ')}]`],
    ]
  }
}

export interface NamedWindow {
  readonly column: LogicalColumn
  readonly call: WindowCall
}

/** Adds one column per window call; all calls share PARTITION BY and ORDER BY. */
export class Window extends Unary {
  override readonly kind = 'Window'
  readonly windows: readonly NamedWindow[]

  constructor(input: LogicalPlan, windows: readonly NamedWindow[]) {
    super(input)
    this.windows = windows
  }

  override get columns(): readonly LogicalColumn[] {
    return [...this.input.columns, ...this.windows.map((window) => window.column)]
  }

  override withChildren(children: readonly LogicalPlan[]): LogicalPlan {
    return new Window(children[0]!, this.windows)
  }

  override get expressions(): readonly Expr[] {
    return this.windows.flatMap(({ call }) => call.exprs)
  }

  override withExpressions(expressions: readonly Expr[]): LogicalPlan {
    let at = 0
    return new Window(
      this.input,
      this.windows.map(({ column, call }) => {
        const count = call.exprs.length
        at += count
        return { column, call: call.withExprs(expressions.slice(at - count, at)) }
      }),
    )
  }

  override details(): readonly (readonly [string, string])[] {
    return [['calls', `[${this.windows.map((window) => String(window.call)).join(', ')}]`]]
  }
}

/**
 * Each row once for each item of its lists, side by side (the longest counts, the others are filled up with NULLs), with
 * the items as last columns. Rows without items are left out, or kept once where `outer`.
 */
export class Unnest extends Unary {
  override readonly kind = 'Unnest'
  readonly lists: readonly NamedExpr[]
  readonly outer: boolean

  /** `column` of a list is its item's. */
  constructor(input: LogicalPlan, lists: readonly NamedExpr[], outer: boolean) {
    super(input)
    this.lists = lists
    this.outer = outer
  }

  override get columns(): readonly LogicalColumn[] {
    return [...this.input.columns, ...this.lists.map((list) => list.column)]
  }

  override withChildren(children: readonly LogicalPlan[]): LogicalPlan {
    return new Unnest(children[0]!, this.lists, this.outer)
  }

  override get expressions(): readonly Expr[] {
    return this.lists.map((list) => list.expr)
  }

  override withExpressions(expressions: readonly Expr[]): LogicalPlan {
    return new Unnest(
      this.input,
      this.lists.map(({ column }, i) => ({ column, expr: expressions[i]! })),
      this.outer,
    )
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['lists', `[${this.lists.map((list) => String(list.expr)).join(', ')}]`],
      ...(this.outer ? [['outer', 'true'] as const] : []),
    ]
  }
}

/**
 * `left_single`: each left row with the one matching right row or NULLs, more than one is an error (a scalar subquery).
 * `left_mark`: left columns and a Bool `mark`, NULL as SQL's IN needs it when `nullAware`.
 */
export class Join extends LogicalPlan {
  override readonly kind = 'Join'
  readonly left: LogicalPlan
  readonly right: LogicalPlan
  readonly joinType: LogicalJoinType
  /** Over left and right columns; null joins every pair. */
  readonly condition: Expr | null
  readonly mark: LogicalColumn | null
  /** NOT IN: a NULL on either side makes the answer unknown. */
  readonly nullAware: boolean

  constructor(
    left: LogicalPlan,
    right: LogicalPlan,
    joinType: LogicalJoinType,
    condition: Expr | null,
    mark: LogicalColumn | null = null,
    nullAware = false,
  ) {
    super()
    this.left = left
    this.right = right
    this.joinType = joinType
    this.condition = condition
    this.mark = mark
    this.nullAware = nullAware
  }

  override get children(): readonly LogicalPlan[] {
    return [this.left, this.right]
  }

  override get columns(): readonly LogicalColumn[] {
    const nullable = (column: LogicalColumn): LogicalColumn =>
      column.nullable ? column : { ...column, nullable: true }
    switch (this.joinType) {
      case 'inner':
        return [...this.left.columns, ...this.right.columns]
      case 'left':
      case 'left_single':
        return [...this.left.columns, ...this.right.columns.map(nullable)]
      case 'right':
        return [...this.left.columns.map(nullable), ...this.right.columns]
      case 'full':
        return [...this.left.columns, ...this.right.columns].map(nullable)
      case 'left_semi':
      case 'left_anti':
        return this.left.columns
      case 'left_mark':
        return [...this.left.columns, this.mark!]
    }
  }

  override withChildren(children: readonly LogicalPlan[]): LogicalPlan {
    return new Join(children[0]!, children[1]!, this.joinType, this.condition, this.mark, this.nullAware)
  }

  override get expressions(): readonly Expr[] {
    return this.condition === null ? [] : [this.condition]
  }

  override withExpressions(expressions: readonly Expr[]): LogicalPlan {
    return new Join(this.left, this.right, this.joinType, expressions[0] ?? null, this.mark, this.nullAware)
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['type', this.joinType],
      ...(this.condition === null ? [] : [['on', String(this.condition)] as const]),
      ...(this.nullAware ? [['null_aware', 'true'] as const] : []),
    ]
  }
}

export class Sort extends Unary {
  override readonly kind = 'Sort'
  readonly keys: readonly SortKey[]
  /** Rows wanted from the top, OFFSET included; null is all. */
  readonly fetch: number | null

  constructor(input: LogicalPlan, keys: readonly SortKey[], fetch: number | null = null) {
    super(input)
    this.keys = keys
    this.fetch = fetch
  }

  override get columns(): readonly LogicalColumn[] {
    return this.input.columns
  }

  override withChildren(children: readonly LogicalPlan[]): LogicalPlan {
    return new Sort(children[0]!, this.keys, this.fetch)
  }

  override get expressions(): readonly Expr[] {
    return this.keys.map((key) => key.expr)
  }

  override withExpressions(expressions: readonly Expr[]): LogicalPlan {
    return new Sort(
      this.input,
      this.keys.map((key, i) => ({ ...key, expr: expressions[i]! })),
      this.fetch,
    )
  }

  override details(): readonly (readonly [string, string])[] {
    const keys = this.keys.map(
      (key) => `${key.expr}${key.descending ? ' DESC' : ''}${key.nullsFirst ? ' NULLS FIRST' : ' NULLS LAST'}`,
    )
    return [['keys', `[${keys.join(', ')}]`], ...(this.fetch === null ? [] : [['fetch', String(this.fetch)] as const])]
  }
}

export class Limit extends Unary {
  override readonly kind = 'Limit'
  readonly skip: number
  readonly fetch: number | null

  constructor(input: LogicalPlan, skip: number, fetch: number | null) {
    super(input)
    this.skip = skip
    this.fetch = fetch
  }

  override get columns(): readonly LogicalColumn[] {
    return this.input.columns
  }

  override withChildren(children: readonly LogicalPlan[]): LogicalPlan {
    return new Limit(children[0]!, this.skip, this.fetch)
  }

  override get expressions(): readonly Expr[] {
    return []
  }

  override withExpressions(_expressions: readonly Expr[]): LogicalPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ...(this.skip > 0 ? [['skip', String(this.skip)] as const] : []),
      ...(this.fetch === null ? [] : [['fetch', String(this.fetch)] as const]),
    ]
  }
}

/**
 * A plan that stands in several places: those with one id have equal inputs, so that their rows can be computed once. The
 * columns are the input's by position, under the ids that they have in this place.
 */
export class CommonSubplan extends Unary {
  override readonly kind = 'CommonSubplan'
  readonly id: number
  override readonly columns: readonly LogicalColumn[]

  constructor(id: number, input: LogicalPlan, columns: readonly LogicalColumn[]) {
    super(input)
    this.id = id
    this.columns = columns
  }

  override withChildren(children: readonly LogicalPlan[]): LogicalPlan {
    return new CommonSubplan(this.id, children[0]!, this.columns)
  }

  override get expressions(): readonly Expr[] {
    return []
  }

  override withExpressions(_expressions: readonly Expr[]): LogicalPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    return [['id', String(this.id)]]
  }
}

/** UNION ALL: input columns meet by position (the binder has cast them to common types). */
export class Union extends LogicalPlan {
  override readonly kind = 'Union'
  override readonly children: readonly LogicalPlan[]
  override readonly columns: readonly LogicalColumn[]

  constructor(inputs: readonly LogicalPlan[], columns: readonly LogicalColumn[]) {
    super()
    this.children = inputs
    this.columns = columns
  }

  override withChildren(children: readonly LogicalPlan[]): LogicalPlan {
    return new Union(children, this.columns)
  }

  override get expressions(): readonly Expr[] {
    return []
  }

  override withExpressions(_expressions: readonly Expr[]): LogicalPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    return []
  }
}

/** WITH RECURSIVE: `recursive` reads the rows of the round before through a `WorkTable` of the same name. */
export class RecursiveQuery extends LogicalPlan {
  override readonly kind = 'RecursiveQuery'
  readonly name: string
  readonly initial: LogicalPlan
  readonly recursive: LogicalPlan
  /** UNION rather than UNION ALL. */
  readonly distinct: boolean
  override readonly columns: readonly LogicalColumn[]

  constructor(
    name: string,
    initial: LogicalPlan,
    recursive: LogicalPlan,
    distinct: boolean,
    columns: readonly LogicalColumn[],
  ) {
    super()
    this.name = name
    this.initial = initial
    this.recursive = recursive
    this.distinct = distinct
    this.columns = columns
  }

  override get children(): readonly LogicalPlan[] {
    return [this.initial, this.recursive]
  }

  override withChildren(children: readonly LogicalPlan[]): LogicalPlan {
    return new RecursiveQuery(this.name, children[0]!, children[1]!, this.distinct, this.columns)
  }

  override get expressions(): readonly Expr[] {
    return []
  }

  override withExpressions(_expressions: readonly Expr[]): LogicalPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    return [['name', this.name]]
  }
}

export class WorkTable extends LogicalPlan {
  override readonly kind = 'WorkTable'
  override readonly children: readonly LogicalPlan[] = []
  readonly name: string
  override readonly columns: readonly LogicalColumn[]

  constructor(name: string, columns: readonly LogicalColumn[]) {
    super()
    this.name = name
    this.columns = columns
  }

  override withChildren(_children: readonly LogicalPlan[]): LogicalPlan {
    return this
  }

  override get expressions(): readonly Expr[] {
    return []
  }

  override withExpressions(_expressions: readonly Expr[]): LogicalPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    return [['name', this.name]]
  }
}

/** Rewrites bottom-up; `rewrite` returns its argument to keep it. */
export function transformLogicalPlan(plan: LogicalPlan, rewrite: (plan: LogicalPlan) => LogicalPlan): LogicalPlan {
  const children = plan.children.map((child) => transformLogicalPlan(child, rewrite))
  const same = children.every((child, i) => child === plan.children[i])
  return rewrite(same ? plan : plan.withChildren(children))
}

/** One line a node, `Name: key=value, key=value`, two spaces a level. */
export function formatLogicalPlan(plan: LogicalPlan, level = 0): string {
  const details = plan
    .details()
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')
  const line = `${'  '.repeat(level)}${plan.kind}${details ? `: ${details}` : ''}`
  return [line, ...plan.children.map((child) => formatLogicalPlan(child, level + 1))].join('\n')
}

/** Statements that are not queries; the session runs them. */
export type Statement =
  | { readonly kind: 'query'; readonly plan: LogicalPlan }
  | {
      readonly kind: 'explain'
      readonly plan: LogicalPlan
      readonly analyze: boolean
      readonly verbose: boolean
      /** What the query would read, instead of its plan. */
      readonly estimate: boolean
      readonly format: 'tree' | 'json'
    }
  | { readonly kind: 'set'; readonly name: string; readonly value: ScalarValue }
  | { readonly kind: 'reset'; readonly name: string }
  | { readonly kind: 'show'; readonly name: string }
  | { readonly kind: 'show_tables' }
  | { readonly kind: 'describe'; readonly table: TableProvider }
  | { readonly kind: 'describe_query'; readonly columns: readonly LogicalColumn[] }
  | { readonly kind: 'show_create'; readonly name: string; readonly table: TableProvider }
  | CreateTableStatement
  | CreateViewStatement
  | CreateExternalTableStatement
  | {
      readonly kind: 'drop'
      readonly what: 'table' | 'view'
      readonly names: readonly string[]
      readonly ifExists: boolean
    }
  /** `plan` has the table's columns, in its order and types. */
  | { readonly kind: 'insert'; readonly table: string; readonly plan: LogicalPlan; readonly overwrite: boolean }
  | {
      readonly kind: 'copy_to'
      readonly plan: LogicalPlan
      readonly location: string
      readonly format: string | null
      readonly options: ReadonlyMap<string, string>
    }
  | {
      readonly kind: 'copy_from'
      readonly table: string
      readonly columns: readonly TableColumn[]
      readonly location: string
      readonly format: string | null
      readonly options: ReadonlyMap<string, string>
    }

interface CreateStatement {
  /** With its schema, as written and folded. */
  readonly name: string
  readonly orReplace: boolean
  readonly ifNotExists: boolean
}

/** A table in the memory of a session, empty or with the rows of a plan. */
export interface CreateTableStatement extends CreateStatement {
  readonly kind: 'create_table'
  readonly columns: readonly TableColumn[]
  readonly primaryKey: readonly string[]
  readonly plan: LogicalPlan | null
}

export interface CreateViewStatement extends CreateStatement {
  readonly kind: 'create_view'
  readonly view: TableProvider
}

/** A table of files. Without columns they are those of the files. */
export interface CreateExternalTableStatement extends CreateStatement {
  readonly kind: 'create_external_table'
  readonly columns: readonly TableColumn[]
  readonly format: string | null
  readonly location: string
  readonly options: ReadonlyMap<string, string>
}

export type { Schema }
