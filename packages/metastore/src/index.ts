export {
  FileBackedMetastore,
  type CreateIndexRequest,
  type FileBackedMetastoreOptions,
  type ListSplitsQuery,
} from './file-backed-metastore.ts'
export type { DocMappingJson, FieldMappingJson, IndexMetadata } from './index-metadata.ts'
export type { SplitMetadata, SplitState } from './split-metadata.ts'
export { tagIn, tagsMayMatch, timeMayMatch, type TagFilter, type TimeRange } from './pruning.ts'
export { MetastoreError, type MetastoreErrorKind } from './metastore-error.ts'
export { parseMetastoreUri, redactUri, type MetastoreUri } from './metastore-uri.ts'
export { IndexPatterns, isIndexPattern } from './index-patterns.ts'
export type { CheckpointDelta } from './checkpoint.ts'
export { newUlid } from './ulid.ts'
export { parseJson, stringifyJson, type JsonObject, type JsonValue } from './json.ts'
