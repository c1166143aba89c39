export * from './errors.ts'
export { Json, isJson, layoutOf, withLayout, typeKey, typeName, typesEqual, type TypeName } from './types/data-types.ts'
export {
  BoolVector,
  BytesVector,
  ConstantVector,
  DictionaryVector,
  ListVector,
  NullVector,
  PrimitiveVector,
  StructVector,
  Vector,
  type PrimitiveArray,
} from './vectors/vector.ts'
export { RecordBatch, type Selection } from './vectors/record-batch.ts'
export { Expr, exprKey, transformExpr, visitExpr } from './expressions/expr.ts'

// Types, vectors, expressions, functions, the Arrow edge
export * from './types/type-factory.ts'
export { isIntervalValue, scalarKey, type IntervalValue, type ScalarValue } from './types/scalar-value.ts'
export {
  arithmeticSignature,
  asDecimalType,
  canCast,
  commonType,
  isFloat,
  isInteger,
  isNumeric,
  isText,
  resolveNull,
  type ArithmeticOperator,
  type ArithmeticSignature,
} from './types/coercion.ts'
export { castScalar } from './types/cast-scalar.ts'
export { formatScalar, jsonValue } from './types/format-scalar.ts'
export { arrowTypeName, sqlTypeText } from './types/type-text.ts'
export { BytesWriter } from './vectors/bytes-writer.ts'
export { blendVectors, type BlendPart } from './vectors/blend.ts'
export { castVector } from './expressions/cast.ts'
export { defineFunction, type FunctionDefinition, type Overload } from './functions/define.ts'
export { evaluateRows } from './functions/evaluate-rows.ts'
export { SCALAR_FUNCTIONS } from './functions/default-functions.ts'
export { allocValues, constantVector, readDecimal, vectorOf, writeDecimal } from './vectors/build.ts'
export { scalarAt } from './vectors/scalar-at.ts'
export { Operand, wordsOf } from './vectors/operand.ts'
export { bitsOfRows, clearBit, commonValidity, copyBits, gatherBits, getBit, setBit } from './vectors/bitmap.ts'
export { compareBytes, equalBytes, indexOfBytes } from './vectors/bytes-kernels.ts'
export { allRows, mergeRows, selectTrue, withoutRows } from './vectors/selection.ts'
export { NO_ROW, takeVector } from './vectors/take.ts'
export { concatVectors } from './vectors/concat.ts'
export { flattenVector, sliceVector } from './vectors/flatten.ts'
export { ColumnComparator, compareRows, equalRows, RowComparator } from './vectors/compare.ts'
export { combineHashes, hashBytes, hashVector } from './vectors/hash.ts'
export { ArithmeticExpr } from './expressions/arithmetic-expr.ts'
export { CaseExpr, type CaseBranch } from './expressions/case-expr.ts'
export { CastExpr } from './expressions/cast-expr.ts'
export { CoalesceExpr } from './expressions/coalesce-expr.ts'
export { ColumnExpr } from './expressions/column-expr.ts'
export { answerEntries } from './expressions/answer-entries.ts'
export { boundOf, mayHold, orderedValue, type ColumnBound, type Ordered } from './expressions/column-bound.ts'
export { ComparisonExpr } from './expressions/comparison-expr.ts'
export { mirroredOperator, type ComparisonOperator } from './expressions/comparison-operator.ts'
export { evaluatePredicate } from './expressions/evaluate-predicate.ts'
export { InListExpr } from './expressions/in-list-expr.ts'
export { IsNullExpr } from './expressions/is-null-expr.ts'
export { IsTruthExpr } from './expressions/is-truth-expr.ts'
export { LikeExpr, type LikeOptions } from './expressions/like-expr.ts'
export { literal, LiteralExpr } from './expressions/literal-expr.ts'
export { conjunction, conjuncts, LogicalExpr } from './expressions/logical-expr.ts'
export { NegateExpr } from './expressions/negate-expr.ts'
export { NotExpr } from './expressions/not-expr.ts'
export { ScalarFunctionExpr } from './expressions/scalar-function-expr.ts'
export {
  callFunction,
  coerceTo,
  type FunctionExample,
  type ResolvedFunction,
  type ScalarCall,
  type ScalarFunction,
} from './functions/scalar-function.ts'
export { FunctionRegistry } from './functions/function-registry.ts'
export { defaultFunctions } from './functions/default-functions.ts'
export { boundsOfNumbers, boundsOfWords } from './arrow/column-bounds.ts'
export {
  fromArrowRecordBatch,
  fromArrowSchema,
  toArrowRecordBatch,
  toArrowSchema,
  toIpcRecordBatch,
} from './arrow/arrow-edge.ts'
export { ArrowChunk } from './arrow/arrow-chunk.ts'
export { ChunkScan } from './arrow/chunk-scan.ts'
export { ResidentColumns, residentColumns } from './arrow/resident-columns.ts'
export { decodeIpc, encodeIpc } from './arrow/ipc.ts'

// Plans and streams
export { ExecutionPlan, formatPlan, transformPlan, type Distribution, type SortKey } from './plan/execution-plan.ts'
export {
  formatPartitioning,
  hashPartitioning,
  satisfiesHash,
  segmentPartitioning,
  unknownPartitioning,
  type Partitioning,
} from './plan/partitioning.ts'
export { unknownStatistics, type Estimate, type Statistics } from './plan/statistics.ts'
export type { BatchStream } from './runtime/batch-stream.ts'
export { OperatorMetrics } from './runtime/metrics.ts'
export { ServiceKey, TaskContext, type TaskContextOptions } from './runtime/task-context.ts'

// Memory
export { MemoryPool, type MemoryReservation, type QueryMemory } from './memory/memory-pool.ts'
export { SpilledGroups } from './memory/spilled-groups.ts'
export { spillStore, type SpillExtent, type SpillFile, type SpillStore } from './memory/spill-store.ts'

// Operators, aggregates, windows
export { formatSortKeys } from './plan/format-sort-keys.ts'
export { columnsOfExprs, demandedColumns } from './runtime/column-demand.ts'
export { operatorStream } from './runtime/operator-stream.ts'
export { concatBatches, takeColumns } from './runtime/collect-batch.ts'
export { packBatch, packedBatches, unpackBatch } from './runtime/packed-batch.ts'
export { hintBoard, type HintBoard } from './runtime/hint-board.ts'
export { runSteps, type Steps } from './runtime/run-steps.ts'
export { sliceBatch } from './runtime/slice-batch.ts'
export { mergeStreams } from './runtime/merge-streams.ts'
export { collectBatches, collectStream, collectTable } from './runtime/collect.ts'
export {
  type AggregateFunction,
  type GroupsAccumulator,
  type ResolvedAggregate,
} from './aggregates/aggregate-function.ts'
export { AggregateCall, type AggregateCallOptions } from './aggregates/aggregate-call.ts'
export { AggregateState } from './aggregates/aggregate-state.ts'
export { AGGREGATE_FUNCTIONS } from './aggregates/default-aggregates.ts'
export { type WindowFunction, type WindowInput, type WindowSignature } from './windows/window-function.ts'
export { type FrameRanges } from './windows/frame-ranges.ts'
export {
  DEFAULT_FRAME,
  WindowCall,
  type FrameBound,
  type WindowCallOptions,
  type WindowFrame,
} from './windows/window-call.ts'
export { WINDOW_FUNCTIONS } from './windows/default-windows.ts'
export { ADDRESS_COLUMNS, hasLookup, type AddressLookup, type LookupStream } from './operators/address-lookup.ts'
export { AggregateExec, GROUPING_ID, type AggregateMode } from './operators/aggregate-exec.ts'
export { CoalescePartitionsExec, executeAll } from './operators/coalesce-partitions-exec.ts'
export { DocIdJoinExec, type AddressKey } from './operators/doc-id-join-exec.ts'
export { FilterExec } from './operators/filter-exec.ts'
export {
  HashJoinExec,
  type HashJoinMode,
  type HashJoinOptions,
  type JoinEstimate,
  type JoinKey,
} from './operators/hash-join-exec.ts'
export { emitsBuildSide, joinSchema, type JoinType } from './operators/join-type.ts'
export { FilterByKeysExec } from './operators/filter-by-keys-exec.ts'
export { JoinKeysExec, joinKeysOf, type JoinKeyPlan, type RuntimeKey } from './operators/join-keys-exec.ts'
export { canGather, type JoinKeySet } from './operators/join-key-set.ts'
export { keyFilters } from './operators/key-filters.ts'
export { type ProbeFilter, ProbeFilters, probeFiltersOf } from './operators/probe-filters.ts'
export { LimitExec } from './operators/limit-exec.ts'
export { LocalLimitExec } from './operators/local-limit-exec.ts'
export { MemoryExec } from './operators/memory-exec.ts'
export { NestedLoopJoinExec } from './operators/nested-loop-join-exec.ts'
export { SortMergeJoinExec } from './operators/sort-merge-join-exec.ts'
export { ProjectionExec } from './operators/projection-exec.ts'
export { RecursiveQueryExec } from './operators/recursive-query-exec.ts'
export { RepartitionExec } from './operators/repartition-exec.ts'
export { ReadSharedRowsExec, SharedRowsExec } from './operators/shared-rows-exec.ts'
export { SortExec } from './operators/sort-exec.ts'
export { rowsByWords, sortWords, type SortWords } from './operators/sort-words.ts'
export { SortPreservingMergeExec } from './operators/sort-preserving-merge-exec.ts'
export { UnnestExec } from './operators/unnest-exec.ts'
export { UnionExec, unionSchema } from './operators/union-exec.ts'
export { ValuesExec } from './operators/values-exec.ts'
export { WindowExec } from './operators/window-exec.ts'
export { WorkTableExec } from './operators/work-table-exec.ts'
