import {
  commonType,
  ComparisonExpr,
  conjunction,
  DEFAULT_FRAME,
  type Expr,
  internalError,
  LiteralExpr,
  NULL,
  SqlState,
  WindowCall,
} from '@volley/core'
import { Aggregate, Join, type LogicalColumn, type LogicalPlan, Projection, Union, Window } from '@volley/planner'
import type { DataType } from 'apache-arrow'
import type { AstBody, AstSetOperation } from '../parser/ast.ts'
import type { BindContext } from './bind-context.ts'
import { sqlError, sqlTypeName, unsupportedAt } from './errors.ts'
import { castColumns, outputExpr, refTo } from './outputs.ts'
import { bindBody, type QueryContext } from './query.ts'

/**
 * UNION, INTERSECT and EXCEPT. INTERSECT and EXCEPT are semi and anti joins that take NULLs for equal; ALL numbers the equal
 * rows of each side first.
 */
export function bindSetOperation(ctx: BindContext, ast: AstSetOperation, env: QueryContext): LogicalPlan {
  if (ast.op === 'UNION') return bindUnion(ctx, ast, env)
  if (ast.byName) throw unsupportedAt(`${ast.op} BY NAME`, ast.at)
  const [left, right] = matched(ctx, [bindBody(ctx, ast.left, env), bindBody(ctx, ast.right, env)], ast)
  const joinType = ast.op === 'INTERSECT' ? 'left_semi' : 'left_anti'
  if (!ast.all) {
    const distinctRows = distinct(ctx, left!)
    return new Join(distinctRows, right!, joinType, sameRow(distinctRows.columns, right!.columns))
  }
  const [l, r] = [numbered(ctx, left!), numbered(ctx, right!)]
  const joined = new Join(l, r, joinType, sameRow(l.columns, r.columns))
  return new Projection(
    joined,
    joined.columns.slice(0, -1).map((column) => ({ column, expr: refTo(column) })),
  )
}

/** Chains of one kind are one node, however long. */
function bindUnion(ctx: BindContext, ast: AstSetOperation, env: QueryContext): LogicalPlan {
  const bodies: AstBody[] = [ast.right]
  let rest: AstBody = ast.left
  while (rest.kind === 'set_operation' && rest.op === 'UNION' && rest.all === ast.all && !rest.byName && !ast.byName) {
    bodies.unshift(rest.right)
    rest = rest.left
  }
  const plans = [rest, ...bodies].map((body) => bindBody(ctx, body, env))
  const inputs = ast.byName ? matched(ctx, byName(ctx, plans), ast) : matched(ctx, plans, ast)
  const columns = inputs[0]!.columns.map((column, i) =>
    ctx.newColumn(
      column.name,
      column.type,
      inputs.some((input) => input.columns[i]!.nullable),
    ),
  )
  const union = new Union(inputs, columns)
  return ast.all ? union : distinct(ctx, union)
}

/** The plans with their columns cast to common types. */
function matched(ctx: BindContext, plans: readonly LogicalPlan[], ast: AstSetOperation): LogicalPlan[] {
  const width = plans[0]!.columns.length
  if (plans.some((plan) => plan.columns.length !== width)) {
    throw sqlError(
      SqlState.syntaxError,
      `each ${ast.op} query must have the same number of columns`,
      ast.right.at ?? ast.at,
    )
  }
  const types = Array.from({ length: width }, (_, i): DataType => {
    let type: DataType = NULL
    const exprs = plans.map((plan) => outputExpr(plan, i))
    for (const expr of exprs) {
      if (ctx.isUntyped(expr)) continue
      const common = commonType(type, expr.type)
      if (common === null) {
        throw sqlError(
          SqlState.datatypeMismatch,
          `${ast.op} types ${sqlTypeName(type)} and ${sqlTypeName(expr.type)} of column ${i + 1} cannot be matched`,
          ctx.positionOf(expr) ?? ast.at,
        )
      }
      type = common
    }
    return type === NULL ? (exprs.find((expr) => ctx.isUntyped(expr))?.type ?? NULL) : type
  })
  return plans.map((plan) => castColumns(ctx, plan, types))
}

/** The plans with the columns of all, by name, in the order in which they come first. */
function byName(ctx: BindContext, plans: readonly LogicalPlan[]): LogicalPlan[] {
  const names = [...new Set(plans.flatMap((plan) => plan.columns.map((column) => column.name)))]
  return plans.map((plan) => {
    const exprs = names.map((name) => {
      const i = plan.columns.findIndex((candidate) => candidate.name === name)
      return i < 0
        ? { column: ctx.newColumn(name, NULL, true), expr: new LiteralExpr(NULL, null) }
        : { column: plan.columns[i]!, expr: outputExpr(plan, i) }
    })
    return new Projection(plan instanceof Projection ? plan.input : plan, exprs)
  })
}

/** One row of each group of equal rows. */
export function distinct(ctx: BindContext, plan: LogicalPlan): LogicalPlan {
  const groups = plan.columns.map((column) => ({
    column: ctx.newColumn(column.name, column.type, column.nullable),
    expr: refTo(column),
  }))
  return new Aggregate(plan, groups, null, null, [])
}

function sameRow(left: readonly LogicalColumn[], right: readonly LogicalColumn[]): Expr | null {
  return conjunction(
    left.map((column, i) => new ComparisonExpr('IS NOT DISTINCT FROM', refTo(column), refTo(right[i]!))),
  )
}

/** The plan with the number of each row among its equals as last column. */
function numbered(ctx: BindContext, plan: LogicalPlan): LogicalPlan {
  return new Window(plan, [rowNumber(ctx, plan.columns.map(refTo), [])])
}

export function rowNumber(
  ctx: BindContext,
  partitionBy: readonly Expr[],
  orderBy: WindowCall['orderBy'],
): { column: LogicalColumn; call: WindowCall } {
  const fn = ctx.planning.functions.window('row_number')
  const signature = fn?.resolve([]) ?? null
  if (fn === undefined || signature === null) throw internalError('no window function row_number')
  const { returnType: type, nullable } = signature
  const call = new WindowCall(fn, [], { partitionBy, orderBy, frame: DEFAULT_FRAME, type, nullable, filter: null })
  return { column: ctx.newColumn('row_number', type, nullable), call }
}
