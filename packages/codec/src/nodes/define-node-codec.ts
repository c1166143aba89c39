import type { ExecutionPlan } from '@volley/core'
import type { DecodeContext, EncodeContext, NodeCodec } from '../node-codec.ts'
import { decodeMessage, malformed, type MessageType } from '../wire/message.ts'

interface NodeCodecDefinition<N extends ExecutionPlan, Out, In> {
  readonly kind: N['kind']
  readonly message: MessageType<Out, In>
  /** Number of inputs where it is fixed. */
  readonly inputs?: number
  encode(node: N, context: EncodeContext): Out
  decode(message: In, inputs: readonly ExecutionPlan[], context: DecodeContext): N
}

/** A NodeCodec whose payload is a protobuf message. */
export function defineNodeCodec<N extends ExecutionPlan, Out, In>(
  definition: NodeCodecDefinition<N, Out, In>,
): NodeCodec {
  const { kind, message } = definition
  return {
    kind,
    encode: (node, context) => message.encode(definition.encode(node as N, context)).finish(),
    decode(payload, inputs, context) {
      if (definition.inputs !== undefined && inputs.length !== definition.inputs) {
        throw malformed(`${kind} has ${inputs.length} inputs instead of ${definition.inputs}`)
      }
      return definition.decode(decodeMessage(message as MessageType<never, In>, payload, kind), inputs, context)
    },
  }
}
