export { dealAgain, liveDocuments, type Corpus, type PlacedDocument } from './corpus/corpus.ts'
export { inputOf, type SampleDocument } from './corpus/sample-document.ts'
export { sampleMappings, type MappingAge } from './corpus/sample-mapping.ts'
export { TestTree, type MappedDocument, type MappedSplit, type PublishedSplit } from './corpus/test-tree.ts'
export { PlanRunner } from './cluster/plan-runner.ts'
export { bytesRead } from './cluster/bytes-read.ts'
export { measuredSession, type MeasuredSession } from './cluster/measured-session.ts'
export { threadBytes } from './cluster/shared-threads.ts'
export { explainQuery, queryRows, withDescendants, type Ran, type SettingValues } from './cluster/run-query.ts'
export { multisetDifference, rowKey, type RowValue } from './oracle/rows.ts'
export {
  childrenOf,
  isRunning,
  runVolley,
  startWorker,
  VolleyCommand,
  volleyBin,
  type CommandOptions,
  type Outcome,
} from './cluster/cli.ts'
export { differenceFrom, type Truth } from './sql-truth/compare.ts'
export { answerDifference, duckdbRows, volleyRows, type Cell } from './oracle/answers.ts'
export { openInDuckdb, openInVolley, tpchQueries, type TpchQuery } from './tpch/tables.ts'
export { hitsDifference, type RunSql } from './hits/compare-hits.ts'
export { hitsQueries, type HitsQuery } from './hits/hits-queries.ts'
export { hitsSelect } from './hits/hits-table.ts'
export { fuzzQueries, type FuzzFailure, type FuzzOptions, type FuzzReport } from './query-fuzz/fuzz-queries.ts'
