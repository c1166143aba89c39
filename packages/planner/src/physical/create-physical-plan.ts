import {
  FilterExec,
  internalError,
  LimitExec,
  LocalLimitExec,
  notSupported,
  ProjectionExec,
  RecursiveQueryExec,
  SortExec,
  SharedRowsExec,
  SortPreservingMergeExec,
  UnionExec,
  UnnestExec,
  ValuesExec,
  WindowExec,
  WorkTableExec,
  type ExecutionPlan,
  type SortKey,
  type WindowCall,
} from '@volley/core'
import { Field, Schema } from 'apache-arrow'
import { evaluateConstant } from '../expressions/fold-constants.ts'
import {
  Aggregate,
  CommonSubplan,
  Filter,
  Join,
  Limit,
  Projection,
  RecursiveQuery,
  Sort,
  TableScan,
  Union,
  Unnest,
  Values,
  Window,
  WorkTable,
  type LogicalColumn,
  type LogicalPlan,
} from '../logical/logical-plan.ts'
import { SubplanKeys } from '../rules/subplan-keys.ts'
import { applyPhysicalRules } from './apply-rules.ts'
import { ensureDistribution, hashed, isMany, single } from './distribution.ts'
import { linkSharedRows } from './link-shared-rows.ts'
import type { PhysicalPlanningContext } from './physical-rule.ts'
import { planAggregate } from './plan-aggregate.ts'
import { planJoin } from './plan-join.ts'
import { bindTo, fieldOf, projectTo, type Planned } from './planned.ts'
import { isSortedBy } from './sorted-by.ts'

/**
 * The physical plan of an optimized logical plan: one output partition, with the logical plan's columns.
 *
 * @throws VolleyError for a logical node that only a rule could have removed.
 */
export function createPhysicalPlan(logical: LogicalPlan, context: PhysicalPlanningContext): ExecutionPlan {
  const { settings, distributed = false } = context
  const { plan } = projectTo(planNode(logical, { ...context, common: new Map() }), logical.columns)
  const whole = single(ensureDistribution(plan, settings.targetPartitions, distributed), distributed)
  const current = applyPhysicalRules(whole, context.physicalRules ?? [], context)
  // A plan that will be dealt to tasks is linked when it is known what runs where.
  return distributed ? current : linkSharedRows(current)
}

interface NodeContext extends PhysicalPlanningContext {
  /** Keys of the first place of each common subplan, by its id. */
  readonly common: Map<number, string | null>
}

function planNode(node: LogicalPlan, context: NodeContext): Planned {
  if (node instanceof TableScan) return planScan(node, context)
  if (node instanceof Values) return planValues(node)
  if (node instanceof WorkTable) {
    return { plan: new WorkTableExec(node.name, schemaOf(node.columns)), ids: idsOf(node.columns) }
  }
  if (node instanceof RecursiveQuery) return planRecursive(node, context)
  if (node instanceof Union) return planUnion(node, context)
  if (node instanceof Join) {
    return planJoin(node, planNode(node.left, context), planNode(node.right, context), context)
  }
  if (node instanceof CommonSubplan) return planCommon(node, context)
  const [child] = node.children
  if (child === undefined) throw notSupported(`executing ${node.kind}`)
  const input = planNode(child, context)
  if (node instanceof Filter) return { plan: new FilterExec(input.plan, bindTo(node.predicate, input)), ids: input.ids }
  if (node instanceof Projection) return planProjection(node, input)
  if (node instanceof Aggregate) return planAggregate(node, input, context)
  if (node instanceof Unnest) return planUnnest(node, input)
  if (node instanceof Window) return planWindow(node, input, context)
  if (node instanceof Sort) return planSort(node, input, context)
  if (node instanceof Limit) return planLimit(node, input, context)
  throw notSupported(`executing ${node.kind}`)
}

function idsOf(columns: readonly LogicalColumn[]): number[] {
  return columns.map((column) => column.id)
}

function schemaOf(columns: readonly LogicalColumn[]): Schema {
  return new Schema(columns.map((column) => new Field(column.name, column.type, column.nullable)))
}

function planScan(node: TableScan, context: PhysicalPlanningContext): Planned {
  const taken = new Set<string>()
  const outputs = node.outputs.map(({ column, source }) => {
    // Sources tell columns apart by name.
    let name = source.kind === 'column' ? source.name : column.name
    while (taken.has(name)) name += "'"
    taken.add(name)
    return { name, type: column.type, nullable: column.nullable, source }
  })
  const ids = idsOf(node.columns)
  const filters = node.filters.map((filter) => bindTo(filter, { ids, plan: shapeOf(outputs) }))
  const plan = node.provider.scan({
    outputs,
    filters,
    textFilters: node.textFilters,
    fetch: node.fetch,
    settings: context.settings,
    dealt: context.threads === true && context.distributed === true,
  })
  if (plan.schema.fields.length !== outputs.length) {
    throw internalError(`table ${node.provider.name} gave ${plan.schema.fields.length} columns, not ${outputs.length}`)
  }
  return { plan, ids }
}

/** A plan that is only asked for its schema. */
function shapeOf(outputs: readonly { name: string; type: LogicalColumn['type']; nullable: boolean }[]): ExecutionPlan {
  return new ValuesExec(new Schema(outputs.map(({ name, type, nullable }) => new Field(name, type, nullable))), [])
}

function planValues(node: Values): Planned {
  const rows = node.rows.map((row) => row.map(evaluateConstant))
  return { plan: new ValuesExec(schemaOf(node.columns), rows), ids: idsOf(node.columns) }
}

function planProjection(node: Projection, input: Planned): Planned {
  const exprs = node.exprs.map(({ expr }) => bindTo(expr, input))
  const fields = exprs.map((expr, i) =>
    fieldOf(node.exprs[i]!.column.name, node.exprs[i]!.column.nullable, expr, input.plan),
  )
  return { plan: new ProjectionExec(input.plan, exprs, new Schema(fields)), ids: idsOf(node.columns) }
}

function planUnnest(node: Unnest, input: Planned): Planned {
  const lists = node.lists.map(({ expr }) => bindTo(expr, input))
  const items = node.lists.map(({ column }) => new Field(column.name, column.type, true))
  const schema = new Schema([...input.plan.schema.fields, ...items])
  const ids = [...input.ids, ...node.lists.map(({ column }) => column.id)]
  return { plan: new UnnestExec(input.plan, lists, node.outer, schema), ids }
}

function planWindow(node: Window, input: Planned, context: PhysicalPlanningContext): Planned {
  const calls: WindowCall[] = node.windows.map(({ call }) =>
    call.withExprs(call.exprs.map((expr) => bindTo(expr, input))),
  )
  const schema = new Schema([
    ...input.plan.schema.fields,
    ...node.windows.map(({ column }) => new Field(column.name, column.type, column.nullable)),
  ])
  const keys = calls[0]!.partitionBy
  const distributed = context.distributed === true
  const placed =
    keys.length === 0
      ? single(input.plan, distributed)
      : hashed(input.plan, keys, context.settings.targetPartitions, distributed)
  const ids = [...input.ids, ...node.windows.map(({ column }) => column.id)]
  return { plan: new WindowExec(placed, calls, schema), ids }
}

function planSort(node: Sort, input: Planned, context: PhysicalPlanningContext): Planned {
  const keys: SortKey[] = node.keys.map((key) => ({ ...key, expr: bindTo(key.expr, input) }))
  const many = isMany(input.plan, context.distributed === true)
  const { ids } = input
  if (isSortedBy(input.plan, keys)) {
    if (many) return { plan: new SortPreservingMergeExec(input.plan, keys, node.fetch), ids }
    return { plan: node.fetch === null ? input.plan : new LimitExec(input.plan, 0, node.fetch), ids }
  }
  const sorted = new SortExec(input.plan, keys, node.fetch, many)
  return { plan: many ? new SortPreservingMergeExec(sorted, keys, node.fetch) : sorted, ids }
}

function planLimit(node: Limit, input: Planned, context: PhysicalPlanningContext): Planned {
  const distributed = context.distributed === true
  let { plan } = input
  if (isMany(plan, distributed) && node.fetch !== null) plan = new LocalLimitExec(plan, node.skip + node.fetch)
  return { plan: new LimitExec(single(plan, distributed), node.skip, node.fetch), ids: input.ids }
}

function planCommon(node: CommonSubplan, context: NodeContext): Planned {
  const { plan } = inOrder(planNode(node.input, context), node.input.columns)
  const key = new SubplanKeys().of(node.input)
  if (!context.common.has(node.id)) context.common.set(node.id, key)
  // A rule may have told its places apart. Each has nodes of its own, for they may be executed in one task.
  const same = key !== null && context.common.get(node.id) === key
  return { plan: same ? new SharedRowsExec(node.id, plan) : plan, ids: idsOf(node.columns) }
}

function planUnion(node: Union, context: NodeContext): Planned {
  const inputs = node.children.map((child) => inOrder(planNode(child, context), child.columns))
  return { plan: new UnionExec(inputs.map((input) => input.plan)), ids: idsOf(node.columns) }
}

/** The columns in the logical plan's order, whatever they are called. */
function inOrder(input: Planned, columns: readonly LogicalColumn[]): Planned {
  const same = input.ids.length === columns.length && columns.every((column, i) => column.id === input.ids[i])
  return same ? input : projectTo(input, columns)
}

/**
 * Both terms in one partition. The recursive term is run again each round, so it reads its tables where the query is run, not
 * through exchanges.
 */
function planRecursive(node: RecursiveQuery, context: NodeContext): Planned {
  const schema = schemaOf(node.columns)
  const { targetPartitions } = context.settings
  const term = (child: LogicalPlan, distributed: boolean): ExecutionPlan => {
    const { plan } = inOrder(planNode(child, { ...context, distributed }), child.columns)
    return single(ensureDistribution(plan, targetPartitions, distributed), distributed)
  }
  const initial = term(node.initial, context.distributed === true)
  const recursive = term(node.recursive, false)
  return {
    plan: new RecursiveQueryExec(node.name, initial, recursive, node.distinct, schema),
    ids: idsOf(node.columns),
  }
}
