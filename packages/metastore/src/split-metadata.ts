import type { JsonObject, JsonValue } from './json.ts'
import { MetastoreError } from './metastore-error.ts'
import { NIL_ULID } from './ulid.ts'

export type SplitState = 'Staged' | 'Published' | 'MarkedForDeletion'

/** One split as the metastore knows it (formats/quickwit-metastore.md §3). Times are seconds since the epoch. */
export interface SplitMetadata {
  readonly splitId: string
  readonly indexUid: string
  readonly state: SplitState
  readonly numDocs: number
  /** First and last second with a document, both inclusive; null without a timestamp field. */
  readonly timeRange: { readonly start: number; readonly end: number } | null
  readonly tags: readonly string[]
  /** Bytes of the footer in the split's file, half-open; `footerEnd` is the file's size. */
  readonly footerStart: number
  readonly footerEnd: number
  readonly docMappingUid: string
  readonly partitionId: bigint
  readonly sourceId: string
  readonly nodeId: string
  readonly uncompressedBytes: number
  readonly createTimestamp: number
  readonly updateTimestamp: number
  readonly publishTimestamp: number | null
  /** Milliseconds after creation at which the split is mature, or `mature` now. */
  readonly maturity: 'mature' | { readonly maturationPeriodMillis: number }
  readonly deleteOpstamp: bigint
  readonly numMergeOps: number
}

const STATES: Record<string, SplitState> = {
  Staged: 'Staged',
  New: 'Staged',
  Published: 'Published',
  MarkedForDeletion: 'MarkedForDeletion',
  ScheduledForDeletion: 'MarkedForDeletion',
}

/** @throws MetastoreError `corrupted`, naming `where` and the key. */
export function splitFromJson(json: JsonObject, where: string): SplitMetadata {
  const splitId = text(json, 'split_id', where)
  const at = `${where}: split ${splitId}`
  checkVersion(json.version, at)
  const state = STATES[String(json.split_state)]
  if (state === undefined) throw bad(at, 'split_state', json.split_state)
  const footer = object(json.footer_offsets)
  const range = object(json.time_range)
  const maturity = object(json.maturity)
  return {
    splitId,
    indexUid: String(json.index_uid ?? json.index_id ?? ''),
    state,
    numDocs: whole(json.num_docs, at, 'num_docs'),
    timeRange: range
      ? { start: whole(range.start, at, 'time_range.start'), end: whole(range.end, at, 'time_range.end') }
      : null,
    tags: Array.isArray(json.tags) ? json.tags.map(String) : [],
    footerStart: whole(footer?.start, at, 'footer_offsets.start'),
    footerEnd: whole(footer?.end, at, 'footer_offsets.end'),
    docMappingUid: String(json.doc_mapping_uid ?? NIL_ULID),
    partitionId: big(json.partition_id ?? 0, at, 'partition_id'),
    sourceId: String(json.source_id ?? ''),
    nodeId: String(json.node_id ?? ''),
    uncompressedBytes: whole(
      json.uncompressed_docs_size_in_bytes ?? json.size_in_bytes ?? 0,
      at,
      'uncompressed_docs_size_in_bytes',
    ),
    createTimestamp: whole(json.create_timestamp ?? 0, at, 'create_timestamp'),
    updateTimestamp: whole(json.update_timestamp ?? 0, at, 'update_timestamp'),
    publishTimestamp: json.publish_timestamp == null ? null : whole(json.publish_timestamp, at, 'publish_timestamp'),
    maturity:
      maturity?.type === 'immature'
        ? { maturationPeriodMillis: whole(maturity.maturation_period_millis, at, 'maturity.maturation_period_millis') }
        : 'mature',
    deleteOpstamp: big(json.delete_opstamp ?? 0, at, 'delete_opstamp'),
    numMergeOps: whole(json.num_merge_ops ?? 0, at, 'num_merge_ops'),
  }
}

/** The JSON of a split, keys in the order in which Quickwit writes them. */
export function splitToJson(split: SplitMetadata): JsonObject {
  const { partitionId, deleteOpstamp } = split
  return {
    split_state: split.state,
    update_timestamp: split.updateTimestamp,
    publish_timestamp: split.publishTimestamp,
    version: '0.9',
    split_id: split.splitId,
    index_uid: split.indexUid,
    partition_id: partitionId,
    source_id: split.sourceId,
    node_id: split.nodeId,
    num_docs: split.numDocs,
    uncompressed_docs_size_in_bytes: split.uncompressedBytes,
    time_range: split.timeRange && { ...split.timeRange },
    create_timestamp: split.createTimestamp,
    maturity:
      split.maturity === 'mature'
        ? { type: 'mature' }
        : { type: 'immature', maturation_period_millis: split.maturity.maturationPeriodMillis },
    tags: [...split.tags],
    footer_offsets: { start: split.footerStart, end: split.footerEnd },
    delete_opstamp: deleteOpstamp,
    num_merge_ops: split.numMergeOps,
    doc_mapping_uid: split.docMappingUid,
  }
}

/** @throws MetastoreError `corrupted` unless the version is one that is read: 0.7, 0.8 or 0.9. */
export function checkVersion(version: JsonValue | undefined, where: string): void {
  if (version === '0.9' || version === '0.8' || version === '0.7') return
  const found = version === undefined ? 'no version' : `version ${String(version)}`
  const advice = /^0\.[4-6]$/.test(String(version)) ? '; let Quickwit 0.9 upgrade it first' : ''
  throw new MetastoreError('corrupted', `${where}: ${found}, but only 0.7, 0.8 and 0.9 are read${advice}`)
}

function bad(at: string, key: string, value: JsonValue | undefined): MetastoreError {
  return new MetastoreError('corrupted', `${at}: ${key} is ${value === undefined ? 'missing' : String(value)}`)
}

function text(json: JsonObject, key: string, at: string): string {
  const value = json[key]
  if (typeof value !== 'string' || value === '') throw bad(at, key, value)
  return value
}

function whole(value: JsonValue | undefined, at: string, key: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw bad(at, key, value)
  return value
}

function big(value: JsonValue, at: string, key: string): bigint {
  if (typeof value === 'bigint') return value
  return BigInt(whole(value, at, key))
}

function object(value: JsonValue | undefined): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
}
