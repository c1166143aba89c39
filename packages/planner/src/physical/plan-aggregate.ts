import {
  AggregateExec,
  ColumnExpr,
  GROUPING_ID,
  hashPartitioning,
  RepartitionExec,
  type AggregateCall,
  type ExecutionPlan,
  type Expr,
} from '@volley/core'
import { Field, Schema, Uint32 } from 'apache-arrow'
import type { Aggregate } from '../logical/logical-plan.ts'
import { isMany, single } from './distribution.ts'
import type { PhysicalPlanningContext } from './physical-rule.ts'
import { bindTo, fieldOf, type Planned } from './planned.ts'

/**
 * Partial aggregates where the rows are, and a final one over their states: in one partition, or by the hash of the groups
 * where there are many of them. Rows that were in one partition and come from no split are aggregated at once; a
 * source of splits may take the partial aggregate over, whatever its number of partitions.
 */
export function planAggregate(node: Aggregate, input: Planned, context: PhysicalPlanningContext): Planned {
  const groups = node.groups.map(({ expr }) => bindTo(expr, input))
  const calls = node.aggregates.map(({ call }) =>
    call.withExprs(
      call.args.map((arg) => bindTo(arg, input)),
      call.filter === null ? null : bindTo(call.filter, input),
      call.orderBy.map((key) => ({ ...key, expr: bindTo(key.expr, input) })),
    ),
  )
  const sets = node.groupingSets
  const groupFields = groups.map((expr, i) => fieldOf(node.groups[i]!.column.name, sets !== null, expr, input.plan))
  const schema = new Schema([
    ...groupFields,
    ...(node.groupingId === null ? [] : [new Field(GROUPING_ID, new Uint32(), false)]),
    ...node.aggregates.map(({ column }) => new Field(column.name, column.type, column.nullable)),
  ])
  const ids = node.columns.map((column) => column.id)
  if (!isMany(input.plan, true)) {
    return { plan: new AggregateExec(input.plan, 'single', groups, sets, calls, schema), ids }
  }
  const partialSchema = AggregateExec.partialSchema(groupFields, sets, calls)
  const partial = new AggregateExec(input.plan, 'partial', groups, sets, calls, partialSchema)
  const keys = groups.map((_, i) => columnAt(partialSchema, i))
  const gathered = gather(partial, keys, sets !== null, input.plan, context)
  return { plan: new AggregateExec(gathered, 'final', keys, sets, calls as readonly AggregateCall[], schema), ids }
}

function columnAt(schema: Schema, index: number): ColumnExpr {
  const field = schema.fields[index]!
  return new ColumnExpr(index, field.name, field.type, field.nullable)
}

function gather(
  partial: ExecutionPlan,
  keys: readonly Expr[],
  hasSets: boolean,
  input: ExecutionPlan,
  context: PhysicalPlanningContext,
): ExecutionPlan {
  const distributed = context.distributed === true
  const rows = input.statistics.rows?.value ?? Infinity
  const limit = Number(context.settings.get('repartition_groups_above') ?? 10_000)
  const few = rows * 0.1 <= limit
  if (keys.length === 0 || few || !isMany(partial, distributed)) return single(partial, distributed)
  const exprs = hasSets ? [...keys, columnAt(partial.schema, keys.length)] : keys
  const own = partial.partitioning
  if (own.kind === 'hash' && own.exprs.length > 0) return partial
  return new RepartitionExec(partial, hashPartitioning(exprs, context.settings.targetPartitions))
}
