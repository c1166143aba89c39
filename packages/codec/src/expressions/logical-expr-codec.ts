import { LogicalExpr } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { ExprCodec } from '../node-codec.ts'
import { oneOf } from '../wire/message.ts'
import { defineExprCodec } from './define-expr-codec.ts'

export const logicalExprCodec: ExprCodec = defineExprCodec({
  kind: 'Logical',
  message: volley.codec.LogicalExpr,
  encode: ({ op }: LogicalExpr) => ({ op }),
  decode: ({ op }, operands) => new LogicalExpr(oneOf(op, ['AND', 'OR'], 'the operator'), operands),
})
