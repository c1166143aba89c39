import type { ValueRange } from '../catalog/table-provider.ts'
import { ColumnRef } from '../logical/expressions.ts'
import {
  Aggregate,
  CommonSubplan,
  Projection,
  TableScan,
  Union,
  type ColumnId,
  type LogicalPlan,
} from '../logical/logical-plan.ts'

/** What is known of the column of a table that a plan's column comes from. */
export interface BaseColumn {
  /** Rows of the table, whatever filters leave of them. */
  readonly rows: number
  readonly range: ValueRange | null
}

/** The column of a table that column `id` of a plan is, perhaps grouped by; null where it is computed. */
export function baseColumn(plan: LogicalPlan, id: ColumnId): BaseColumn | null {
  if (plan instanceof TableScan) {
    const source = plan.outputs.find((output) => output.column.id === id)?.source
    const rows = plan.provider.rows?.value
    if (source?.kind !== 'column' || rows === undefined) return null
    return { rows, range: plan.provider.columnRange?.(source.name) ?? null }
  }
  if (plan instanceof Union) return null
  if (plan instanceof CommonSubplan) {
    const below = plan.input.columns[plan.columns.findIndex((column) => column.id === id)]
    return below === undefined ? null : baseColumn(plan.input, below.id)
  }
  if (plan instanceof Projection || plan instanceof Aggregate) {
    const made = (plan instanceof Projection ? plan.exprs : plan.groups).find(({ column }) => column.id === id)
    return made?.expr instanceof ColumnRef ? baseColumn(plan.children[0]!, made.expr.id) : null
  }
  for (const child of plan.children) {
    if (child.columns.some((column) => column.id === id)) return baseColumn(child, id)
  }
  return null
}

/** At most so many distinct values a column has, by the range of its integers; null where nothing is known. */
export function distinctValues(base: BaseColumn | null): number | null {
  if (base === null || base.range === null) return null
  return Math.max(1, Math.min(base.rows, base.range.max - base.range.min + 1))
}
