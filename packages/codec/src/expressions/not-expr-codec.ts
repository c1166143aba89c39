import { NotExpr } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { ExprCodec } from '../node-codec.ts'
import { defineExprCodec } from './define-expr-codec.ts'

export const notExprCodec: ExprCodec = defineExprCodec({
  kind: 'Not',
  message: volley.codec.NotExpr,
  children: 1,
  encode: (_expr: NotExpr) => ({}),
  decode: (_message, [child]) => new NotExpr(child!),
})
