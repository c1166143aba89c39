import { refOf } from '../expressions/analysis.ts'
import {
  Projection,
  TableScan,
  type LogicalColumn,
  type LogicalPlan,
  type ScanColumn,
} from '../logical/logical-plan.ts'
import { scanOf } from './plan-tools.ts'

/**
 * The plan with one more column of its scan, handed on by the nodes between, and the column as the plan shows it; null where
 * a node between, such as an aggregate, cannot hand it on. A column that the scan has already is used.
 */
export function withScanColumn(
  plan: LogicalPlan,
  scan: TableScan,
  source: ScanColumn,
  column: LogicalColumn,
): { plan: LogicalPlan; column: LogicalColumn } | null {
  if (plan === scan) {
    const same = scan.outputs.find((output) => sourceKey(output.source) === sourceKey(source))
    if (same !== undefined) return { plan: scan, column: same.column }
    const outputs = [...scan.outputs, { column, source }]
    return { plan: new TableScan(scan.provider, outputs, scan.filters, scan.textFilters, scan.fetch), column }
  }
  const at = plan.children.findIndex((child) => scanOf(child, scan.outputs[0]!.column.id) === scan)
  const found = withScanColumn(plan.children[at]!, scan, source, column)
  if (found === null) return null
  const { plan: child, column: inner } = found
  let next = plan.withChildren(plan.children.map((other, i) => (i === at ? child : other)))
  let shown = next.columns.find((candidate) => candidate.id === inner.id)
  if (shown === undefined && next instanceof Projection) {
    next = new Projection(child, [...next.exprs, { column: inner, expr: refOf(inner) }])
    shown = inner
  }
  return shown === undefined ? null : { plan: next, column: shown }
}

function sourceKey(source: ScanColumn): string {
  return source.kind === 'mark'
    ? `mark:${source.predicate.key}`
    : source.kind === 'score'
      ? 'score'
      : `${source.kind}:${JSON.stringify(source)}`
}
