import type { FunctionRegistry, ScalarValue } from '@volley/core'
import type { RecordBatch as ArrowRecordBatch, Schema } from 'apache-arrow'
import type { Catalog, Settings } from '../catalog/table-provider.ts'
import type { SplitWeight } from '../distributed/distributable.ts'

/** Who is there to run tasks. */
export interface WorkerResolver {
  /** `host:port` of each worker; in process, names of local executors. */
  getUrls(): Promise<readonly string[]>
}

/** Which worker reads which splits. */
export interface SplitPlacement {
  /** Ids by worker: each split once; a worker without splits is left out. */
  place(splits: readonly SplitWeight[], workers: readonly string[]): ReadonlyMap<string, readonly string[]>
}

/** Result of one statement: batches in ordinary memory, as they come. */
export interface QueryResult {
  readonly schema: Schema
  /** What PostgreSQL's command tag starts with: `SELECT`, `SET`, `EXPLAIN`, ... */
  readonly command: string
  batches(): AsyncIterable<ArrowRecordBatch>
  /** Stops the query where it is; idempotent. */
  cancel(): Promise<void>
}

/** What front doors are handed: runs SQL. */
export interface Session {
  readonly settings: Settings
  readonly functions: FunctionRegistry
  readonly catalog: Catalog
  sql(
    text: string,
    options?: { readonly params?: readonly ScalarValue[]; readonly signal?: AbortSignal },
  ): Promise<QueryResult>
  close(): Promise<void>
}
