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
import { estimateRows, isMeasured } from '../expressions/estimate-rows.ts'
import { ColumnRef } from '../logical/expressions.ts'
import { Join, Projection, type ColumnId, type LogicalColumn, type LogicalPlan } from '../logical/logical-plan.ts'
import type { PhysicalPlanningContext } from './physical-rule.ts'

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

/** A guess at the bytes of a row. */
export function widthOf(plan: ExecutionPlan): number {
  return Math.max(
    1,
    plan.schema.fields.reduce((sum, field) => sum + (WIDTHS[typeName(field.type)] ?? 8), 0),
  )
}

/** Rows and bytes of a side of a join; null when nothing is known. */
export interface SizeEstimate {
  readonly rows: number | null
  readonly bytes: number | null
}

/**
 * How much a plan gives: by the rows of its logical node where those were sampled, or the tables say what their columns
 * hold; else by its statistics. Bytes are
 * rows times a guess at their width where nothing better is known.
 */
export function estimateSize(
  logical: LogicalPlan,
  plan: ExecutionPlan,
  known: PhysicalPlanningContext['rows'],
): SizeEstimate {
  const width = widthOf(plan)
  const sampled = known === undefined ? null : knownRows(logical, known)
  const counted = sampled ?? (isMeasured(logical) ? estimateRows(logical) : null)
  if (counted !== null) return { rows: counted, bytes: counted * width }
  const { rows, bytes } = plan.statistics
  if (bytes !== null) return { rows: rows?.value ?? null, bytes: bytes.value }
  return { rows: rows?.value ?? null, bytes: rows && rows.value * width }
}

/** Rows of a node above one whose rows are known. */
function knownRows(plan: LogicalPlan, known: ReadonlyMap<LogicalPlan, number>): number | null {
  const own = known.get(plan)
  if (own !== undefined) return own
  if (plan instanceof Projection) return knownRows(plan.input, known)
  if (!(plan instanceof Join) || (plan.joinType !== 'inner' && plan.joinType !== 'left_semi')) return null
  // A filtered side of a join by key filters the other as much, or so one hopes.
  const [left, right] = [knownRows(plan.left, known), knownRows(plan.right, known)]
  return plan.joinType === 'left_semi' ? left : left === null || right === null ? null : Math.max(left, right)
}
