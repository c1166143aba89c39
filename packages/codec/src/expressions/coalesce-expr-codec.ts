import { CoalesceExpr } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { ExprCodec } from '../node-codec.ts'
import { defineExprCodec } from './define-expr-codec.ts'

export const coalesceExprCodec: ExprCodec = defineExprCodec({
  kind: 'Coalesce',
  message: volley.codec.CoalesceExpr,
  encode: ({ type }: CoalesceExpr, context) => ({ type: context.encodeType(type) }),
  decode: ({ type }, args, context) => new CoalesceExpr(args, context.decodeType(type)),
})
