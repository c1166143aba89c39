import {
  type AggregateCall,
  elementType,
  Expr,
  INT32,
  internalError,
  type RecordBatch,
  type Selection,
  type Vector,
  WindowCall,
} from '@volley/core'
import type { DataType } from 'apache-arrow'

/** Stands for something that a node of its own computes; none is left in a finished plan. */
abstract class Marker extends Expr {
  override evaluate(_batch: RecordBatch, _selection: Selection | null): Vector {
    throw internalError(`${this.kind} reached execution`)
  }
}

/** An aggregate inside an expression, until an Aggregate node has a column for it. */
export class AggregateMarker extends Marker {
  override readonly kind = 'AggregateMarker'
  readonly call: AggregateCall

  constructor(call: AggregateCall) {
    super()
    this.call = call
  }

  override get type(): DataType {
    return this.call.type
  }

  override get nullable(): boolean {
    return this.call.nullable
  }

  override get children(): readonly Expr[] {
    return this.call.exprs
  }

  override withChildren(children: readonly Expr[]): Expr {
    let at = 0
    const args = this.call.args.map(() => children[at++]!)
    const filter = this.call.filter === null ? null : children[at++]!
    const orderBy = this.call.orderBy.map((key) => ({ ...key, expr: children[at++]! }))
    return new AggregateMarker(this.call.withExprs(args, filter, orderBy))
  }

  override attributes(): string {
    const order = this.call.orderBy.map((key) => `${key.descending}${key.nullsFirst}`).join(',')
    return `${this.call.fn.name}:${this.call.distinct}:${this.call.args.length}:${this.call.filter !== null}:${order}`
  }

  override toString(): string {
    return String(this.call)
  }
}

/** A window call inside an expression, until a Window node has a column for it. */
export class WindowMarker extends Marker {
  override readonly kind = 'WindowMarker'
  readonly call: WindowCall

  constructor(call: WindowCall) {
    super()
    this.call = call
  }

  override get type(): DataType {
    return this.call.type
  }

  override get nullable(): boolean {
    return this.call.nullable
  }

  override get children(): readonly Expr[] {
    return this.call.exprs
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new WindowMarker(this.call.withExprs(children))
  }

  override attributes(): string {
    const { call } = this
    const order = call.orderBy.map((key) => `${key.descending}${key.nullsFirst}`).join(',')
    const { units, start, end, exclude } = call.frame
    return [
      call.fn.name,
      call.args.length,
      call.partitionBy.length,
      order,
      call.filter !== null,
      call.ignoreNulls,
      call.distinct,
      call.argumentOrder.map((key) => `${key.descending}${key.nullsFirst}`).join(','),
      units,
      start.kind,
      end.kind,
      exclude,
    ].join(':')
  }

  override toString(): string {
    return String(this.call)
  }
}

/** GROUPING(a, b): bit by argument, 1 where the argument is not part of the row's grouping set. */
export class GroupingMarker extends Marker {
  override readonly kind = 'GroupingMarker'
  override readonly type: DataType = INT32
  override readonly nullable = false
  override readonly children: readonly Expr[]

  constructor(args: readonly Expr[]) {
    super()
    this.children = args
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new GroupingMarker(children)
  }

  override attributes(): string {
    return ''
  }

  override toString(): string {
    return `grouping(${this.children.join(', ')})`
  }
}

/** unnest(list) inside an expression, until an Unnest node has a column for its items. */
export class UnnestMarker extends Marker {
  override readonly kind = 'UnnestMarker'
  override readonly nullable = true
  readonly list: Expr
  /** Rows without items are kept. */
  readonly outer: boolean

  constructor(list: Expr, outer: boolean) {
    super()
    this.list = list
    this.outer = outer
  }

  override get type(): DataType {
    return elementType(this.list.type)
  }

  override get children(): readonly Expr[] {
    return [this.list]
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new UnnestMarker(children[0]!, this.outer)
  }

  override attributes(): string {
    return String(this.outer)
  }

  override toString(): string {
    return `unnest(${this.list})`
  }
}

/** Whether an expression has a marker of this class, in itself (not in the plans of its subqueries). */
export function hasMarker(
  expr: Expr,
  marker: typeof AggregateMarker | typeof WindowMarker | typeof GroupingMarker | typeof UnnestMarker,
): boolean {
  return expr instanceof marker || expr.children.some((child) => hasMarker(child, marker))
}
