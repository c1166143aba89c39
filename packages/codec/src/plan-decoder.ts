import {
  hashPartitioning,
  segmentPartitioning,
  unknownPartitioning,
  type AggregateCall,
  type ExecutionPlan,
  type Expr,
  type FunctionRegistry,
  type Partitioning,
  type ScalarValue,
  type SortKey,
  type WindowCall,
} from '@volley/core'
import { Schema, type DataType } from 'apache-arrow'
import { volley } from './generated/messages.js'
import type { DecodeContext, EncodedPartitioning, EncodedSortKey, ExprCodec, Handle, NodeCodec } from './node-codec.ts'
import { aggregateFromWire, windowFromWire } from './wire/calls.ts'
import { decodeMessage, malformed, oneOf } from './wire/message.ts'
import { scalarFromWire } from './wire/scalars.ts'
import { fieldFromWire, typeFromWire } from './wire/types.ts'

/** More partitions than any plan has. */
const MAX_PARTITIONS = 1_000_000

type Entry =
  | { readonly kind: 'expression'; readonly value: Expr }
  | { readonly kind: 'aggregate'; readonly value: AggregateCall }
  | { readonly kind: 'window'; readonly value: WindowCall }

/** Rebuilds one plan from its pools (proto/plan.proto). */
export class PlanDecoder implements DecodeContext {
  readonly functions: FunctionRegistry
  readonly #exprCodecs: ReadonlyMap<string, ExprCodec>
  readonly #types: DataType[] = []
  readonly #schemas: Schema[] = []
  readonly #entries: Entry[] = []

  constructor(functions: FunctionRegistry, exprCodecs: ReadonlyMap<string, ExprCodec>) {
    this.functions = functions
    this.#exprCodecs = exprCodecs
  }

  /** @throws VolleyError (08P01) when the plan is malformed, or has what this version does not know. */
  decode(plan: volley.codec.Plan, nodeCodecs: ReadonlyMap<string, NodeCodec>): ExecutionPlan {
    const typeOf = (handle: Handle): DataType => this.decodeType(handle)
    for (const type of plan.types) this.#types.push(typeFromWire(type, typeOf))
    for (const { fields, metadata } of plan.schemas) {
      const decoded = (fields ?? []).map((field) => fieldFromWire(field, typeOf))
      this.#schemas.push(new Schema(decoded, new Map(Object.entries(metadata ?? {}))))
    }
    for (const entry of plan.entries) this.#entries.push(this.#decodeEntry(entry))
    return this.#decodeNodes(plan.nodes, nodeCodecs)
  }

  decodeType(handle: Handle): DataType {
    const type = this.#types[handle - 1]
    if (type === undefined) throw malformed(`the plan has no type ${handle}`)
    return type
  }

  decodeSchema(handle: Handle): Schema {
    const schema = this.#schemas[handle - 1]
    if (schema === undefined) throw malformed(`the plan has no schema ${handle}`)
    return schema
  }

  decodeExpr(handle: Handle): Expr {
    return this.#entry(handle, 'expression').value
  }

  decodeOptionalExpr(handle: Handle): Expr | null {
    return handle === 0 ? null : this.decodeExpr(handle)
  }

  decodeExprs(handles: readonly Handle[]): Expr[] {
    return handles.map((handle) => this.decodeExpr(handle))
  }

  decodeScalar(bytes: Uint8Array): ScalarValue {
    return scalarFromWire(decodeMessage(volley.codec.Scalar, bytes, 'a literal'))
  }

  decodeSortKeys(keys: readonly EncodedSortKey[]): SortKey[] {
    return keys.map(({ expr, descending, nullsFirst }) => ({
      expr: this.decodeExpr(expr ?? 0),
      descending: descending ?? false,
      nullsFirst: nullsFirst ?? false,
    }))
  }

  decodePartitioning(wire: EncodedPartitioning): Partitioning {
    const count = wire.count ?? 0
    if (!(Number.isInteger(count) && count >= 0 && count <= MAX_PARTITIONS))
      throw malformed(`${count} is no partition count`)
    switch (oneOf(wire.kind, ['unknown', 'hash', 'segment'], 'the partitioning')) {
      case 'unknown':
        return unknownPartitioning(count)
      case 'hash':
        return hashPartitioning(this.decodeExprs(wire.exprs ?? []), count)
      case 'segment':
        return segmentPartitioning(wire.layoutId ?? '', count)
    }
  }

  decodeAggregate(handle: Handle): AggregateCall {
    return this.#entry(handle, 'aggregate').value
  }

  decodeWindow(handle: Handle): WindowCall {
    return this.#entry(handle, 'window').value
  }

  #entry<K extends Entry['kind']>(handle: Handle, kind: K): Entry & { kind: K } {
    const entry = this.#entries[handle - 1]
    if (entry?.kind !== kind) throw malformed(`the plan has no ${kind} ${handle}`)
    return entry as Entry & { kind: K }
  }

  #decodeEntry({ expr, aggregate, window }: volley.codec.PlanEntry.$Properties): Entry {
    if (expr != null) {
      const codec = this.#exprCodecs.get(expr.kind ?? '')
      if (codec === undefined)
        throw malformed(`the plan has an expression ${expr.kind} that is unknown to this version`)
      const children = this.decodeExprs(expr.children ?? [])
      return { kind: 'expression', value: codec.decode(expr.payload ?? new Uint8Array(), children, this) }
    }
    if (aggregate != null) return { kind: 'aggregate', value: aggregateFromWire(aggregate, this) }
    if (window != null) return { kind: 'window', value: windowFromWire(window, this) }
    throw malformed('the plan has an entry that is unknown to this version')
  }

  #decodeNodes(
    nodes: readonly volley.codec.Node.$Properties[],
    nodeCodecs: ReadonlyMap<string, NodeCodec>,
  ): ExecutionPlan {
    const stack: ExecutionPlan[] = []
    for (const { kind, payload, children } of nodes) {
      const codec = nodeCodecs.get(kind ?? '')
      if (codec === undefined) throw malformed(`the plan has a node ${kind} that is unknown to this version`)
      const count = children ?? 0
      if (count > stack.length) throw malformed(`the plan lacks inputs of ${kind}`)
      const inputs = stack.splice(stack.length - count, count)
      stack.push(codec.decode(payload ?? new Uint8Array(), inputs, this))
    }
    if (stack.length !== 1) throw malformed(`the plan has ${stack.length} roots`)
    return stack[0]!
  }
}
