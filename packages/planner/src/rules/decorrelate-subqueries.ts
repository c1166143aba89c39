import {
  ComparisonExpr,
  conjunction,
  conjuncts,
  IsTruthExpr,
  literal,
  NotExpr,
  notSupported,
  transformExpr,
  type Expr,
} from '@volley/core'
import { Bool } from 'apache-arrow'
import { caseWhen } from '../expressions/case-when.ts'
import { columnsOf, freeOuterIds, hasSubquery, idsOf, outerIdsOf, refOf, substitute } from '../expressions/analysis.ts'
import { SubqueryExpr } from '../logical/expressions.ts'
import {
  Aggregate,
  Filter,
  Join,
  Limit,
  Projection,
  Sort,
  TableScan,
  Values,
  type LogicalColumn,
  type LogicalPlan,
} from '../logical/logical-plan.ts'
import type { LogicalRule, RuleContext } from './logical-rule.ts'
import { filterBy, keepColumns, mapChildren } from './plan-tools.ts'
import { unnestByDomain } from './unnest-by-domain.ts'
import { unnest, Unreachable, type Unnested } from './unnest-subquery.ts'

/**
 * Replaces every subquery in an expression, and every join whose right side refers to its left one (LATERAL), by joins.
 *
 * As conjuncts of a filter, EXISTS and IN become semi joins, NOT EXISTS and NOT IN anti joins (null-aware where a NULL can
 * occur); elsewhere they become mark joins. A scalar subquery becomes a left join when it is an aggregate, else a
 * `left_single` join, which raises an error at a second row. `unnest` and `unnestByDomain` say how correlation is resolved.
 *
 * Preconditions: none; raises an error for a subquery in VALUES, and for outer columns that a recursive query refers to.
 */
export const decorrelateSubqueries: LogicalRule = {
  name: 'decorrelate_subqueries',
  required: true,
  apply: (plan, context) => decorrelate(plan, context),
}

function decorrelate(plan: LogicalPlan, context: RuleContext): LogicalPlan {
  const node = mapChildren(plan, (child) => decorrelate(child, context))
  if (node instanceof Join) return decorrelateJoin(node, context)
  if (!node.expressions.some(hasSubquery)) return node
  if (node instanceof Filter) return decorrelateFilter(node, context)
  if (node instanceof Values || node instanceof TableScan) throw notSupported(`a subquery in ${node.kind}`)
  const attached = new Attached(node.children[0]!, context)
  const expressions = node.expressions.map((expr) => attached.replace(expr))
  const next = node.withChildren([attached.plan]).withExpressions(expressions)
  return node instanceof Projection || node instanceof Aggregate ? next : keepColumns(next, node.columns)
}

function decorrelateFilter(node: Filter, context: RuleContext): LogicalPlan {
  let attached = new Attached(node.input, context)
  const kept: Expr[] = []
  for (const conjunct of conjuncts(node.predicate)) {
    const negated = conjunct instanceof NotExpr
    const inner = negated ? (conjunct as NotExpr).child : conjunct
    if (inner instanceof SubqueryExpr && inner.form !== 'scalar') {
      const children = inner.children.map((child) => attached.replace(child))
      const subquery = new SubqueryExpr(inner.form, inner.plan, children, inner.negated !== negated)
      const joined = semiJoin(attached.plan, subquery, context)
      if (joined !== null) {
        attached = new Attached(joined, context)
        continue
      }
    }
    kept.push(attached.replace(conjunct))
  }
  return keepColumns(filterBy(attached.plan, kept), node.columns)
}

/** A semi or anti join in place of EXISTS or IN as a conjunct; null where that is not possible. */
function semiJoin(input: LogicalPlan, subquery: SubqueryExpr, context: RuleContext): LogicalPlan | null {
  const unnested = prepare(subquery, input, context)
  if (unnested.total) return null
  const comparison = comparisonOf(subquery, unnested)
  const joinType = subquery.negated ? 'left_anti' : 'left_semi'
  const correlation = conjunction(unnested.conditions)
  if (comparison === null) return new Join(input, unnested.plan, joinType, correlation)
  if (!subquery.negated || !comparison.nullable) {
    return new Join(input, unnested.plan, joinType, conjunction([comparison, ...unnested.conditions]))
  }
  if (subquery.children.length > 1) {
    // A row is out of the list only when each of the list's rows differs for sure.
    const notFalse = new IsTruthExpr(comparison, false, true)
    return new Join(input, unnested.plan, joinType, conjunction([notFalse, ...unnested.conditions]))
  }
  const condition = conjunction([comparison, ...unnested.conditions])
  return new Join(input, unnested.plan, joinType, condition, null, true)
}

/** The subquery's plan without subqueries and without references to `outer`'s columns. */
function prepare(subquery: SubqueryExpr, outer: LogicalPlan, context: RuleContext): Unnested {
  let plan = decorrelate(subquery.plan, context)
  if (subquery.form === 'exists') plan = withoutRowDetails(plan)
  return unnestFrom(plan, outer, context)
}

/** By moving what refers to `outer` out of the plan where it can be moved, else by computing the plan for each value. */
function unnestFrom(plan: LogicalPlan, outer: LogicalPlan, context: RuleContext): Unnested {
  try {
    return unnest(plan, idsOf(outer), context)
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    return unnestByDomain(plan, outer, context)
  }
}

/** What EXISTS does not look at: which columns, in which order, and how many rows beyond the first. */
function withoutRowDetails(plan: LogicalPlan): LogicalPlan {
  if (plan instanceof Sort) return withoutRowDetails(plan.input)
  if (plan instanceof Limit && plan.skip === 0 && plan.fetch !== 0) return withoutRowDetails(plan.input)
  if (plan instanceof Projection) return withoutRowDetails(plan.input)
  return plan
}

/** What IN compares, over both sides; null for EXISTS. */
function comparisonOf(subquery: SubqueryExpr, unnested: Unnested): Expr | null {
  if (subquery.form !== 'in') return null
  const { columns } = subquery.plan
  return conjunction(
    subquery.children.map((child, i) => new ComparisonExpr('=', child, valueOf(columns[i]!, unnested))),
  )
}

function valueOf(column: LogicalColumn, unnested: Unnested): Expr {
  return unnested.outputs.get(column.id) ?? refOf(column)
}

/** A plan that gets a join for each subquery that is replaced by a column of it. */
class Attached {
  plan: LogicalPlan
  readonly #context: RuleContext

  constructor(plan: LogicalPlan, context: RuleContext) {
    this.plan = plan
    this.#context = context
  }

  replace(expr: Expr): Expr {
    if (!hasSubquery(expr)) return expr
    return transformExpr(expr, (node) => (node instanceof SubqueryExpr ? this.#attach(node) : node))
  }

  #attach(subquery: SubqueryExpr): Expr {
    const unnested = prepare(subquery, this.plan, this.#context)
    if (subquery.form === 'scalar') return this.#scalar(subquery, unnested)
    if (unnested.total) return this.#ofOneRow(subquery, unnested)
    const comparison = comparisonOf(subquery, unnested)
    const nullAware = comparison !== null && comparison.nullable
    if (nullAware && subquery.children.length > 1)
      throw notSupported('IN over rows that may be NULL, outside of a plain WHERE')
    const mark: LogicalColumn = {
      id: this.#context.newId(),
      name: 'mark',
      type: new Bool(),
      nullable: nullAware,
      qualifier: null,
    }
    const condition = conjunction([...(comparison === null ? [] : [comparison]), ...unnested.conditions])
    this.plan = new Join(this.plan, unnested.plan, 'left_mark', condition, mark, nullAware)
    return subquery.negated ? new NotExpr(refOf(mark)) : refOf(mark)
  }

  #scalar(subquery: SubqueryExpr, unnested: Unnested): Expr {
    const column = subquery.plan.columns[0]!
    const value = valueOf({ ...column, nullable: true }, unnested)
    if (unnested.total) {
      this.#joinTotal(unnested, [value])
      if (unnested.presence === null) return value
      return caseWhen(unnested.presence, value)
    }
    if (unnested.conditions.length === 0 && unnested.outputs.size === 0) {
      // One row with the value, or NULL, or an error: computed once, whatever the other side is.
      const one = new Values(
        [{ id: this.#context.newId(), name: 'one', type: new Bool(), nullable: false, qualifier: null }],
        [[literal(true)]],
      )
      const single = new Join(one, unnested.plan, 'left_single', null)
      this.plan = new Join(this.plan, keepColumns(single, [{ ...column, nullable: true }]), 'inner', null)
    } else {
      const condition = conjunction(unnested.conditions)
      this.plan = new Join(this.plan, unnested.plan, 'left_single', condition)
    }
    return value
  }

  /** EXISTS or IN over a subquery of exactly one row. */
  #ofOneRow(subquery: SubqueryExpr, unnested: Unnested): Expr {
    const comparison = comparisonOf(subquery, unnested) ?? literal(true)
    const value = unnested.presence === null ? comparison : caseWhen(unnested.presence, comparison, literal(false))
    this.#joinTotal(unnested, [value])
    return subquery.negated ? new NotExpr(value) : value
  }

  #joinTotal(unnested: Unnested, used: readonly Expr[]): void {
    const ids = idsOf(unnested.plan)
    const exprs = [...used, ...(unnested.presence === null ? [] : [unnested.presence])]
    const needed = [...columnsOf(...exprs)].some((id) => ids.has(id))
    if (!needed) return
    const type = unnested.conditions.length === 0 ? 'inner' : 'left'
    this.plan = new Join(this.plan, unnested.plan, type, conjunction(unnested.conditions))
  }
}

/** Subqueries in a join's condition, and a right side that reads the left one. */
function decorrelateJoin(node: Join, context: RuleContext): LogicalPlan {
  const leftIds = idsOf(node.left)
  const lateral = [...freeOuterIds(node.right)].some((id) => leftIds.has(id))
  if (lateral) return decorrelateLateral(node, context)
  if (node.condition === null || !hasSubquery(node.condition)) return node
  if (node.joinType === 'inner') {
    const pairs = new Join(node.left, node.right, 'inner', null)
    return decorrelate(new Filter(pairs, node.condition), context)
  }
  const left = new Attached(node.left, context)
  const right = new Attached(node.right, context)
  const condition = conjuncts(node.condition).map((conjunct) => {
    if (!hasSubquery(conjunct)) return conjunct
    const reads = new Set([...columnsOf(conjunct), ...outerIdsOf(conjunct)])
    const side = [left, right].find(({ plan }) => {
      const ids = idsOf(plan)
      const other = idsOf(plan === left.plan ? right.plan : left.plan)
      return [...reads].every((id) => ids.has(id) || !other.has(id))
    })
    if (side === undefined) throw notSupported('a subquery in ON that reads both sides of an outer join')
    return side.replace(conjunct)
  })
  const joined = new Join(left.plan, right.plan, node.joinType, conjunction(condition), node.mark, node.nullAware)
  return keepColumns(joined, node.columns)
}

function decorrelateLateral(node: Join, context: RuleContext): LogicalPlan {
  if (node.joinType !== 'inner' && node.joinType !== 'left')
    throw notSupported(`LATERAL on the right of a ${node.joinType} join`)
  const unnested = unnestFrom(node.right, node.left, context)
  const own = node.condition === null ? [] : conjuncts(node.condition).map((expr) => substitute(expr, unnested.outputs))
  const computed = node.right.columns.filter((column) => unnested.outputs.has(column.id))
  if (node.joinType === 'left' && unnested.total && own.length > 0) return conditionalLateral(node, unnested, own)
  if (node.joinType === 'left' && computed.length > 0 && (own.length > 0 || !unnested.total)) {
    throw notSupported('LEFT JOIN LATERAL over expressions of the left side')
  }
  const kept = [...own, ...(unnested.presence === null ? [] : [unnested.presence])]
  const joinType = unnested.total && unnested.conditions.length > 0 ? 'left' : node.joinType
  if (joinType === 'left' && node.joinType === 'left' && kept.length > 0 && unnested.total) {
    throw notSupported('LEFT JOIN LATERAL over an aggregate with a condition')
  }
  const inCondition = joinType === node.joinType && !unnested.total
  const condition = conjunction([...unnested.conditions, ...(inCondition ? kept : [])])
  const joined = filterBy(new Join(node.left, unnested.plan, joinType, condition), inCondition ? [] : kept)
  const byId = new Map(joined.columns.map((column) => [column.id, column]))
  return new Projection(
    joined,
    node.columns.map((column) => ({ column, expr: unnested.outputs.get(column.id) ?? refOf(byId.get(column.id)!) })),
  )
}

/** LEFT JOIN LATERAL of exactly one row for each of the left: where the condition does not hold, its columns are NULL. */
function conditionalLateral(node: Join, unnested: Unnested, own: readonly Expr[]): LogicalPlan {
  const holds = conjunction([...own, ...(unnested.presence === null ? [] : [unnested.presence])])!
  const joinType = unnested.conditions.length > 0 ? 'left' : 'inner'
  const joined = new Join(node.left, unnested.plan, joinType, conjunction(unnested.conditions))
  const byId = new Map(joined.columns.map((column) => [column.id, column]))
  const ofRight = idsOf(node.right)
  const exprs = node.columns.map((column) => {
    const expr = unnested.outputs.get(column.id) ?? refOf(byId.get(column.id)!)
    const value = ofRight.has(column.id) ? caseWhen(holds, expr) : expr
    return { column, expr: value }
  })
  return new Projection(joined, exprs)
}
