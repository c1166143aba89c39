import {
  ColumnExpr,
  conjuncts,
  DocIdJoinExec,
  FilterExec,
  ProjectionExec,
  ScalarFunctionExpr,
  transformExpr,
  visitExpr,
  type ExecutionPlan,
  type Expr,
} from '@volley/core'
import { Bool } from 'apache-arrow'
import { addressFields } from '../sources/address.ts'
import { ColumnSource } from '../sources/column-source.ts'
import { FastFieldExec } from '../sources/fast-field-exec.ts'
import { InvertedIndexExec } from '../sources/inverted-index-exec.ts'
import type { ScanTable } from '../sources/scan-table.ts'
import type { SourceColumn } from '../sources/segment-columns.ts'

/** The documents and columns of joined sources of one layout. */
interface Collapsed {
  readonly table: ScanTable
  readonly inverted: InvertedIndexExec | null
  readonly columns: readonly SourceColumn[]
  readonly filters: readonly Expr[]
  /** What each column of the plan is, over the address and `columns`; null for what only the inverted index has. */
  readonly exprs: readonly (Expr | null)[]
}

/**
 * The sources below projections, filters and inner joins by address as one source of columns, behind the inverted index
 * where it filters; null when there is anything else. Rows are the plan's. Marks of the inverted index are columns.
 */
export function collapseSources(plan: ExecutionPlan): Collapsed | null {
  if (plan instanceof InvertedIndexExec) {
    if (plan.options.topK !== null) return null
    const { filters, marks } = plan.options
    const columns = marks.map(({ name, predicate }): SourceColumn => ({
      name,
      type: new Bool(),
      nullable: false,
      source: { kind: 'mark', predicate },
    }))
    const scores = plan.schema.fields.length - addressFields.length - marks.length
    const exprs = plan.schema.fields.map((field, i) => {
      if (i < addressFields.length) return ownColumn(plan, i)
      return i < addressFields.length + scores
        ? null
        : new ColumnExpr(i - scores, field.name, field.type, field.nullable)
    })
    return {
      table: plan.table,
      inverted: filters.length === 0 ? null : plan.withoutColumns(),
      columns,
      filters: [],
      exprs,
    }
  }
  if (plan instanceof ColumnSource) {
    const { columns, filters, query, top, fetch } = plan.options
    if (query.length > 0 || top !== null || fetch !== null) return null
    const exprs = plan.schema.fields.map((_, i) => ownColumn(plan, i))
    return { table: plan.table, inverted: null, columns, filters, exprs }
  }
  if (plan instanceof DocIdJoinExec) return collapseJoin(plan)
  if (!(plan instanceof ProjectionExec) && !(plan instanceof FilterExec)) return null
  const input = collapseSources(plan.children[0]!)
  if (input === null) return null
  if (plan instanceof ProjectionExec) {
    return { ...input, exprs: plan.exprs.map((expr) => (isVolatile(expr) ? null : substitute(expr, input.exprs))) }
  }
  const predicate = isVolatile(plan.predicate) ? null : substitute(plan.predicate, input.exprs)
  // A source filters by its columns, not by its addresses.
  if (predicate === null || readsAddress(predicate)) return null
  return { ...input, filters: [...input.filters, ...conjuncts(predicate)] }
}

/** The one source of columns that `collapsed` reads, with those columns only that the expressions and its filters need. */
export function sourceOf(
  { table, columns, filters }: Collapsed,
  exprs: readonly Expr[],
): { readonly fields: FastFieldExec; readonly move: (expr: Expr) => Expr } {
  const first = addressFields.length
  const used = new Set<number>()
  for (const expr of [...exprs, ...filters]) {
    visitExpr(expr, (node) => {
      if (node instanceof ColumnExpr && node.index >= first) used.add(node.index - first)
    })
  }
  const kept = columns.map((_, i) => i).filter((i) => used.has(i))
  const place = new Map(kept.map((i, at) => [i + first, at + first]))
  const move = (expr: Expr): Expr =>
    transformExpr(expr, (node) =>
      node instanceof ColumnExpr && node.index >= first
        ? new ColumnExpr(place.get(node.index)!, node.name, node.type, node.nullable)
        : node,
    )
  const fields = new FastFieldExec(table, {
    columns: kept.map((i) => columns[i]!),
    filters: filters.map(move),
    query: [],
    top: null,
    fetch: null,
  })
  return { fields, move }
}

function collapseJoin(join: DocIdJoinExec): Collapsed | null {
  const [left, right] = [collapseSources(join.left), collapseSources(join.right)]
  if (join.joinType !== 'inner' || left === null || right === null) return null
  const sameTable = left.table.layout.layoutId === right.table.layout.layoutId && left.table.name === right.table.name
  if (!sameTable || (left.inverted !== null && right.inverted !== null)) return null
  const byAddress = join.on.every((key, i) => {
    const places = [left.exprs[key.left], right.exprs[key.right]]
    return places.every((expr) => expr instanceof ColumnExpr && expr.index === i)
  })
  if (!byAddress || join.on.length !== addressFields.length) return null
  const shift = (expr: Expr): Expr =>
    transformExpr(expr, (node) =>
      node instanceof ColumnExpr && node.index >= addressFields.length
        ? new ColumnExpr(node.index + left.columns.length, node.name, node.type, node.nullable)
        : node,
    )
  return {
    table: left.table,
    inverted: left.inverted ?? right.inverted,
    columns: [...left.columns, ...right.columns],
    filters: [...left.filters, ...right.filters.map(shift)],
    exprs: [...left.exprs, ...right.exprs.map((expr) => (expr === null ? null : shift(expr)))],
  }
}

function ownColumn(plan: ExecutionPlan, i: number): ColumnExpr {
  const field = plan.schema.fields[i]!
  return new ColumnExpr(i, field.name, field.type, field.nullable)
}

/** An expression with others in place of its columns; null when one of those is not there. */
export function substitute(expr: Expr, exprs: readonly (Expr | null)[]): Expr | null {
  let possible = true
  const moved = transformExpr(expr, (node) => {
    if (!(node instanceof ColumnExpr)) return node
    const other = exprs[node.index] ?? null
    if (other === null) possible = false
    return other ?? node
  })
  return possible ? moved : null
}

function readsAddress(expr: Expr): boolean {
  let found = false
  visitExpr(expr, (node) => {
    if (node instanceof ColumnExpr && node.index < addressFields.length) found = true
  })
  return found
}

function isVolatile(expr: Expr): boolean {
  let found = false
  visitExpr(expr, (node) => {
    if (node instanceof ScalarFunctionExpr && node.fn.volatility === 'volatile') found = true
  })
  return found
}
