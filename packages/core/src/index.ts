export * from './errors.ts'
export { Json, isJson, typeKey, typeName, typesEqual, type TypeName } from './types/data-types.ts'
export {
  BoolVector,
  BytesVector,
  ConstantVector,
  DictionaryVector,
  ListVector,
  NullVector,
  PrimitiveVector,
  Vector,
  type PrimitiveArray,
} from './vectors/vector.ts'
export { RecordBatch, type Selection } from './vectors/record-batch.ts'
export { Expr, exprKey, transformExpr, visitExpr } from './expressions/expr.ts'
export {
  ExecutionPlan,
  formatPlan,
  transformPlan,
  type Distribution,
  type SortKey,
} from './plan/execution-plan.ts'
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
