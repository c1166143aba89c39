import { AggregateCall, exprKey, type Expr } from '@volley/core'
import { refOf } from '../expressions/analysis.ts'
import { ColumnRef } from '../logical/expressions.ts'
import { Aggregate, transformLogicalPlan, type LogicalColumn, type LogicalPlan } from '../logical/logical-plan.ts'
import type { LogicalRule, RuleContext } from './logical-rule.ts'

/**
 * Aggregates of DISTINCT values as two aggregates: the lower one makes the values distinct, the upper one counts them.
 *
 * Preconditions: no grouping sets; every aggregate is DISTINCT over the same one expression, without FILTER and ORDER BY.
 */
export const singleDistinctToGroupBy: LogicalRule = {
  name: 'single_distinct_to_group_by',
  apply: (plan, context) =>
    transformLogicalPlan(plan, (node) => (node instanceof Aggregate ? (rewrite(node, context) ?? node) : node)),
}

function rewrite(node: Aggregate, context: RuleContext): LogicalPlan | null {
  if (node.groupingSets !== null || node.aggregates.length === 0) return null
  const value = node.aggregates[0]!.call.args[0]
  if (value === undefined) return null
  const key = exprKey(value)
  const fits = node.aggregates.every(({ call }) => {
    const plain = call.distinct && call.filter === null && call.orderBy.length === 0 && call.args.length === 1
    return plain && call.fn.ordered !== true && exprKey(call.args[0]!) === key
  })
  if (!fits) return null
  const grouped = node.groups.find((group) => exprKey(group.expr) === key)?.column
  const column: LogicalColumn =
    value instanceof ColumnRef && !node.groups.some((group) => group.column.id === value.id)
      ? { id: value.id, name: value.name, type: value.type, nullable: value.nullable, qualifier: null }
      : { id: context.newId(), name: String(value), type: value.type, nullable: value.nullable, qualifier: null }
  const groups = grouped === undefined ? [...node.groups, { column, expr: value }] : node.groups
  const distinct = new Aggregate(node.input, groups, null, null, [])
  const arg: Expr = refOf(grouped ?? column)
  const aggregates = node.aggregates.map(({ column, call }) => {
    const { filter, orderBy, type, nullable, argTypes } = call
    return {
      column,
      call: new AggregateCall(call.fn, [arg], { distinct: false, filter, orderBy, type, nullable, argTypes }),
    }
  })
  const regrouped = node.groups.map((group) => ({ column: group.column, expr: refOf(group.column) }))
  return new Aggregate(distinct, regrouped, null, null, aggregates)
}
