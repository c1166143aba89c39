import type { DataType } from 'apache-arrow'
import type { AggregateFunction } from '../aggregates/aggregate-function.ts'
import type { Expr } from '../expressions/expr.ts'
import type { SortKey } from '../plan/execution-plan.ts'
import { formatSortKeys } from '../plan/format-sort-keys.ts'
import type { WindowFunction } from './window-function.ts'

/** One end of a frame. `offset` is a literal, there for `preceding` and `following` only. */
export interface FrameBound {
  readonly kind: 'unbounded_preceding' | 'preceding' | 'current_row' | 'following' | 'unbounded_following'
  readonly offset: Expr | null
}

export interface WindowFrame {
  readonly units: 'rows' | 'range' | 'groups'
  readonly start: FrameBound
  readonly end: FrameBound
  readonly exclude: 'no_others' | 'current_row' | 'group' | 'ties'
}

/** What SQL assumes without a frame clause: the partition up to the current row's last peer. */
export const DEFAULT_FRAME: WindowFrame = {
  units: 'range',
  start: { kind: 'unbounded_preceding', offset: null },
  end: { kind: 'current_row', offset: null },
  exclude: 'no_others',
}

export interface WindowCallOptions {
  readonly partitionBy: readonly Expr[]
  readonly orderBy: readonly SortKey[]
  readonly frame: WindowFrame
  readonly type: DataType
  readonly nullable: boolean
  /** Of aggregates only. */
  readonly filter: Expr | null
  /** IGNORE NULLS of lag, lead, first_value, last_value, nth_value. */
  readonly ignoreNulls?: boolean
  /** DISTINCT inside the call; of aggregates only. */
  readonly distinct?: boolean
  /** ORDER BY inside the call, by which an aggregate takes the rows of a frame. */
  readonly argumentOrder?: readonly SortKey[]
}

/** A window or aggregate function over a window. */
export class WindowCall {
  readonly fn: AggregateFunction | WindowFunction
  readonly args: readonly Expr[]
  readonly partitionBy: readonly Expr[]
  readonly orderBy: readonly SortKey[]
  readonly frame: WindowFrame
  readonly type: DataType
  readonly nullable: boolean
  readonly filter: Expr | null
  readonly ignoreNulls: boolean
  readonly distinct: boolean
  readonly argumentOrder: readonly SortKey[]

  constructor(fn: AggregateFunction | WindowFunction, args: readonly Expr[], options: WindowCallOptions) {
    this.fn = fn
    this.args = args
    this.partitionBy = options.partitionBy
    this.orderBy = options.orderBy
    this.frame = options.frame
    this.type = options.type
    this.nullable = options.nullable
    this.filter = options.filter
    this.ignoreNulls = options.ignoreNulls ?? false
    this.distinct = options.distinct ?? false
    this.argumentOrder = options.argumentOrder ?? []
  }

  /** Every expression: arguments, PARTITION BY, ORDER BY, filter, frame offsets, ORDER BY inside the call. */
  get exprs(): readonly Expr[] {
    return [
      ...this.args,
      ...this.partitionBy,
      ...this.orderBy.map((key) => key.expr),
      ...(this.filter === null ? [] : [this.filter]),
      ...(this.frame.start.offset === null ? [] : [this.frame.start.offset]),
      ...(this.frame.end.offset === null ? [] : [this.frame.end.offset]),
      ...this.argumentOrder.map((key) => key.expr),
    ]
  }

  /** The same call over other expressions, in the order of `exprs`. */
  withExprs(exprs: readonly Expr[]): WindowCall {
    let at = 0
    const next = (): Expr => exprs[at++]!
    const args = this.args.map(next)
    const partitionBy = this.partitionBy.map(next)
    const orderBy = this.orderBy.map((key) => ({ ...key, expr: next() }))
    const filter = this.filter === null ? null : next()
    const bound = (side: FrameBound): FrameBound => (side.offset === null ? side : { ...side, offset: next() })
    const start = bound(this.frame.start)
    const end = bound(this.frame.end)
    const argumentOrder = this.argumentOrder.map((key) => ({ ...key, expr: next() }))
    const { type, nullable, ignoreNulls, distinct } = this
    const frame = { ...this.frame, start, end }
    const options = { partitionBy, orderBy, frame, type, nullable, filter, ignoreNulls, distinct, argumentOrder }
    return new WindowCall(this.fn, args, options)
  }

  toString(): string {
    const distinct = this.distinct ? 'DISTINCT ' : ''
    const inside = this.argumentOrder.length === 0 ? '' : ` ORDER BY ${formatSortKeys(this.argumentOrder)}`
    const args = this.args.length === 0 && this.fn.name === 'count' ? '*' : this.args.join(', ')
    const nulls = this.ignoreNulls ? ' IGNORE NULLS' : ''
    const filter = this.filter === null ? '' : ` FILTER (WHERE ${this.filter})`
    const partition = this.partitionBy.length === 0 ? '' : `PARTITION BY ${this.partitionBy.join(', ')}`
    const order = this.orderBy.length === 0 ? '' : `ORDER BY ${formatSortKeys(this.orderBy)}`
    const frame = isDefaultFrame(this.frame) ? '' : formatFrame(this.frame)
    return `${this.fn.name}(${distinct}${args}${inside})${nulls}${filter} OVER (${[partition, order, frame].filter(Boolean).join(' ')})`
  }
}

function isDefaultFrame(frame: WindowFrame): boolean {
  return formatFrame(frame) === formatFrame(DEFAULT_FRAME)
}

function formatBound(bound: FrameBound): string {
  switch (bound.kind) {
    case 'unbounded_preceding':
      return 'UNBOUNDED PRECEDING'
    case 'preceding':
      return `${bound.offset} PRECEDING`
    case 'current_row':
      return 'CURRENT ROW'
    case 'following':
      return `${bound.offset} FOLLOWING`
    case 'unbounded_following':
      return 'UNBOUNDED FOLLOWING'
  }
}

function formatFrame(frame: WindowFrame): string {
  const exclude = frame.exclude === 'no_others' ? '' : ` EXCLUDE ${frame.exclude.replaceAll('_', ' ').toUpperCase()}`
  return `${frame.units.toUpperCase()} BETWEEN ${formatBound(frame.start)} AND ${formatBound(frame.end)}${exclude}`
}
