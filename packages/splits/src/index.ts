export {
  DYNAMIC_COLUMN,
  DocMapping,
  SOURCE_COLUMN,
  joinFieldPath,
  splitFieldPath,
  type DatetimePrecision,
  type DocMappingOptions,
  type MappedField,
  type MappedType,
  type MappingMode,
} from './mapping/doc-mapping.ts'
export { columnType, columnsOf, describeField } from './mapping/mapping-columns.ts'
export { mappingOfSchema, type SchemaMappingOptions } from './mapping/schema-mapping.ts'
export { schemaJsonOf } from './mapping/mapping-schema.ts'
export { findField, jsonColumnName, resolveField, type FieldResolution } from './mapping/resolve-field.ts'
export { columnValue, type ColumnValue } from './mapping/column-value.ts'
export { DocumentReader, type DocumentRequest } from './mapping/document-reader.ts'
export { SourceRenderer } from './mapping/source-renderer.ts'
export { jsonText, pathText, valueAtPath } from './mapping/json-text.ts'
export { bytesToText, ipFromText, ipToText } from './mapping/value-text.ts'
export { formatDatetime, parseDatetime } from './mapping/datetime-formats.ts'
export { parseQuickwitQuery, type ParseOptions } from './query-language/parse.ts'
export {
  fieldsOfQuery,
  type BoolQueryAst,
  type Bound,
  type FullTextMode,
  type FullTextParams,
  type QueryAst,
} from './query-language/query-ast.ts'
export { buildQuery, checkQuery, mappingSchema, mappingTokenizers, tokenizerOf } from './query-language/build-query.ts'
export { checkTextQuery, matchQuery, phraseQuery, queryFieldName } from './query-language/text-queries.ts'
export { SplitIndex, SplitIndexOpener, isUnder, type SplitIndexOpenerOptions } from './opener/split-index-opener.ts'
export { BundleDirectory } from './bundle/bundle-directory.ts'
export { readSplitFooter, type BundledFile, type SplitFooter } from './bundle/split-footer.ts'
export { writeBundle, type WrittenBundle } from './bundle/write-bundle.ts'
export type { SplitFieldType, SplitFieldsEntry } from './bundle/split-fields.ts'
export { Hotcache } from './hotcache/hotcache.ts'
export { buildHotcache } from './hotcache/build-hotcache.ts'
export { writeSplit, type WriteSplitOptions, type WrittenSplit } from './publish/write-split.ts'
export { publishSplit } from './publish/publish-split.ts'
export { publishIndexDirectory, type PublishIndexDirectoryOptions } from './publish/publish-index-directory.ts'
export { Layout, expandLayout, type DocRange, type SplitRef } from './layout/layout.ts'
export { QuickwitTableProvider, type TableSnapshot } from './provider/quickwit-table-provider.ts'
export { jsonPaths, type JsonPath, type JsonPaths } from './provider/json-paths.ts'
export { QuickwitCatalog } from './provider/quickwit-catalog.ts'
export { optimizeFragment } from './rules/optimize-fragment.ts'
export { splitRules } from './rules/physical-rules.ts'
export { tantivyCodecs } from './codec/tantivy-codec.ts'
export { sampleRows } from './estimate/sample-rows.ts'
export { estimateReads, type PartEstimate, type ReadEstimate, type TableEstimate } from './estimate/read-estimate.ts'
export { readBudget, ReadBudget, readMeter, tooManyBytes, type ReadMeter } from './sources/read-meter.ts'
export { splitOpener } from './sources/opened-layout.ts'

// The plan nodes, for rules and tests of one's own.
export { DocumentExec } from './sources/document-exec.ts'
export { FastFieldExec } from './sources/fast-field-exec.ts'
export { InvertedIndexExec } from './sources/inverted-index-exec.ts'
export { TantivyAggregateExec } from './sources/tantivy-aggregate-exec.ts'
export { SplitSource } from './sources/split-source.ts'
export { ScanTable, type ScannedIndex } from './sources/scan-table.ts'

// Searches as Quickwit answers them.
export { SearchService, type SearchServiceOptions } from './search/search-service.ts'
export { QuickwitApi, type ApiRequest } from './search/quickwit-api.ts'
export type { ApiAnswer } from './search/answer.ts'
export { SearchError, type SearchErrorKind } from './search/search-error.ts'
export type {
  HitAddress,
  SearchHit,
  SearchRequest,
  SearchResponse,
  SortField,
  SortValue,
} from './search/search-request.ts'
export { BodyError, parseJsonBody, type Json, type JsonMap } from './query-dsl/body.ts'
export { DslError } from './query-dsl/dsl-error.ts'
export { parseDslQuery } from './query-dsl/dsl-query.ts'
export { parseQueryAst } from './query-dsl/ast-json.ts'
export { resolveQuery } from './query-dsl/resolve-query.ts'
export type { RawBoolQuery, RawQuery, UserInputAst } from './query-dsl/raw-query.ts'
export { parseUserText, UserTextError, type UserTextOptions } from './query-language/user-text.ts'
