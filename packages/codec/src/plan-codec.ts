import { internalError, type ExecutionPlan, type FunctionRegistry } from '@volley/core'
import type { ExprCodec, NodeCodec } from './node-codec.ts'

/** Version of the encoding: peers with different versions do not exchange plans. */
export const CODEC_VERSION = 1

/** Encodes and decodes physical plans. */
export class PlanCodec {
  static readonly version: number = CODEC_VERSION
  readonly functions: FunctionRegistry

  constructor(functions: FunctionRegistry, _nodes: readonly NodeCodec[] = [], _exprs: readonly ExprCodec[] = []) {
    this.functions = functions
  }

  encodePlan(_plan: ExecutionPlan): Uint8Array {
    throw internalError('not there yet')
  }

  decodePlan(_bytes: Uint8Array): ExecutionPlan {
    throw internalError('not there yet')
  }
}
