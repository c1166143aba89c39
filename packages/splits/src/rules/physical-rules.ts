import type { PhysicalRule } from '@volley/planner'
import { aggPushdown } from './agg-pushdown.ts'
import { documentsLast } from './documents-last.ts'
import { fastFieldFilterPushdown } from './fast-field-filter-pushdown.ts'
import { pathColumns } from './path-columns.ts'
import { runtimeFilters } from './runtime-filters.ts'
import { splitPruning } from './split-pruning.ts'
import { topKPushdown } from './top-k-pushdown.ts'

/**
 * Physical rules over splits, in the order in which they run. Pruning reads the filters that pushdown has moved into the
 * sources; a top k and an aggregate are pushed over the filtered source. Runtime filters go into what is left of scans.
 */
export const splitRules: readonly PhysicalRule[] = [
  fastFieldFilterPushdown,
  documentsLast,
  pathColumns,
  topKPushdown,
  aggPushdown,
  splitPruning,
  runtimeFilters,
]
