import {
  CoalesceExpr,
  literal,
  LiteralExpr,
  SqlState,
  transformExpr,
  visitExpr,
  VolleyError,
  type Expr,
} from '@volley/core'
import { Bool, Float64 } from 'apache-arrow'
import { refOf } from '../expressions/analysis.ts'
import { ScoreExpr, TextPredicateExpr } from '../logical/expressions.ts'
import {
  Projection,
  type TableScan,
  type ColumnId,
  type LogicalColumn,
  type LogicalPlan,
  type ScanColumn,
} from '../logical/logical-plan.ts'
import type { LogicalRule, RuleContext } from './logical-rule.ts'
import { mapChildren, scanOf } from './plan-tools.ts'
import { pushDownPredicates } from './push-down-predicates.ts'
import { pushTextFilters } from './push-down-text-filters.ts'
import { withScanColumn } from './scan-columns.ts'

/**
 * Makes columns of their scan of score() and of every text predicate that did not become a filter of it: a mark column each,
 * handed on by the nodes between. Where a scan is scored, its text filters are moved into it if that was not done before.
 *
 * Preconditions: none; raises an error for score() over a scan without a text filter, and for what the provider cannot
 * search. Above an outer join that pads the scan, a mark is FALSE and a score 0.
 */
export const resolveTextPredicates: LogicalRule = {
  name: 'resolve_text_predicates',
  required: true,
  apply(plan, context) {
    if (!hasText(plan)) return plan
    const scored = new Set<ColumnId>()
    const collect = (node: LogicalPlan): void => {
      for (const expr of node.expressions) {
        visitExpr(expr, (part) => {
          if (!(part instanceof ScoreExpr)) return
          const scan = scanOf(plan, part.scan)
          if (scan !== null) for (const output of scan.outputs) scored.add(output.column.id)
        })
      }
      node.children.forEach(collect)
    }
    collect(plan)
    if (scored.size === 0) return resolve(plan, context)
    const pushed = pushDownPredicates.apply(plan, context)
    return resolve(
      pushTextFilters(pushed, (scan) => scan.outputs.some((output) => scored.has(output.column.id))),
      context,
    )
  },
}

function hasText(plan: LogicalPlan): boolean {
  return plan.expressions.some(isTextual) || plan.children.some(hasText)
}

function isTextual(expr: Expr): boolean {
  return expr instanceof TextPredicateExpr || expr instanceof ScoreExpr || expr.children.some(isTextual)
}

/** Replaces what is left, bottom-up: below a node, scans get the columns that it reads, and nodes between hand them on. */
function resolve(plan: LogicalPlan, context: RuleContext): LogicalPlan {
  let node = mapChildren(plan, (child) => resolve(child, context))
  if (!node.expressions.some(isTextual)) return node
  let children = node.children
  const threaded = new Map<string, LogicalColumn>()
  const thread = (
    scanId: number,
    source: ScanColumn,
    key: string,
    name: string,
    type: LogicalColumn['type'],
  ): LogicalColumn => {
    const known = threaded.get(key)
    if (known !== undefined) return known
    for (let i = 0; i < children.length; i++) {
      const scan = scanOf(children[i]!, scanId)
      if (scan === null) continue
      check(scan, source)
      const wanted = { id: context.newId(), name, type, nullable: false, qualifier: null }
      const found = withScanColumn(children[i]!, scan, source, wanted)
      if (found === null) break
      const { plan: child, column } = found
      children = children.map((other, j) => (j === i ? child : other))
      threaded.set(key, column)
      return column
    }
    throw new VolleyError(`${name} cannot be evaluated here: its table is not in reach`, {
      code: SqlState.featureNotSupported,
    })
  }
  const replaced = node.expressions.map((expr) =>
    transformExpr(expr, (part) => {
      if (part instanceof TextPredicateExpr) {
        const source: ScanColumn = { kind: 'mark', predicate: part.predicate }
        const column = thread(
          part.scan,
          source,
          `${part.scan}:${part.predicate.key}`,
          String(part.predicate),
          new Bool(),
        )
        return column.nullable ? new CoalesceExpr([refOf(column), literal(false)], column.type) : refOf(column)
      }
      if (part instanceof ScoreExpr) {
        const column = thread(part.scan, { kind: 'score' }, `${part.scan}:score`, '_score', new Float64())
        return column.nullable
          ? new CoalesceExpr([refOf(column), new LiteralExpr(column.type, 0)], column.type)
          : refOf(column)
      }
      return part
    }),
  )
  const { columns } = node
  node = node.withChildren(children).withExpressions(replaced)
  // Nodes that hand every input column on would show the new ones.
  if (node.columns.length === columns.length) return node
  const byId = new Map(node.columns.map((column) => [column.id, column]))
  return new Projection(
    node,
    columns.map((column) => ({ column, expr: refOf(byId.get(column.id)!) })),
  )
}

function check(scan: TableScan, source: ScanColumn): void {
  const { provider } = scan
  if (source.kind === 'score' && scan.textFilters.length === 0) {
    throw new VolleyError('score() needs a condition that scores: match(), phrase() or @@ at the top of WHERE', {
      code: SqlState.featureNotSupported,
    })
  }
  if (source.kind !== 'mark') return
  if (!provider.supportsText)
    throw new VolleyError(`table "${provider.name}" cannot be searched`, { code: SqlState.featureNotSupported })
  provider.checkText(source.predicate)
}
