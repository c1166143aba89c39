export { Index, openIndex, type OpenOptions } from './segment/open-index.ts'
export { SegmentReader } from './segment/segment-reader.ts'
export { FieldIndex } from './segment/field-index.ts'
export { AliveBitset } from './segment/alive-bitset.ts'
export type { Directory } from './directory/directory.ts'
export { MemoryDirectory } from './directory/memory-directory.ts'
export { IndexCorruptedError, UnsupportedIndexError } from './errors.ts'
export { verifyChecksum } from './bytes/footer.ts'
export type { ZstdDecompress } from './bytes/zstd.ts'
export { decodeZstd } from './bytes/zstd-decode.ts'
export { type IndexMeta, type SegmentMeta, parseMeta } from './schema/index-meta.ts'
export {
  type DatePrecision,
  type FieldEntry,
  type FieldOptions,
  type FieldType,
  IndexSchema,
  type RecordOption,
} from './schema/index-schema.ts'
export type {
  ByteLists,
  BytesColumn,
  Cardinality,
  Column,
  ColumnDictionary,
  ColumnEntry,
  ColumnType,
  DocRows,
  IpColumn,
  NumericArray,
  NumericColumn,
  NumericLists,
  OrdinalLists,
  TermList,
} from './columnar/column.ts'
export { type DocTexts, textColumn } from './columnar/text-column.ts'
export { judgeZones, ZONE_DOCS, type ValueZones } from './columnar/value-zones.ts'
export type { DocStore } from './store/doc-store.ts'
export { StoredPath, type PathSink } from './store/stored-path.ts'
export type { PreTokenizedToken, StoredDocument, StoredValue, StoredVisitor } from './store/stored-value.ts'
export type { TermBatch, TermBound, TermDictionary, TermEntry, TermInfo } from './term-dictionary/term-dictionary.ts'
export { FIELD_NORMS, fieldNormCode } from './postings/fieldnorms.ts'
export type { PostingsList } from './postings/postings-list.ts'
export type { PositionsList } from './postings/positions-list.ts'
export {
  encodeJsonPath,
  jsonTerm,
  type JsonTermValue,
  mapF64,
  mapI64,
  splitJsonPath,
  termForBool,
  termForBytes,
  termForDate,
  termForF64,
  termForFacet,
  termForI64,
  termForIp,
  termForText,
  termForU64,
} from './terms.ts'
export type { PrepareContext, Query } from './query/query.ts'
export { prepare, type PrepareOptions, statisticsOf } from './query/prepare.ts'
export type { ScoreStatistics } from './query/score-statistics.ts'
export { PreparedQuery } from './query/prepared-query.ts'
export { Scorer, TERMINATED } from './query/scorer.ts'
export { AllQuery } from './query/all-query.ts'
export { type BooleanClauses, BooleanQuery } from './query/boolean-query.ts'
export { BoostQuery } from './query/boost-query.ts'
export { ConstScoreQuery } from './query/const-score-query.ts'
export { DisjunctionMaxQuery } from './query/disjunction-max-query.ts'
export { EmptyQuery } from './query/empty-query.ts'
export { explain } from './query/explain.ts'
export type { Explanation } from './query/explanation.ts'
export { ExistsQuery } from './query/exists-query.ts'
export { FuzzyTermQuery, type FuzzyOptions } from './query/fuzzy-term-query.ts'
export { moreLikeThis, type MoreLikeThisOptions, type MoreLikeThisTarget } from './query/more-like-this.ts'
export { PhrasePrefixQuery } from './query/phrase-prefix-query.ts'
export { PhraseQuery } from './query/phrase-query.ts'
export { PrefixQuery } from './query/prefix-query.ts'
export { RangeQuery } from './query/range-query.ts'
export { RegexQuery } from './query/regex-query.ts'
export { TermQuery } from './query/term-query.ts'
export { TermSetQuery } from './query/term-set-query.ts'
export { countDocs } from './collectors/count.ts'
export { collectDocSets } from './collectors/doc-set.ts'
export type { SearchOptions } from './collectors/search-options.ts'
export { collectTopDocs, type ScoredDoc, type TopDocs } from './collectors/top-docs.ts'
export { collectTopByFields, type SortedDoc, type SortKey, type SortValue } from './collectors/top-by-fields.ts'
export { TopScores } from './query/top-scores.ts'
export { AggregationCollector, type AggregationOptions } from './collectors/aggregation/aggregation-collector.ts'
export { AggregationError } from './collectors/aggregation/aggregation-error.ts'
export type { AggregationPartial } from './collectors/aggregation/aggregation-partial.ts'
export type { Aggregation, AggregationRequest } from './collectors/aggregation/aggregation-request.ts'
export {
  type AggregationJson,
  finishAggregations,
  type FinishOptions,
} from './collectors/aggregation/finish-aggregations.ts'
export { mergePartials } from './collectors/aggregation/merge-partials.ts'
export { parseAggregations } from './collectors/aggregation/parse-aggregations.ts'
export { prunePartial } from './collectors/aggregation/prune-partial.ts'
export { WildcardQuery } from './query/wildcard-query.ts'
export { AutomatonSizeError } from './automaton/term-automaton.ts'
export { QueryParser, type QueryParserOptions } from './query-parser/query-parser.ts'
export { QueryParserError } from './query-parser/query-parser-error.ts'
export { dumpColumnar, dumpIndex, type DumpOptions } from './dump/dump-index.ts'
export type { EmitToken, Token, Tokenizer } from './tokenizer/tokenizer.ts'
export { TokenizerManager } from './tokenizer/tokenizer-manager.ts'
export type { TokenizerDefinition } from './tokenizer/custom-tokenizer.ts'
export { RegexSyntaxError } from './tokenizer/regex-parser.ts'
export { SegmentWriter, type SegmentWriterOptions, type WrittenSegment } from './writer/segment-writer.ts'
export { deleteDocuments, writeIndex, type IndexWriteOptions } from './writer/index-writer.ts'
export {
  InvalidDocumentError,
  JsonDate,
  JsonFloat,
  type InputDocument,
  type InputValue,
  type JsonInput,
} from './writer/input-document.ts'
