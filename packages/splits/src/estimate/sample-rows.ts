import { VolleyError, type TaskContext } from '@volley/core'
import {
  createPhysicalPlan,
  Filter,
  Join,
  Projection,
  TableScan,
  type LogicalPlan,
  type PhysicalPlanningContext,
} from '@volley/planner'
import { Layout, type SplitRef } from '../layout/layout.ts'
import { QuickwitTableProvider } from '../provider/quickwit-table-provider.ts'
import { collapseSources, sourceOf } from '../rules/collapse-sources.ts'
import { fastFieldFilterPushdown } from '../rules/fast-field-filter-pushdown.ts'
import { splitOpener, unitsOf } from '../sources/opened-layout.ts'
import { ScanTable } from '../sources/scan-table.ts'

type Settings = PhysicalPlanningContext['settings']

/** Splits of a table that are looked into. */
const SPLITS = 2

/**
 * Estimates the rows of the filtered scans that a plan joins, by what a sample of their splits says of the filters:
 * document frequencies, dictionaries and packed columns, but no documents. Splits that are open already are preferred.
 * What fails is left out; whoever runs the query will meet it again.
 */
export async function sampleRows(
  plan: LogicalPlan,
  settings: Settings,
  context: TaskContext,
): Promise<ReadonlyMap<LogicalPlan, number>> {
  const rows = new Map<LogicalPlan, number>()
  for (const scan of joinedScans(plan, false)) {
    try {
      const estimate = await sampled(scan, settings, context)
      if (estimate !== null) rows.set(scan, estimate)
    } catch (error) {
      context.throwIfCancelled()
      if (!(error instanceof VolleyError)) throw error
    }
  }
  return rows
}

/** Highest nodes below joins that are one scan of splits, filtered. */
function joinedScans(plan: LogicalPlan, joined: boolean): LogicalPlan[] {
  if (joined && isFilteredScan(plan, false)) return [plan]
  return plan.children.flatMap((child) => joinedScans(child, joined || plan instanceof Join))
}

function isFilteredScan(plan: LogicalPlan, filtered: boolean): boolean {
  if (plan instanceof TableScan) {
    const searched = filtered || plan.textFilters.length > 0
    return plan.provider instanceof QuickwitTableProvider && searched && plan.fetch === null
  }
  if (plan instanceof Filter) return isFilteredScan(plan.input, true)
  return plan instanceof Projection && isFilteredScan(plan.input, filtered)
}

async function sampled(plan: LogicalPlan, settings: Settings, context: TaskContext): Promise<number | null> {
  const onePartition: Settings = {
    targetPartitions: 1,
    batchSize: settings.batchSize,
    get: (name) => settings.get(name),
    ruleEnabled: (name) => settings.ruleEnabled(name),
  }
  const physical = createPhysicalPlan(plan, { settings: onePartition, physicalRules: [fastFieldFilterPushdown] })
  const collapsed = collapseSources(physical)
  if (collapsed === null) return null
  const { table, inverted } = collapsed
  const all = table.layout.splits
  const chosen = choose(all, context)
  if (chosen.length === 0) return 0
  const sample = new ScanTable(table.name, table.indexes, Layout.create(table.layout.layoutId, chosen, 1))
  const source = sourceOf({ ...collapsed, table: sample }, []).fields
  let found = 0
  for await (const unit of unitsOf(sample.layout, 0, context)) {
    const docs = inverted === null ? null : await inverted.docsOf(unit, context)
    found += docs?.length === 0 ? 0 : await source.estimateMatches(unit, docs, context)
  }
  // A filter that nothing in the sample satisfies may still be satisfied elsewhere.
  const documents = sum(chosen)
  return Math.max(1, Math.round((found * sum(all)) / Math.max(1, documents)))
}

function sum(splits: readonly SplitRef[]): number {
  return splits.reduce((total, split) => total + split.numDocs, 0)
}

/** Open splits first, then such that stand far apart. */
function choose(splits: readonly SplitRef[], context: TaskContext): SplitRef[] {
  const opener = context.service(splitOpener)
  const open = splits.filter((split) => opener.isOpen(split)).slice(0, SPLITS)
  const closed = splits.filter((split) => !open.includes(split))
  const step = closed.length / (SPLITS - open.length)
  const others = Array.from(
    { length: Math.min(closed.length, SPLITS - open.length) },
    (_, i) => closed[Math.floor(i * step)]!,
  )
  return [...open, ...others]
}
