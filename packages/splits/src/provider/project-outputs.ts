import { ColumnExpr, ProjectionExec, type ExecutionPlan } from '@volley/core'
import type { ScanColumn, ScanRequest } from '@volley/planner'
import { Field, Schema } from 'apache-arrow'
import { addressFields } from '../sources/address.ts'

/** Name of the score column of the inverted index. */
export const SCORE_COLUMN = '_score'

/** Whether a scan column is part of the document's address, which every source has. */
export function isAddress(source: ScanColumn): boolean {
  return source.kind === 'column' && addressFields.some((field) => field.name === source.name)
}

/** Puts the wanted outputs in their order, by the names that the sources give them; nothing when they are so already. */
export function projectOutputs(plan: ExecutionPlan, outputs: ScanRequest['outputs']): ExecutionPlan {
  const { fields } = plan.schema
  const exprs = outputs.map(({ name, type, nullable, source }) => {
    const wanted = source.kind === 'score' ? SCORE_COLUMN : isAddress(source) ? (source as { name: string }).name : name
    return new ColumnExpr(
      fields.findIndex((field) => field.name === wanted),
      name,
      type,
      nullable,
    )
  })
  const inOrder = exprs.length === fields.length && exprs.every((expr, i) => expr.index === i)
  if (inOrder) return plan
  const projected = exprs.map(
    (expr) => new Field(expr.name, expr.type, expr.nullable, new Map(fields[expr.index]!.metadata)),
  )
  return new ProjectionExec(plan, exprs, new Schema(projected))
}
