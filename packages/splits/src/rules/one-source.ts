import { ColumnExpr, DocIdJoinExec, ProjectionExec, transformExpr, type ExecutionPlan, type Expr } from '@volley/core'
import { addressFields } from '../sources/address.ts'
import { ColumnSource } from '../sources/column-source.ts'
import { FastFieldExec } from '../sources/fast-field-exec.ts'
import { InvertedIndexExec } from '../sources/inverted-index-exec.ts'

/**
 * `f ⋈ d` and `(inv ⋈ f) ⋈ d` as one source of the columns of both, behind the inverted index; null for other joins, and
 * where a source gives only some of its rows.
 */
export function asOneSource({ left, right, joinType, on, schema }: DocIdJoinExec): ExecutionPlan | null {
  if (joinType !== 'inner' || !(right instanceof ColumnSource)) return null
  const fast = left instanceof DocIdJoinExec ? left.right : left
  if (!(fast instanceof ColumnSource) || fast.options.top !== null || fast.options.fetch !== null) return null
  if (right.options.top !== null || right.options.fetch !== null) return null
  if (fast.options.query.length > 0 || right.options.query.length > 0) return null
  if (left instanceof DocIdJoinExec && !(left.joinType === 'inner' && left.left instanceof InvertedIndexExec))
    return null
  const first = addressFields.length
  if (on.length !== first || on.some((key, i) => key.left !== i || key.right !== i)) return null
  if (fast.table.layout.layoutId !== right.table.layout.layoutId) return null
  const { columns, filters } = fast.options
  const shift = (expr: Expr): Expr =>
    transformExpr(expr, (node) =>
      node instanceof ColumnExpr && node.index >= first
        ? new ColumnExpr(node.index + columns.length, node.name, node.type, node.nullable)
        : node,
    )
  const runtime = [
    ...(fast.options.runtime ?? []),
    ...(right.options.runtime ?? []).map((filter) => ({ ...filter, expr: shift(filter.expr) })),
  ]
  const options = {
    columns: [...columns, ...right.options.columns],
    filters: [...filters, ...right.options.filters.map(shift)],
    query: [],
    top: null,
    fetch: null,
    ...(runtime.length === 0 ? {} : { runtime }),
  }
  const source = new FastFieldExec(fast.table, options)
  const input = left instanceof DocIdJoinExec ? left.withChildren([left.left, source]) : source
  const width = left.schema.fields.length
  const exprs = schema.fields.map((field, i) => {
    const at = i < width ? i : i < width + first ? i - width : i - first
    return new ColumnExpr(at, field.name, field.type, field.nullable)
  })
  return new ProjectionExec(input, exprs, schema)
}
