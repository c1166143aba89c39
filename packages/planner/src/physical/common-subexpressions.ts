import {
  AggregateExec,
  CaseExpr,
  CoalesceExpr,
  ColumnExpr,
  exprKey,
  LogicalExpr,
  ProjectionExec,
  transformPlan,
  type ExecutionPlan,
  type Expr,
} from '@volley/core'
import { Field, Schema } from 'apache-arrow'
import { isVolatile } from '../expressions/analysis.ts'
import type { PhysicalRule } from './physical-rule.ts'

/**
 * Computes once what several expressions of a projection or an aggregate have in common, in a projection below.
 *
 * Preconditions: it is not volatile, and at least one of the expressions computes it for every row; what stands in a branch
 * of CASE, behind the first operand of AND, OR or COALESCE, or under a FILTER may not be reached, and might fail.
 */
export const commonSubexpressions: PhysicalRule = {
  name: 'common_subexpressions',
  apply: (plan) =>
    transformPlan(plan, (node) => {
      if (node instanceof ProjectionExec) return inProjection(node)
      return node instanceof AggregateExec && node.mode !== 'final' ? inAggregate(node) : node
    }),
}

/** An expression of a node, and whether it is computed for some rows only. */
interface Use {
  readonly expr: Expr
  readonly conditional: boolean
}

const certain = (expr: Expr): Use => ({ expr, conditional: false })

function inProjection(node: ProjectionExec): ExecutionPlan {
  const found = hoist(node.input, node.exprs.map(certain))
  return found === null
    ? node
    : new ProjectionExec(inProjection(found.input), node.exprs.map(found.rewrite), node.schema)
}

function inAggregate(node: AggregateExec): ExecutionPlan {
  const uses = [
    ...node.groups.map(certain),
    ...node.calls.flatMap(({ args, filter, orderBy }) => [
      ...(filter === null ? [] : [certain(filter)]),
      ...[...args, ...orderBy.map((key) => key.expr)].map((expr) => ({ expr, conditional: filter !== null })),
    ]),
  ]
  const found = hoist(node.input, uses)
  if (found === null) return node
  const { rewrite } = found
  const calls = node.calls.map((call) =>
    call.withExprs(
      call.args.map(rewrite),
      call.filter === null ? null : rewrite(call.filter),
      call.orderBy.map((key) => ({ ...key, expr: rewrite(key.expr) })),
    ),
  )
  const input = inProjection(found.input)
  return new AggregateExec(input, node.mode, node.groups.map(rewrite), node.groupingSets, calls, node.schema)
}

interface Hoisted {
  /** The node's input with the common expressions behind its columns. */
  readonly input: ProjectionExec
  readonly rewrite: (expr: Expr) => Expr
}

function hoist(input: ExecutionPlan, uses: readonly Use[]): Hoisted | null {
  const common = commonIn(uses)
  if (common.size === 0) return null
  const { fields } = input.schema
  const columns = new Map<string, ColumnExpr>()
  for (const [key, { type, nullable }] of common) {
    const at = columns.size
    columns.set(key, new ColumnExpr(fields.length + at, `__common_${at}`, type, nullable))
  }
  const passed = fields.map((field, i) => new ColumnExpr(i, field.name, field.type, field.nullable))
  const computed = [...columns.values()].map(({ name, type, nullable }) => new Field(name, type, nullable))
  const projection = new ProjectionExec(input, [...passed, ...common.values()], new Schema([...fields, ...computed]))
  const rewrite = (expr: Expr): Expr => {
    const column = columns.get(exprKey(expr))
    if (column !== undefined) return column
    const children = expr.children.map(rewrite)
    return children.every((child, i) => child === expr.children[i]) ? expr : expr.withChildren(children)
  }
  return { input: projection, rewrite }
}

/** The largest expressions that stand twice or more, once at least where they are always computed. */
function commonIn(uses: readonly Use[]): ReadonlyMap<string, Expr> {
  const chosen = (counts: ReadonlyMap<string, Count>): Map<string, Expr> =>
    new Map([...counts].filter(([, { count, always }]) => count > 1 && always).map(([key, { expr }]) => [key, expr]))
  let common = chosen(countUses(uses, new Map()))
  for (;;) {
    // What stands in larger ones, and once beside them at most, is no gain.
    const met = countUses(uses, common)
    const next = chosen(new Map([...met].filter(([key]) => common.has(key))))
    if (next.size === common.size) return common
    common = next
  }
}

interface Count {
  readonly expr: Expr
  count: number
  always: boolean
}

/** How often each expression stands; those below one of `stopAt` are not looked at. */
function countUses(uses: readonly Use[], stopAt: ReadonlyMap<string, Expr>): Map<string, Count> {
  const counts = new Map<string, Count>()
  const visit = (expr: Expr, conditional: boolean): void => {
    if (expr.children.length === 0) return
    const key = exprKey(expr)
    if (!isVolatile(expr)) {
      const known = counts.get(key) ?? { expr, count: 0, always: false }
      known.count++
      known.always ||= !conditional
      counts.set(key, known)
    }
    if (stopAt.has(key)) return
    const lazy = expr instanceof CaseExpr || expr instanceof CoalesceExpr || expr instanceof LogicalExpr
    for (const [i, child] of expr.children.entries()) visit(child, conditional || (lazy && i > 0))
  }
  for (const { expr, conditional } of uses) visit(expr, conditional)
  return counts
}
