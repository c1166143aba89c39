import {
  AggregateCall,
  CaseExpr,
  ComparisonExpr,
  type Expr,
  exprKey,
  INT32,
  LiteralExpr,
  SqlState,
  UINT32,
} from '@volley/core'
import {
  Aggregate,
  ColumnRef,
  type LogicalColumn,
  type LogicalPlan,
  type NamedAggregate,
  type NamedExpr,
  OuterRef,
  ScoreExpr,
  SubplanKeys,
  SubqueryExpr,
  TextPredicateExpr,
} from '@volley/planner'
import type { BindContext } from './bind-context.ts'
import { sqlError } from './errors.ts'
import { AggregateMarker, GroupingMarker } from './markers.ts'
import { refTo } from './outputs.ts'
import { transformPlanExprs } from './plan-rewrite.ts'

/** GROUP BY: expressions, and which of them each grouping set has (null: one set of them all). */
export interface Grouping {
  readonly exprs: readonly Expr[]
  readonly sets: readonly (readonly number[])[] | null
}

/** Collects the expressions of a GROUP BY, equal ones once, and its grouping sets. */
export class GroupingBuilder {
  readonly #exprs: Expr[] = []
  readonly #keys = new Map<string, number>()
  readonly #keyOf = groupKeys()
  #sets: number[][] = [[]]
  #many = false

  /** Index of an expression. */
  index(expr: Expr): number {
    const key = this.#keyOf(expr)
    const known = this.#keys.get(key)
    if (known !== undefined) return known
    this.#keys.set(key, this.#exprs.length)
    return this.#exprs.push(expr) - 1
  }

  /** One more element of the list: the sets so far, each with each of these. */
  multiply(sets: readonly (readonly number[])[], many: boolean): void {
    this.#many ||= many
    if (this.#sets.length * sets.length > 4096) {
      throw sqlError(SqlState.statementTooComplex, 'too many grouping sets: at most 4096', null)
    }
    this.#sets = this.#sets.flatMap((set) => sets.map((more) => [...new Set([...set, ...more])]))
  }

  build(): Grouping {
    return { exprs: this.#exprs, sets: this.#many ? this.#sets.map((set) => set.toSorted((a, b) => a - b)) : null }
  }
}

/** Keys of expressions that are equal where the expressions are, subqueries in them included. */
function groupKeys(): (expr: Expr) => string {
  const plans = new SubplanKeys()
  const keyOf = (expr: Expr): string => {
    const plan = expr instanceof SubqueryExpr ? plans.of(expr.plan) : null
    const attributes =
      expr instanceof SubqueryExpr && plan !== null ? `${expr.form}:${expr.negated}:${plan}` : expr.attributes()
    return `${expr.kind}[${attributes}](${expr.children.map(keyOf).join(',')})`
  }
  return keyOf
}

/** Columns `members` have one value where the columns `key` do. */
export interface Dependency {
  readonly key: readonly number[]
  readonly members: ReadonlySet<number>
}

/**
 * Moves expressions above an Aggregate: group expressions and aggregates become columns of it, and nothing else of its input
 * may be left.
 */
export class GroupRewriter {
  readonly #ctx: BindContext
  readonly #keyOf = groupKeys()
  readonly #sets: Grouping['sets']
  readonly #groups: readonly NamedExpr[]
  readonly #byKey: ReadonlyMap<string, LogicalColumn>
  readonly #local: ReadonlySet<number>
  readonly #aggregates = new Map<string, NamedAggregate>()
  #groupingId: LogicalColumn | null = null
  /** Columns that have one value in each group without being grouped by. */
  readonly #determined: ReadonlySet<number>

  constructor(ctx: BindContext, input: LogicalPlan, grouping: Grouping, dependencies: readonly Dependency[] = []) {
    const grouped = new Set(grouping.exprs.flatMap((expr) => (expr instanceof ColumnRef ? [expr.id] : [])))
    this.#determined = new Set(
      grouping.sets !== null
        ? []
        : dependencies.flatMap(({ key, members }) => (key.every((id) => grouped.has(id)) ? [...members] : [])),
    )
    this.#ctx = ctx
    this.#sets = grouping.sets
    this.#local = new Set(input.columns.map((column) => column.id))
    this.#groups = grouping.exprs.map((expr, i) => {
      const left = grouping.sets?.some((set) => !set.includes(i)) ?? false
      return { column: ctx.newColumn(String(expr), expr.type, expr.nullable || left), expr }
    })
    this.#byKey = new Map(this.#groups.map(({ column, expr }) => [this.#keyOf(expr), column]))
  }

  rewrite(expr: Expr): Expr {
    const group = this.#byKey.get(this.#keyOf(expr))
    if (group !== undefined) return this.#ctx.locate(refTo(group), this.#ctx.positionOf(expr))
    if (expr instanceof AggregateMarker) return this.#aggregate(expr)
    if (expr instanceof GroupingMarker) return this.#grouping(expr)
    if (expr instanceof ColumnRef && this.#determined.has(expr.id)) return this.#only(expr)
    if (expr instanceof ColumnRef) throw this.#ungrouped(`column "${expr.name}"`, expr)
    if (expr instanceof TextPredicateExpr || expr instanceof ScoreExpr) throw this.#ungrouped(String(expr), expr)
    const children = expr.children.map((child) => this.rewrite(child))
    const same = children.every((child, i) => child === expr.children[i])
    if (expr instanceof SubqueryExpr) {
      const plan = transformPlanExprs(expr.plan, (inner) => (inner instanceof OuterRef ? this.#outer(inner) : inner))
      return same && plan === expr.plan ? expr : new SubqueryExpr(expr.form, plan, children, expr.negated)
    }
    return same ? expr : this.#ctx.locate(expr.withChildren(children), this.#ctx.positionOf(expr))
  }

  /** The Aggregate for everything that was rewritten. */
  plan(input: LogicalPlan): LogicalPlan {
    return new Aggregate(input, this.#groups, this.#sets, this.#groupingId, [...this.#aggregates.values()])
  }

  /** The one value of a column in its group. */
  #only(expr: ColumnRef): Expr {
    const fn = this.#ctx.planning.functions.aggregate('first_value')
    const resolved = fn?.resolve([expr.type]) ?? null
    if (fn === undefined || resolved === null) throw this.#ungrouped(`column "${expr.name}"`, expr)
    const call = new AggregateCall(fn, [expr], {
      distinct: false,
      filter: null,
      orderBy: [],
      type: resolved.returnType,
      nullable: expr.nullable,
      argTypes: resolved.argTypes,
    })
    return this.#aggregate(new AggregateMarker(call))
  }

  #aggregate(marker: AggregateMarker): Expr {
    const key = exprKey(marker)
    let named = this.#aggregates.get(key)
    if (named === undefined) {
      named = { column: this.#ctx.newColumn(String(marker.call), marker.type, marker.nullable), call: marker.call }
      this.#aggregates.set(key, named)
    }
    return this.#ctx.locate(refTo(named.column), this.#ctx.positionOf(marker))
  }

  #grouping(marker: GroupingMarker): Expr {
    const indexes = marker.children.map((arg) => {
      const column = this.#byKey.get(this.#keyOf(arg))
      if (column !== undefined) return this.#groups.findIndex((group) => group.column === column)
      throw sqlError(
        SqlState.groupingError,
        'arguments to GROUPING must be grouping expressions',
        this.#ctx.positionOf(arg),
      )
    })
    const mask = (set: readonly number[]): LiteralExpr =>
      new LiteralExpr(
        INT32,
        indexes.reduce((bits, index) => bits * 2 + (set.includes(index) ? 0 : 1), 0),
      )
    if (this.#sets === null) return new LiteralExpr(INT32, 0)
    this.#groupingId ??= this.#ctx.newColumn('__grouping_id', UINT32, false)
    const id = refTo(this.#groupingId)
    const branches = this.#sets.slice(0, -1).map((set, i) => ({
      when: new ComparisonExpr('=', id, new LiteralExpr(UINT32, i)),
      then: mask(set),
    }))
    const last = mask(this.#sets.at(-1)!)
    return branches.length === 0 ? last : new CaseExpr(branches, last, INT32)
  }

  #outer(outer: OuterRef): Expr {
    if (!this.#local.has(outer.ref.id)) return outer
    const group = this.#byKey.get(this.#keyOf(outer.ref))
    if (group !== undefined) return new OuterRef(refTo(group))
    throw sqlError(
      SqlState.groupingError,
      `subquery uses ungrouped column "${outer.ref.name}" from outer query`,
      this.#ctx.positionOf(outer) ?? this.#ctx.positionOf(outer.ref),
    )
  }

  #ungrouped(what: string, expr: Expr): Error {
    return sqlError(
      SqlState.groupingError,
      `${what} must appear in the GROUP BY clause or be used in an aggregate function`,
      this.#ctx.positionOf(expr),
    )
  }
}
