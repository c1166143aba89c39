import { Expr, internalError, type RecordBatch, type Selection, type Vector } from '@volley/core'
import { Bool, type DataType } from 'apache-arrow'
import type { TextPredicate } from '../catalog/table-provider.ts'
import type { ColumnId, LogicalPlan } from './logical-plan.ts'

/** Base of expressions that only exist before physical planning. */
abstract class LogicalOnlyExpr extends Expr {
  override evaluate(_batch: RecordBatch, _selection: Selection | null): Vector {
    throw internalError(`${this.kind} reached execution`)
  }
}

/** A column of the input by id; the physical planner makes a ColumnExpr of it. */
export class ColumnRef extends LogicalOnlyExpr {
  override readonly kind = 'ColumnRef'
  override readonly children: readonly Expr[] = []
  readonly id: ColumnId
  readonly name: string
  override readonly type: DataType
  override readonly nullable: boolean

  constructor(id: ColumnId, name: string, type: DataType, nullable: boolean) {
    super()
    this.id = id
    this.name = name
    this.type = type
    this.nullable = nullable
  }

  override withChildren(_children: readonly Expr[]): Expr {
    return this
  }

  override attributes(): string {
    return String(this.id)
  }

  override toString(): string {
    return this.name
  }
}

/**
 * `match`, `phrase` or `@@` over columns of one table, before a rule has moved it into the scan (as a filter or a mark).
 * Bool, never NULL. `scan` is any output column id of the table's scan: it tells which scan is meant.
 */
export class TextPredicateExpr extends LogicalOnlyExpr {
  override readonly kind = 'TextPredicate'
  override readonly children: readonly Expr[] = []
  override readonly type: DataType = new Bool()
  override readonly nullable = false
  readonly scan: ColumnId
  readonly predicate: TextPredicate

  constructor(scan: ColumnId, predicate: TextPredicate) {
    super()
    this.scan = scan
    this.predicate = predicate
  }

  override withChildren(_children: readonly Expr[]): Expr {
    return this
  }

  override attributes(): string {
    return `${this.scan}:${this.predicate.key}`
  }

  override toString(): string {
    return String(this.predicate)
  }
}

/** `score()` of the scan that `scan` (an output column id of it) belongs to. */
export class ScoreExpr extends LogicalOnlyExpr {
  override readonly kind = 'Score'
  override readonly children: readonly Expr[] = []
  override readonly type: DataType
  override readonly nullable = false
  readonly scan: ColumnId

  constructor(scan: ColumnId, type: DataType) {
    super()
    this.scan = scan
    this.type = type
  }

  override withChildren(_children: readonly Expr[]): Expr {
    return this
  }

  override attributes(): string {
    return String(this.scan)
  }

  override toString(): string {
    return 'score()'
  }
}

/** A column of an enclosing query; decorrelation removes them all. */
export class OuterRef extends LogicalOnlyExpr {
  override readonly kind = 'OuterRef'
  override readonly children: readonly Expr[] = []
  readonly ref: ColumnRef

  constructor(ref: ColumnRef) {
    super()
    this.ref = ref
  }

  override get type(): DataType {
    return this.ref.type
  }

  override get nullable(): boolean {
    return this.ref.nullable
  }

  override withChildren(_children: readonly Expr[]): Expr {
    return this
  }

  override attributes(): string {
    return String(this.ref.id)
  }

  override toString(): string {
    return `outer(${this.ref.name})`
  }
}

/**
 * A subquery inside an expression. `scalar`: its one value. `exists`: whether it has a row. `in`: whether `children` (a
 * tuple of one or more) equals a row of it. The decorrelation rule replaces each by a join.
 */
export class SubqueryExpr extends LogicalOnlyExpr {
  override readonly kind = 'Subquery'
  readonly form: 'scalar' | 'exists' | 'in'
  readonly plan: LogicalPlan
  readonly negated: boolean
  override readonly children: readonly Expr[]
  override readonly type: DataType

  constructor(form: 'scalar' | 'exists' | 'in', plan: LogicalPlan, children: readonly Expr[] = [], negated = false) {
    super()
    this.form = form
    this.plan = plan
    this.children = children
    this.negated = negated
    this.type = form === 'scalar' ? plan.columns[0]!.type : new Bool()
  }

  override get nullable(): boolean {
    return this.form !== 'exists'
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new SubqueryExpr(this.form, this.plan, children, this.negated)
  }

  /** Each subquery is its own: two equal texts are not merged. */
  override attributes(): string {
    return `${this.form}:${this.negated}:${this.plan.columns.map((column) => column.id).join(',')}`
  }

  override toString(): string {
    switch (this.form) {
      case 'scalar':
        return '(subquery)'
      case 'exists':
        return `${this.negated ? 'NOT ' : ''}EXISTS (subquery)`
      case 'in':
        return `${this.children.join(', ')} ${this.negated ? 'NOT IN' : 'IN'} (subquery)`
    }
  }
}
