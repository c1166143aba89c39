import {
  BOOL,
  CaseExpr,
  elementType,
  type Expr,
  IsNullExpr,
  listType,
  LiteralExpr,
  LogicalExpr,
  NotExpr,
  NULL,
  type ScalarValue,
  SqlState,
  transformExpr,
  typeName,
  UTF8,
} from '@volley/core'
import { ColumnRef, Filter, type LogicalPlan, OuterRef, SubqueryExpr } from '@volley/planner'
import type { AstExpr, AstQuery } from '../parser/ast.ts'
import { bindExpr, compare, inList, isComparison } from './bind-expr.ts'
import { callScalar } from './calls.ts'
import { castTo, comparable } from './coerce.ts'
import { sqlError, unsupportedAt } from './errors.ts'
import type { ExprContext } from './expr-context.ts'
import { hasMarker, AggregateMarker, WindowMarker } from './markers.ts'
import { castColumns, resolveNullColumns } from './outputs.ts'
import { bindQuery } from './query.ts'

function bindPlan(env: ExprContext, query: AstQuery): LogicalPlan {
  return resolveNullColumns(env.ctx, bindQuery(env.ctx, query, { ctes: env.ctes, parent: env.scope }))
}

export function bindScalarQuery(env: ExprContext, query: AstQuery): Expr {
  const plan = bindPlan(env, query)
  if (plan.columns.length !== 1) {
    throw sqlError(
      SqlState.syntaxError,
      `a subquery used as a value must return one column, not ${plan.columns.length}`,
      query.at,
    )
  }
  return new SubqueryExpr('scalar', plan)
}

export function bindExists(env: ExprContext, ast: Extract<AstExpr, { kind: 'exists' }>): Expr {
  return new SubqueryExpr('exists', bindPlan(env, ast.query), [], ast.negated)
}

export function bindInQuery(env: ExprContext, ast: Extract<AstExpr, { kind: 'in_query' }>): Expr {
  const operands = (ast.operand.kind === 'tuple' ? ast.operand.elements : [ast.operand]).map((part) =>
    bindExpr(env, part),
  )
  return inQuery(env, operands, ast.query, ast.negated)
}

function inQuery(env: ExprContext, operands: readonly Expr[], query: AstQuery, negated: boolean): Expr {
  const { ctx } = env
  const plan = bindPlan(env, query)
  if (plan.columns.length !== operands.length) {
    const many = plan.columns.length > operands.length ? 'many' : 'few'
    throw sqlError(
      SqlState.syntaxError,
      `the subquery has too ${many} columns: ${plan.columns.length} beside ${operands.length}`,
      query.at,
    )
  }
  const pairs = operands.map((operand, i) => {
    const { id, name, type, nullable } = plan.columns[i]!
    return comparable(ctx, '=', operand, ctx.locate(new ColumnRef(id, name, type, nullable), query.at))
  })
  const typed = castColumns(
    ctx,
    plan,
    pairs.map(([, column]) => column.type),
  )
  return new SubqueryExpr(
    'in',
    typed,
    pairs.map(([operand]) => operand),
    negated,
  )
}

const NEGATED = { '=': '<>', '<>': '=', '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const

/**
 * `x op ANY (query)` and `x op ALL (query)`. Where no IN says it, ANY is TRUE where a row compares TRUE, else NULL where one
 * compares NULL, else FALSE; ALL is NOT ANY of the opposite comparison.
 */
export function bindQuantified(env: ExprContext, ast: Extract<AstExpr, { kind: 'quantified' }>): Expr {
  const { op, all, right } = ast
  if (!isComparison(op) || op === 'IS DISTINCT FROM' || op === 'IS NOT DISTINCT FROM')
    throw unsupportedAt(`${op} ${all ? 'ALL' : 'ANY'}`, ast.at)
  const query = right.kind === 'subquery' ? right.query : null
  if (query === null) return quantifiedList(env, ast, op)
  const operand = bindExpr(env, ast.operand)
  if (op === '=' && !all) return inQuery(env, [operand], query, false)
  if (op === '<>' && all) return inQuery(env, [operand], query, true)
  if (hasMarker(operand, AggregateMarker) || hasMarker(operand, WindowMarker)) {
    throw unsupportedAt(`an aggregate before ${all ? 'ALL' : 'ANY'}`, ast.at)
  }
  const by = all ? NEGATED[op] : op
  const some = (test: (comparison: Expr) => Expr): Expr => {
    const plan = bindPlan(env, query)
    const column = plan.columns[0]
    if (column === undefined || plan.columns.length !== 1)
      throw sqlError(SqlState.syntaxError, 'the subquery has too many columns', query.at)
    const outer = transformExpr(operand, (expr) => (expr instanceof ColumnRef ? new OuterRef(expr) : expr))
    const ref = new ColumnRef(column.id, column.name, column.type, column.nullable)
    return new SubqueryExpr('exists', new Filter(plan, test(compare(env, by, outer, ref))))
  }
  const any = new CaseExpr(
    [
      { when: some((comparison) => comparison), then: new LiteralExpr(BOOL, true) },
      { when: some((comparison) => new IsNullExpr(comparison, false)), then: new LiteralExpr(BOOL, null) },
    ],
    new LiteralExpr(BOOL, false),
    BOOL,
  )
  return all ? new NotExpr(any) : any
}

function quantifiedList(
  env: ExprContext,
  ast: Extract<AstExpr, { kind: 'quantified' }>,
  op: keyof typeof NEGATED,
): Expr {
  const { right } = ast
  const operand = bindExpr(env, ast.operand)
  const bound = itemsOf(env, right)
  if (!Array.isArray(bound)) return quantifiedArray(env, ast, operand, bound as Expr)
  if (bound.length === 0) return new LiteralExpr(BOOL, ast.all)
  if (op === '=' && !ast.all) return inList(env, operand, bound, false)
  if (op === '<>' && ast.all) return inList(env, operand, bound, true)
  const each = bound.map((element) => compare(env, op, operand, element))
  return each.length === 1 ? each[0]! : new LogicalExpr(ast.all ? 'AND' : 'OR', each)
}

/** The items of an array that is written out or a constant; else the array. */
function itemsOf(env: ExprContext, ast: AstExpr): readonly Expr[] | Expr {
  if (ast.kind === 'array' || ast.kind === 'tuple') return ast.elements.map((element) => bindExpr(env, element))
  const array = bindExpr(env, ast)
  if (typeName(array.type) === 'Null') return new LiteralExpr(listType(NULL), null)
  if (typeName(array.type) !== 'List')
    throw sqlError(SqlState.datatypeMismatch, 'op ANY/ALL (array) requires array on right side', ast.at)
  if (!(array instanceof LiteralExpr) || array.value === null) return array
  return (array.value as readonly ScalarValue[]).map((item) => new LiteralExpr(elementType(array.type), item))
}

function quantifiedArray(
  env: ExprContext,
  { op, all, at }: Extract<AstExpr, { kind: 'quantified' }>,
  operand: Expr,
  array: Expr,
): Expr {
  const item = new LiteralExpr(elementType(array.type), null)
  const by = all ? NEGATED[op as keyof typeof NEGATED] : op
  const [value, typed] = comparable(env.ctx, by, operand, item)
  const list = castTo(env.ctx, array, listType(typed.type))
  const any = callScalar(env, 'array_any', [value, new LiteralExpr(UTF8, by), list], at)
  return all ? new NotExpr(any) : any
}
