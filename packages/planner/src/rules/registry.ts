import { commonSubplans } from './common-subplans.ts'
import { decorrelateSubqueries } from './decorrelate-subqueries.ts'
import { eliminateDistinct } from './eliminate-distinct.ts'
import { eliminateOuterJoins } from './eliminate-outer-joins.ts'
import { extractJsonPaths } from './extract-json-paths.ts'
import type { LogicalRule } from './logical-rule.ts'
import { mergeProjections } from './merge-projections.ts'
import { propagateEmpty } from './propagate-empty.ts'
import { pruneColumns } from './prune-columns.ts'
import { pushDownLimits } from './push-down-limits.ts'
import { pushDownPredicates } from './push-down-predicates.ts'
import { pushDownTextFilters } from './push-down-text-filters.ts'
import { reduceGroupKeys } from './reduce-group-keys.ts'
import { reorderJoins } from './reorder-joins.ts'
import { resolveTextPredicates } from './resolve-text-predicates.ts'
import { shiftSums } from './shift-sums.ts'
import { simplifyExpressions } from './simplify-expressions.ts'
import { singleDistinctToGroupBy } from './single-distinct-to-group-by.ts'

/** Every logical rule, in the order in which they run. */
export const logicalRules: readonly LogicalRule[] = [
  simplifyExpressions,
  decorrelateSubqueries,
  eliminateOuterJoins,
  pushDownPredicates,
  pushDownTextFilters,
  resolveTextPredicates,
  extractJsonPaths,
  propagateEmpty,
  reorderJoins,
  singleDistinctToGroupBy,
  reduceGroupKeys,
  shiftSums,
  eliminateDistinct,
  pushDownLimits,
  mergeProjections,
  commonSubplans,
  pruneColumns,
]
