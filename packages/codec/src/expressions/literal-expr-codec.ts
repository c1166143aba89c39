import { LiteralExpr } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { ExprCodec } from '../node-codec.ts'
import { defineExprCodec } from './define-expr-codec.ts'

export const literalExprCodec: ExprCodec = defineExprCodec({
  kind: 'Literal',
  message: volley.codec.LiteralExpr,
  children: 0,
  encode: ({ type, value }: LiteralExpr, context) => ({
    type: context.encodeType(type),
    value: context.encodeScalar(value),
  }),
  decode: ({ type, value }, _children, context) =>
    new LiteralExpr(context.decodeType(type), context.decodeScalar(value)),
})
