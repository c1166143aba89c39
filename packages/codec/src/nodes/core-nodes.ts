import type { NodeCodec } from '../node-codec.ts'
import { aggregateExecCodec } from './aggregate-exec-codec.ts'
import { coalescePartitionsExecCodec } from './coalesce-partitions-exec-codec.ts'
import { docIdJoinExecCodec } from './doc-id-join-exec-codec.ts'
import { filterByKeysExecCodec } from './filter-by-keys-exec-codec.ts'
import { filterExecCodec } from './filter-exec-codec.ts'
import { hashJoinExecCodec } from './hash-join-exec-codec.ts'
import { joinKeysExecCodec } from './join-keys-exec-codec.ts'
import { limitExecCodec } from './limit-exec-codec.ts'
import { localLimitExecCodec } from './local-limit-exec-codec.ts'
import { memoryExecCodec } from './memory-exec-codec.ts'
import { nestedLoopJoinExecCodec } from './nested-loop-join-exec-codec.ts'
import { projectionExecCodec } from './projection-exec-codec.ts'
import { recursiveQueryExecCodec } from './recursive-query-exec-codec.ts'
import { repartitionExecCodec } from './repartition-exec-codec.ts'
import { sortExecCodec } from './sort-exec-codec.ts'
import { sortMergeJoinExecCodec } from './sort-merge-join-exec-codec.ts'
import { sortPreservingMergeExecCodec } from './sort-preserving-merge-exec-codec.ts'
import { unnestExecCodec } from './unnest-exec-codec.ts'
import { unionExecCodec } from './union-exec-codec.ts'
import { valuesExecCodec } from './values-exec-codec.ts'
import { windowExecCodec } from './window-exec-codec.ts'
import { workTableExecCodec } from './work-table-exec-codec.ts'
import { networkBroadcastExecCodec } from './network-broadcast-exec-codec.ts'
import { networkCoalesceExecCodec } from './network-coalesce-exec-codec.ts'
import { networkShuffleExecCodec } from './network-shuffle-exec-codec.ts'

/** Every operator of @volley/core and every exchange of @volley/planner. */
export const coreNodes: readonly NodeCodec[] = [
  aggregateExecCodec,
  coalescePartitionsExecCodec,
  docIdJoinExecCodec,
  filterByKeysExecCodec,
  filterExecCodec,
  hashJoinExecCodec,
  joinKeysExecCodec,
  limitExecCodec,
  localLimitExecCodec,
  memoryExecCodec,
  nestedLoopJoinExecCodec,
  projectionExecCodec,
  recursiveQueryExecCodec,
  repartitionExecCodec,
  sortExecCodec,
  sortMergeJoinExecCodec,
  sortPreservingMergeExecCodec,
  unionExecCodec,
  unnestExecCodec,
  valuesExecCodec,
  windowExecCodec,
  workTableExecCodec,
  networkBroadcastExecCodec,
  networkCoalesceExecCodec,
  networkShuffleExecCodec,
]
