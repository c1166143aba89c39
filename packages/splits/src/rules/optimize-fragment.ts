import { typesEqual, type ExecutionPlan } from '@volley/core'
import { describeChange, type PhysicalChange, type PhysicalRule, type Settings } from '@volley/planner'
import { aggPushdown } from './agg-pushdown.ts'
import { fastFieldFilterPushdown } from './fast-field-filter-pushdown.ts'
import { topKPushdown } from './top-k-pushdown.ts'

/** Rules that need to know one task only: what a coordinator left above the sources goes into them. */
const fragmentRules: readonly PhysicalRule[] = [fastFieldFilterPushdown, topKPushdown, aggPushdown]

/**
 * Optimizes a task's plan again, as a worker does with a plan whose coordinator knew fewer rules.
 *
 * Preconditions of each rewrite, beside the rule's own: the task keeps its schema, its number of partitions and their
 * order, for other tasks rely on them; a rewrite that changes one of them is dropped. A rule that is off stays off.
 * `onRule` is told of each that changed the plan.
 */
export function optimizeFragment(
  plan: ExecutionPlan,
  settings: ReadonlyMap<string, string>,
  onRule?: (change: PhysicalChange) => void,
): ExecutionPlan {
  const view: Settings = {
    get: (name) => settings.get(name),
    targetPartitions: Number(settings.get('target_partitions') ?? 1),
    batchSize: Number(settings.get('batch_size') ?? 4096),
    ruleEnabled: (name) => settings.get(`rules.${name}`) !== 'off',
  }
  return fragmentRules
    .filter(({ name }) => view.ruleEnabled(name))
    .reduce((before, rule) => {
      const after = rule.apply(before, { settings: view })
      if (after === before || !looksAlike(before, after)) return before
      const change = onRule === undefined ? null : describeChange(rule.name, before, after)
      if (change !== null) onRule?.(change)
      return after
    }, plan)
}

/** Whether readers of a task cannot tell one plan from the other. */
function looksAlike(a: ExecutionPlan, b: ExecutionPlan): boolean {
  const fields = b.schema.fields
  return (
    a.partitioning.count === b.partitioning.count &&
    a.schema.fields.length === fields.length &&
    a.schema.fields.every(({ name, type, nullable }, i) => {
      return name === fields[i]!.name && typesEqual(type, fields[i]!.type) && (nullable || !fields[i]!.nullable)
    }) &&
    a.ordering.length === b.ordering.length &&
    a.ordering.every((key, i) => {
      const other = b.ordering[i]!
      const same = key.descending === other.descending && key.nullsFirst === other.nullsFirst
      return same && String(key.expr) === String(other.expr)
    })
  )
}
