import type { Expr } from '@volley/core'
import type { DecodeContext, EncodeContext, ExprCodec } from '../node-codec.ts'
import { decodeMessage, malformed, type MessageType } from '../wire/message.ts'

interface ExprCodecDefinition<E extends Expr, Out, In> {
  readonly kind: E['kind']
  readonly message: MessageType<Out, In>
  /** Number of children where it is fixed. */
  readonly children?: number
  encode(expr: E, context: EncodeContext): Out
  decode(message: In, children: readonly Expr[], context: DecodeContext): E
}

/** An ExprCodec whose payload is a protobuf message. */
export function defineExprCodec<E extends Expr, Out, In>(definition: ExprCodecDefinition<E, Out, In>): ExprCodec {
  const { kind, message } = definition
  return {
    kind,
    encode: (expr, context) => message.encode(definition.encode(expr as E, context)).finish(),
    decode(payload, children, context) {
      if (definition.children !== undefined && children.length !== definition.children) {
        throw malformed(`${kind} has ${children.length} operands instead of ${definition.children}`)
      }
      return definition.decode(decodeMessage(message as MessageType<never, In>, payload, kind), children, context)
    },
  }
}
