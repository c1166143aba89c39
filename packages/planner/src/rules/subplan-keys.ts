import { exprKey, typeKey, type Expr, type SortKey } from '@volley/core'
import type { TableProvider } from '../catalog/table-provider.ts'
import { isVolatile, substitute } from '../expressions/analysis.ts'
import { ColumnRef } from '../logical/expressions.ts'
import {
  Aggregate,
  CommonSubplan,
  Filter,
  Join,
  Limit,
  Projection,
  Sort,
  TableScan,
  Union,
  Unnest,
  Values,
  Window,
  type ColumnId,
  type LogicalPlan,
  type ScanColumn,
} from '../logical/logical-plan.ts'

/** Keys of plans that are equal where the plans are, whatever the ids and names of their columns. */
export class SubplanKeys {
  readonly #providers = new Map<TableProvider, number>()

  /**
   * Equal plans give equal rows in columns of equal types, position by position. Null for a plan that is equal to none:
   * one with a volatile function, or that reads the rounds of a recursive query.
   */
  of(plan: LogicalPlan): string | null {
    const locals = new Map<ColumnId, Expr>()
    const key = this.#key(plan, locals)
    if (key === null) return null
    const columns = plan.columns.map(({ type, nullable }) => `${typeKey(type)}${nullable ? '?' : ''}`)
    return `${key}=>${columns.join(',')}`
  }

  #key(plan: LogicalPlan, locals: Map<ColumnId, Expr>): string | null {
    const children = plan.children.map((child) => this.#key(child, locals))
    if (children.includes(null) || plan.expressions.some(isVolatile)) return null
    // Filters of a scan read its own columns.
    if (plan instanceof TableScan) number(plan, locals)
    const own = this.#attributes(plan)
    if (own === null) return null
    const exprs = plan.expressions.map((expr) => exprKey(substitute(expr, locals)))
    number(plan, locals)
    const columns = plan.columns.map(({ id }) => (locals.get(id) as ColumnRef).id)
    return `${plan.kind}<${own}>[${exprs.join(';')}](${children.join(';')})${columns.join(',')}`
  }

  /** What, beside inputs and expressions, tells a node from another of its kind. */
  #attributes(plan: LogicalPlan): string | null {
    if (plan instanceof TableScan) {
      const sources = plan.outputs.map(({ source }) => sourceKey(source))
      const texts = plan.textFilters.map((filter) => filter.key)
      return JSON.stringify([this.#numberOf(plan.provider), sources, texts, plan.fetch])
    }
    if (plan instanceof Values) return `${plan.rows.length}`
    if (plan instanceof Filter || plan instanceof Projection || plan instanceof Union) return ''
    if (plan instanceof Aggregate) {
      const calls = plan.aggregates.map(({ call }) => [
        call.fn.name,
        call.args.length,
        call.distinct,
        call.filter !== null,
        ordersOf(call.orderBy),
      ])
      return JSON.stringify([plan.groups.length, plan.groupingSets, plan.groupingId !== null, calls])
    }
    if (plan instanceof Window) {
      const calls = plan.windows.map(({ call }) => {
        const { start, end, units, exclude } = call.frame
        const frame = [units, start.kind, end.kind, exclude, start.offset !== null, end.offset !== null]
        const sizes = [call.args.length, call.partitionBy.length, call.filter !== null]
        const orders = [ordersOf(call.orderBy), ordersOf(call.argumentOrder)]
        return [call.fn.name, call.ignoreNulls, call.distinct, frame, sizes, orders]
      })
      return JSON.stringify(calls)
    }
    if (plan instanceof Join) return JSON.stringify([plan.joinType, plan.nullAware])
    if (plan instanceof Sort) return JSON.stringify([ordersOf(plan.keys), plan.fetch])
    if (plan instanceof Limit) return JSON.stringify([plan.skip, plan.fetch])
    if (plan instanceof Unnest) return `${plan.outer}`
    return plan instanceof CommonSubplan ? `${plan.id}` : null
  }

  #numberOf(provider: TableProvider): number {
    const known = this.#providers.get(provider)
    if (known !== undefined) return known
    this.#providers.set(provider, this.#providers.size)
    return this.#providers.size - 1
  }
}

/** Numbers the columns that a node makes, in the order in which plans that are equal make them. */
function number(plan: LogicalPlan, locals: Map<ColumnId, Expr>): void {
  for (const { id, type, nullable } of plan.columns) {
    if (!locals.has(id)) locals.set(id, new ColumnRef(locals.size, '', type, nullable))
  }
}

function ordersOf(keys: readonly SortKey[]): readonly (readonly boolean[])[] {
  return keys.map(({ descending, nullsFirst }) => [descending, nullsFirst])
}

function sourceKey(source: ScanColumn): unknown {
  return source.kind === 'mark' ? ['mark', source.predicate.key] : source
}
