import { SqlState, VolleyError, type ExecutionPlan, type FunctionRegistry } from '@volley/core'
import { coreExpressions } from './expressions/core-expressions.ts'
import { volley } from './generated/messages.js'
import type { ExprCodec, NodeCodec } from './node-codec.ts'
import { coreNodes } from './nodes/core-nodes.ts'
import { PlanDecoder } from './plan-decoder.ts'
import { PlanEncoder } from './plan-encoder.ts'
import { decodeMessage } from './wire/message.ts'

/** Version of the encoding: peers with different versions do not exchange plans. */
export const CODEC_VERSION = 1

/**
 * Encodes and decodes physical plans. Knows all nodes and expressions of @volley/core and the exchanges of @volley/planner; other packages
 * add theirs.
 */
export class PlanCodec {
  static readonly version: number = CODEC_VERSION
  readonly functions: FunctionRegistry
  readonly #nodes: ReadonlyMap<string, NodeCodec>
  readonly #exprs: ReadonlyMap<string, ExprCodec>
  readonly #encoded = new WeakMap<ExecutionPlan, Uint8Array>()

  /** Functions in decoded plans are looked up in `functions`. A later codec of a kind wins. */
  constructor(functions: FunctionRegistry, nodes: readonly NodeCodec[] = [], exprs: readonly ExprCodec[] = []) {
    this.functions = functions
    this.#nodes = byKind([...coreNodes, ...nodes])
    this.#exprs = byKind([...coreExpressions, ...exprs])
  }

  /**
   * The same bytes for the same plan, as long as somebody holds it.
   *
   * @throws VolleyError (0A000) when a node or expression has no codec.
   */
  encodePlan(plan: ExecutionPlan): Uint8Array {
    let bytes = this.#encoded.get(plan)
    if (bytes === undefined) {
      const encoder = new PlanEncoder(this.#nodes, this.#exprs)
      encoder.encodeNode(plan)
      bytes = encoder.finish(CODEC_VERSION)
      this.#encoded.set(plan, bytes)
    }
    return bytes
  }

  /**
   * @throws VolleyError with code 08P01 when the bytes are not a plan of this version or have what it must understand and does not,
   * 42883 for a function that is not registered.
   */
  decodePlan(bytes: Uint8Array): ExecutionPlan {
    const plan = decodeMessage(volley.codec.Plan, bytes, 'the plan')
    if (plan.version !== CODEC_VERSION) {
      throw new VolleyError(`the plan has codec version ${plan.version}, this is version ${CODEC_VERSION}`, {
        code: SqlState.protocolViolation,
        hint: 'run the same version of Volley on the coordinator and on all workers',
      })
    }
    return new PlanDecoder(this.functions, this.#exprs).decode(plan, this.#nodes)
  }
}

function byKind<T extends { readonly kind: string }>(codecs: readonly T[]): ReadonlyMap<string, T> {
  return new Map(codecs.map((codec) => [codec.kind, codec]))
}
