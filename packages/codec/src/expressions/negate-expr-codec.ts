import { NegateExpr } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { ExprCodec } from '../node-codec.ts'
import { defineExprCodec } from './define-expr-codec.ts'

export const negateExprCodec: ExprCodec = defineExprCodec({
  kind: 'Negate',
  message: volley.codec.NegateExpr,
  children: 1,
  encode: (_expr: NegateExpr) => ({}),
  decode: (_message, [child]) => new NegateExpr(child!),
})
