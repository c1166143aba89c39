import type {
  AggregateCall,
  ExecutionPlan,
  Expr,
  FunctionRegistry,
  Partitioning,
  ScalarValue,
  SortKey,
  WindowCall,
} from '@volley/core'
import type { DataType, Schema } from 'apache-arrow'

/** Position in one of the plan's pools plus 1; 0 stands for "none". Meaningful inside one encoded plan only. */
export type Handle = number

/** A sort key as plain data, for protobuf and JSON payloads alike. */
export interface EncodedSortKey {
  expr?: Handle | null
  descending?: boolean | null
  nullsFirst?: boolean | null
}

/** A partitioning as plain data. */
export interface EncodedPartitioning {
  kind?: string | null
  count?: number | null
  exprs?: Handle[] | null
  layoutId?: string | null
}

/** What a node or expression codec puts its parts into; equal parts are stored once. */
export interface EncodeContext {
  encodeType(type: DataType): Handle
  encodeSchema(schema: Schema): Handle
  encodeExpr(expr: Expr): Handle
  /** Null is handle 0. */
  encodeOptionalExpr(expr: Expr | null): Handle
  encodeExprs(exprs: readonly Expr[]): Handle[]
  encodeScalar(value: ScalarValue): Uint8Array
  encodeSortKeys(keys: readonly SortKey[]): EncodedSortKey[]
  encodePartitioning(partitioning: Partitioning): EncodedPartitioning
  encodeAggregate(call: AggregateCall): Handle
  encodeWindow(call: WindowCall): Handle
}

/**
 * What a codec takes its parts from. Every method throws a VolleyError with code 08P01 for a handle that does not exist
 * or is of another kind.
 */
export interface DecodeContext {
  readonly functions: FunctionRegistry
  decodeType(handle: Handle): DataType
  decodeSchema(handle: Handle): Schema
  decodeExpr(handle: Handle): Expr
  /** Handle 0 is null. */
  decodeOptionalExpr(handle: Handle): Expr | null
  decodeExprs(handles: readonly Handle[]): Expr[]
  decodeScalar(bytes: Uint8Array): ScalarValue
  decodeSortKeys(keys: readonly EncodedSortKey[]): SortKey[]
  decodePartitioning(partitioning: EncodedPartitioning): Partitioning
  decodeAggregate(handle: Handle): AggregateCall
  decodeWindow(handle: Handle): WindowCall
}

/** How plan nodes of one kind go over the wire. Other packages pass theirs to `PlanCodec`. */
export interface NodeCodec {
  /** `ExecutionPlan.kind` of the nodes. */
  readonly kind: string
  /** The node without its children. */
  encode(node: ExecutionPlan, context: EncodeContext): Uint8Array
  /** @throws VolleyError when the payload is not one that `encode` makes. */
  decode(payload: Uint8Array, children: readonly ExecutionPlan[], context: DecodeContext): ExecutionPlan
}

/** How expressions of one kind go over the wire; children are taken care of. */
export interface ExprCodec {
  /** `Expr.kind` of the expressions. */
  readonly kind: string
  encode(expr: Expr, context: EncodeContext): Uint8Array
  decode(payload: Uint8Array, children: readonly Expr[], context: DecodeContext): Expr
}
