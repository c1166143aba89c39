import {
  notSupported,
  type AggregateCall,
  type ExecutionPlan,
  type Expr,
  type Partitioning,
  type ScalarValue,
  type SortKey,
  type WindowCall,
} from '@volley/core'
import type { DataType, Schema } from 'apache-arrow'
import { volley } from './generated/messages.js'
import type { EncodeContext, EncodedPartitioning, EncodedSortKey, ExprCodec, Handle, NodeCodec } from './node-codec.ts'
import { aggregateToWire, windowToWire } from './wire/calls.ts'
import { scalarToWire } from './wire/scalars.ts'
import { fieldToWire, typeToWire } from './wire/types.ts'

/** Gathers the pools of one plan (proto/plan.proto). */
export class PlanEncoder implements EncodeContext {
  readonly #nodeCodecs: ReadonlyMap<string, NodeCodec>
  readonly #exprCodecs: ReadonlyMap<string, ExprCodec>
  readonly #types: volley.codec.Type.$Properties[] = []
  readonly #schemas: volley.codec.Schema.$Properties[] = []
  readonly #entries: volley.codec.PlanEntry.$Properties[] = []
  readonly #nodes: volley.codec.Node.$Properties[] = []
  /** Handles by the object, and by what it looks like. */
  readonly #handles = new Map<object, Handle>()
  readonly #texts = new Map<string, Handle>()

  constructor(nodeCodecs: ReadonlyMap<string, NodeCodec>, exprCodecs: ReadonlyMap<string, ExprCodec>) {
    this.#nodeCodecs = nodeCodecs
    this.#exprCodecs = exprCodecs
  }

  finish(version: number): Uint8Array {
    const plan = { version, types: this.#types, schemas: this.#schemas, entries: this.#entries, nodes: this.#nodes }
    return volley.codec.Plan.encode(plan).finish()
  }

  /** @throws VolleyError (0A000) for a node that has no codec. */
  encodeNode(plan: ExecutionPlan): void {
    for (const child of plan.children) this.encodeNode(child)
    const codec = this.#nodeCodecs.get(plan.kind)
    if (codec === undefined) throw notSupported(`sending ${plan.kind} to another worker`)
    this.#nodes.push({ kind: plan.kind, payload: codec.encode(plan, this), children: plan.children.length })
  }

  encodeType(type: DataType): Handle {
    return this.#once(type, () => {
      const wire = typeToWire(type, (child) => this.encodeType(child))
      return this.#alike('type', wire, this.#types)
    })
  }

  encodeSchema(schema: Schema): Handle {
    return this.#once(schema, () => {
      const fields = schema.fields.map((field) => fieldToWire(field, (type) => this.encodeType(type)))
      return this.#alike('schema', { fields, metadata: Object.fromEntries(schema.metadata) }, this.#schemas)
    })
  }

  /** @throws VolleyError (0A000) for an expression that has no codec. */
  encodeExpr(expr: Expr): Handle {
    // A loop, because a generated expression may be deeper than the call stack.
    const open: { readonly expr: Expr; readonly children: readonly Expr[]; expanded: boolean }[] = []
    const enter = (each: Expr): void => {
      if (!this.#handles.has(each)) open.push({ expr: each, children: each.children, expanded: false })
    }
    enter(expr)
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      if (!top.expanded) {
        top.expanded = true
        for (const child of top.children) enter(child)
        continue
      }
      const { expr: each, children } = top
      open.pop()
      this.#once(each, () => {
        const codec = this.#exprCodecs.get(each.kind)
        if (codec === undefined) throw notSupported(`sending the expression ${each.kind} to another worker`)
        const handles = children.map((child) => this.#handles.get(child)!)
        return this.#entries.push({ expr: { kind: each.kind, payload: codec.encode(each, this), children: handles } })
      })
    }
    return this.#handles.get(expr)!
  }

  encodeOptionalExpr(expr: Expr | null): Handle {
    return expr === null ? 0 : this.encodeExpr(expr)
  }

  encodeExprs(exprs: readonly Expr[]): Handle[] {
    return exprs.map((expr) => this.encodeExpr(expr))
  }

  encodeScalar(value: ScalarValue): Uint8Array {
    return volley.codec.Scalar.encode(scalarToWire(value)).finish()
  }

  encodeSortKeys(keys: readonly SortKey[]): EncodedSortKey[] {
    return keys.map(({ expr, descending, nullsFirst }) => ({ expr: this.encodeExpr(expr), descending, nullsFirst }))
  }

  encodePartitioning(partitioning: Partitioning): EncodedPartitioning {
    const { kind, count } = partitioning
    switch (kind) {
      case 'unknown':
        return { kind, count }
      case 'hash':
        return { kind, count, exprs: this.encodeExprs(partitioning.exprs) }
      case 'segment':
        return { kind, count, layoutId: partitioning.layoutId }
    }
  }

  encodeAggregate(call: AggregateCall): Handle {
    return this.#once(call, () => this.#entries.push({ aggregate: aggregateToWire(call, this) }))
  }

  encodeWindow(call: WindowCall): Handle {
    return this.#once(call, () => this.#entries.push({ window: windowToWire(call, this) }))
  }

  #once(object: object, encode: () => Handle): Handle {
    let handle = this.#handles.get(object)
    if (handle === undefined) this.#handles.set(object, (handle = encode()))
    return handle
  }

  #alike<T>(pool: string, wire: T, entries: T[]): Handle {
    const text = `${pool} ${JSON.stringify(wire)}`
    let handle = this.#texts.get(text)
    if (handle === undefined) this.#texts.set(text, (handle = entries.push(wire)))
    return handle
  }
}
