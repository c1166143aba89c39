import { transformExpr, type Expr } from '@volley/core'
import { ColumnRef, ScoreExpr, TextPredicateExpr } from '../logical/expressions.ts'
import {
  Aggregate,
  CommonSubplan,
  Join,
  Projection,
  RecursiveQuery,
  TableScan,
  Union,
  Unnest,
  Values,
  Window,
  WorkTable,
  type ColumnId,
  type LogicalColumn,
  type LogicalPlan,
} from '../logical/logical-plan.ts'
import type { RuleContext } from './logical-rule.ts'

/** A copy of a plan without subqueries in which every column has a new id, and the new column of each old id. */
export function renumber(
  plan: LogicalPlan,
  context: RuleContext,
): { readonly plan: LogicalPlan; readonly columns: ReadonlyMap<ColumnId, LogicalColumn> } {
  const columns = new Map<ColumnId, LogicalColumn>()
  const fresh = (column: LogicalColumn): LogicalColumn => {
    let next = columns.get(column.id)
    if (next === undefined) columns.set(column.id, (next = { ...column, id: context.newId() }))
    // Above an outer join a column may be NULL that is not where it is made.
    return next.nullable === column.nullable ? next : { ...column, id: next.id }
  }
  return { plan: copy(plan, fresh, columns), columns }
}

type Fresh = (column: LogicalColumn) => LogicalColumn

function copy(plan: LogicalPlan, fresh: Fresh, known: ReadonlyMap<ColumnId, LogicalColumn>): LogicalPlan {
  const children = plan.children.map((child) => copy(child, fresh, known))
  const moved = children.length === 0 ? plan : plan.withChildren(children)
  if (moved instanceof TableScan) {
    const outputs = moved.outputs.map(({ column, source }) => ({ column: fresh(column), source }))
    return new TableScan(
      moved.provider,
      outputs,
      moved.filters.map((expr) => rename(expr, known)),
      moved.textFilters,
      moved.fetch,
    )
  }
  const node = moved.withExpressions(moved.expressions.map((expr) => rename(expr, known)))
  if (node instanceof Values) return new Values(node.columns.map(fresh), node.rows)
  if (node instanceof WorkTable) return new WorkTable(node.name, node.columns.map(fresh))
  if (node instanceof Projection) {
    return new Projection(
      node.input,
      node.exprs.map(({ column, expr }) => ({ column: fresh(column), expr })),
    )
  }
  if (node instanceof Aggregate) {
    const groups = node.groups.map(({ column, expr }) => ({ column: fresh(column), expr }))
    const aggregates = node.aggregates.map(({ column, call }) => ({ column: fresh(column), call }))
    return new Aggregate(
      node.input,
      groups,
      node.groupingSets,
      node.groupingId === null ? null : fresh(node.groupingId),
      aggregates,
    )
  }
  if (node instanceof Window) {
    return new Window(
      node.input,
      node.windows.map(({ column, call }) => ({ column: fresh(column), call })),
    )
  }
  if (node instanceof Join && node.mark !== null) {
    return new Join(node.left, node.right, node.joinType, node.condition, fresh(node.mark), node.nullAware)
  }
  if (node instanceof Unnest) {
    const lists = node.lists.map(({ column, expr }) => ({ column: fresh(column), expr }))
    return new Unnest(node.input, lists, node.outer)
  }
  if (node instanceof Union) return new Union(node.children, node.columns.map(fresh))
  if (node instanceof CommonSubplan) return new CommonSubplan(node.id, node.input, node.columns.map(fresh))
  if (node instanceof RecursiveQuery) {
    return new RecursiveQuery(node.name, node.initial, node.recursive, node.distinct, node.columns.map(fresh))
  }
  return node
}

function rename(expr: Expr, known: ReadonlyMap<ColumnId, LogicalColumn>): Expr {
  return transformExpr(expr, (node) => {
    if (node instanceof ColumnRef && known.has(node.id))
      return new ColumnRef(known.get(node.id)!.id, node.name, node.type, node.nullable)
    if (node instanceof TextPredicateExpr && known.has(node.scan))
      return new TextPredicateExpr(known.get(node.scan)!.id, node.predicate)
    if (node instanceof ScoreExpr && known.has(node.scan)) return new ScoreExpr(known.get(node.scan)!.id, node.type)
    return node
  })
}
