import { type Expr, resolveNull, typeName, typesEqual } from '@volley/core'
import { ColumnRef, type LogicalColumn, type LogicalPlan, type NamedExpr, Projection } from '@volley/planner'
import type { DataType } from 'apache-arrow'
import type { BindContext } from './bind-context.ts'
import { castTo } from './coerce.ts'

export function refTo(column: LogicalColumn): ColumnRef {
  return new ColumnRef(column.id, column.name, column.type, column.nullable)
}

/** What a plan computes for its column `i`: its own expression where it is a projection, so that constants are seen. */
export function outputExpr(plan: LogicalPlan, i: number): Expr {
  return plan instanceof Projection ? plan.exprs[i]!.expr : refTo(plan.columns[i]!)
}

/** The plan with its columns cast; those that have their type keep their id. */
export function castColumns(ctx: BindContext, plan: LogicalPlan, types: readonly DataType[]): LogicalPlan {
  if (plan.columns.every((column, i) => typesEqual(column.type, types[i]!))) return plan
  const exprs = plan.columns.map((column, i): NamedExpr => {
    const source = outputExpr(plan, i)
    if (typesEqual(column.type, types[i]!)) return { column, expr: source }
    const expr = castTo(ctx, source, types[i]!)
    return { column: ctx.newColumn(column.name, expr.type, expr.nullable), expr }
  })
  return new Projection(plan instanceof Projection ? plan.input : plan, exprs)
}

/** The plan with text in place of columns that are NULL and nothing else. */
export function resolveNullColumns(ctx: BindContext, plan: LogicalPlan): LogicalPlan {
  if (plan.columns.every((column) => typeName(column.type) !== 'Null')) return plan
  return castColumns(
    ctx,
    plan,
    plan.columns.map((column) => resolveNull(column.type)),
  )
}

/** Gives names to the columns of a projection over `plan`; a column that is passed on keeps its id, once. */
export class OutputColumns {
  readonly exprs: NamedExpr[] = []
  readonly #ctx: BindContext
  readonly #taken = new Set<number>()

  constructor(ctx: BindContext) {
    this.#ctx = ctx
  }

  add(expr: Expr, name: string): LogicalColumn {
    const column = this.#column(expr, name)
    this.exprs.push({ column, expr })
    return column
  }

  #column(expr: Expr, name: string): LogicalColumn {
    if (!(expr instanceof ColumnRef)) return this.#ctx.newColumn(name, expr.type, expr.nullable)
    if (!this.#taken.has(expr.id)) {
      this.#taken.add(expr.id)
      return { id: expr.id, name, type: expr.type, nullable: expr.nullable, qualifier: null }
    }
    const copy = this.#ctx.newColumn(name, expr.type, expr.nullable)
    const field = this.#ctx.fields.get(expr.id)
    if (field !== undefined) this.#ctx.fields.set(copy.id, field)
    return copy
  }
}
