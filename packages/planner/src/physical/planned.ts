import {
  ColumnExpr,
  internalError,
  ProjectionExec,
  transformExpr,
  typeName,
  type ExecutionPlan,
  type Expr,
} from '@volley/core'
import { Field, Schema } from 'apache-arrow'
import { ColumnRef } from '../logical/expressions.ts'
import type { ColumnId, LogicalColumn } from '../logical/logical-plan.ts'

/** A physical plan, with the logical column that each of its columns is. */
export interface Planned {
  readonly plan: ExecutionPlan
  readonly ids: readonly ColumnId[]
}

/** The expression over positions of `ids` in place of column ids. */
export function bind(expr: Expr, ids: readonly ColumnId[], schema: Schema): Expr {
  return transformExpr(expr, (node) => {
    if (!(node instanceof ColumnRef)) return node
    const index = ids.indexOf(node.id)
    if (index < 0) throw internalError(`column ${node.name} (${node.id}) is not among [${ids.join(', ')}]`)
    const field = schema.fields[index]!
    return new ColumnExpr(index, node.name, field.type, field.nullable)
  })
}

export function bindTo(expr: Expr, input: Planned): Expr {
  return bind(expr, input.ids, input.plan.schema)
}

/** The field of a computed column; one that only passes through keeps its metadata. */
export function fieldOf(name: string, nullable: boolean, expr: Expr, input: ExecutionPlan): Field {
  const metadata =
    expr instanceof ColumnExpr ? new Map(input.schema.fields[expr.index]!.metadata) : new Map<string, string>()
  return new Field(name, expr.type, nullable || expr.nullable, metadata)
}

/** The plan with exactly these columns, names included. */
export function projectTo(input: Planned, columns: readonly LogicalColumn[]): Planned {
  const { plan, ids } = input
  const { fields } = plan.schema
  const inPlace =
    ids.length === columns.length &&
    columns.every((column, i) => ids[i] === column.id && fields[i]!.name === column.name)
  if (inPlace) return input
  const exprs = columns.map((column) => {
    const index = ids.indexOf(column.id)
    if (index < 0) throw internalError(`column ${column.name} (${column.id}) is not among [${ids.join(', ')}]`)
    const field = fields[index]!
    return new ColumnExpr(index, field.name, field.type, field.nullable)
  })
  const schema = new Schema(columns.map((column, i) => fieldOf(column.name, false, exprs[i]!, plan)))
  return { plan: new ProjectionExec(plan, exprs, schema), ids: columns.map((column) => column.id) }
}

const WIDTHS: Readonly<Record<string, number>> = {
  Null: 0,
  Bool: 1,
  Utf8: 24,
  Json: 100,
  Binary: 32,
  List: 48,
  Struct: 48,
}

/** Bytes that a plan gives, by its statistics or by rows times a guess at their width; null when nothing is known. */
export function estimateBytes(plan: ExecutionPlan): number | null {
  const { rows, bytes } = plan.statistics
  if (bytes !== null) return bytes.value
  if (rows === null) return null
  const width = plan.schema.fields.reduce((sum, field) => sum + (WIDTHS[typeName(field.type)] ?? 8), 0)
  return rows.value * Math.max(1, width)
}
