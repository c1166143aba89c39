import { isJson, LiteralExpr, ScalarFunctionExpr, type Expr } from '@volley/core'
import { refOf } from '../expressions/analysis.ts'
import { ColumnRef } from '../logical/expressions.ts'
import { Projection, TableScan, type LogicalPlan, type ScanColumn } from '../logical/logical-plan.ts'
import type { LogicalRule, RuleContext } from './logical-rule.ts'
import { mapChildren, scanOf } from './plan-tools.ts'
import { withScanColumn } from './scan-columns.ts'

interface JsonPath {
  readonly column: ColumnRef
  readonly path: readonly (string | number)[]
  readonly text: boolean
}

/**
 * Reads a path into a JSON column as a column of the scan: `attributes->'http'->>'method'` needs one column of the split
 * instead of the whole document.
 *
 * Preconditions: every step is a literal (a text key or an index that is not negative), the column comes from a scan whose
 * provider takes paths, and every node between can hand one more column on.
 */
export const extractJsonPaths: LogicalRule = {
  name: 'extract_json_paths',
  apply: (plan, context) => extract(plan, context),
}

function extract(plan: LogicalPlan, context: RuleContext): LogicalPlan {
  const node = mapChildren(plan, (child) => extract(child, context))
  if (node instanceof TableScan || !node.expressions.some(hasPath)) return node
  let children = node.children
  const replace = (expr: Expr): Expr => {
    const path = pathOf(expr)
    if (path !== null) {
      for (let i = 0; i < children.length; i++) {
        const scan = scanOf(children[i]!, path.column.id)
        const source = scan === null ? null : scanColumnOf(scan, path)
        if (scan === null || source === null) continue
        const column = { id: context.newId(), name: String(expr), type: expr.type, nullable: true, qualifier: null }
        const found = withScanColumn(children[i]!, scan, source, column)
        if (found === null) break
        children = children.map((other, j) => (j === i ? found.plan : other))
        return refOf(found.column)
      }
    }
    const next = expr.children.map(replace)
    return next.every((child, i) => child === expr.children[i]) ? expr : expr.withChildren(next)
  }
  const expressions = node.expressions.map(replace)
  if (children === node.children) return node
  const next = node.withChildren(children).withExpressions(expressions)
  if (next.columns.length === node.columns.length) return next
  const byId = new Map(next.columns.map((column) => [column.id, column]))
  return new Projection(
    next,
    node.columns.map((column) => ({ column, expr: refOf(byId.get(column.id)!) })),
  )
}

function hasPath(expr: Expr): boolean {
  return pathOf(expr) !== null || expr.children.some(hasPath)
}

function pathOf(expr: Expr): JsonPath | null {
  if (!(expr instanceof ScalarFunctionExpr) || expr.children.length !== 2) return null
  const text = expr.fn.name === 'json_get_text'
  if (!text && expr.fn.name !== 'json_get') return null
  const [value, step] = expr.children
  const key = step instanceof LiteralExpr ? step.value : null
  const plainKey = typeof key === 'bigint' ? Number(key) : key
  if (
    typeof plainKey !== 'string' &&
    !(typeof plainKey === 'number' && Number.isSafeInteger(plainKey) && plainKey >= 0)
  )
    return null
  if (value instanceof ColumnRef) return isJson(value.type) ? { column: value, path: [plainKey], text } : null
  const inner = pathOf(value!)
  return inner === null || inner.text ? null : { column: inner.column, path: [...inner.path, plainKey], text }
}

function scanColumnOf(scan: TableScan, path: JsonPath): ScanColumn | null {
  if (!scan.provider.supportsPaths) return null
  const source = scan.outputs.find((output) => output.column.id === path.column.id)!.source
  if (source.kind !== 'column') return null
  return { kind: 'path', name: source.name, path: path.path, text: path.text }
}
