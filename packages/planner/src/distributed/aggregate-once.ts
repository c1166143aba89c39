import { AggregateExec, CoalescePartitionsExec, RepartitionExec, transformPlan, type ExecutionPlan } from '@volley/core'
import type { PhysicalRule } from '../physical/physical-rule.ts'

/** A leaf that gives the partial states of an aggregate, and can give its results where it has all the rows. */
export interface PartialSource extends ExecutionPlan {
  /** The same, with the results of the final aggregate above it. */
  withResults(final: AggregateExec): ExecutionPlan
}

/**
 * Leaves out the second phase of aggregates whose first phase has all rows: groups are made once, and are not dealt by
 * their hash.
 *
 * Preconditions: the whole plan is for one worker, in one thread; the first phase has one partition.
 */
export const aggregateOnce: PhysicalRule = {
  name: 'aggregate_once',
  apply: (plan) =>
    transformPlan(plan, (node) => (node instanceof AggregateExec && node.mode === 'final' ? once(node) : node)),
}

function once(final: AggregateExec): ExecutionPlan {
  const { input } = final
  const exchanged = input instanceof CoalescePartitionsExec || input instanceof RepartitionExec
  const partial = exchanged ? input.children[0]! : input
  if (partial.partitioning.count !== 1 || input.partitioning.count !== 1) return final
  const single = atOnce(partial, final)
  if (single === null) return final
  return input instanceof CoalescePartitionsExec ? new CoalescePartitionsExec(single) : single
}

function atOnce(partial: ExecutionPlan, final: AggregateExec): ExecutionPlan | null {
  if (isPartialSource(partial)) return partial.withResults(final)
  if (!(partial instanceof AggregateExec) || partial.mode !== 'partial') return null
  const { input, groups, groupingSets, calls } = partial
  return new AggregateExec(input, 'single', groups, groupingSets, calls, final.schema)
}

function isPartialSource(plan: ExecutionPlan): plan is PartialSource {
  return 'withResults' in plan
}
