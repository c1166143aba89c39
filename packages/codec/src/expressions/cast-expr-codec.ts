import { CastExpr } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { ExprCodec } from '../node-codec.ts'
import { defineExprCodec } from './define-expr-codec.ts'

export const castExprCodec: ExprCodec = defineExprCodec({
  kind: 'Cast',
  message: volley.codec.CastExpr,
  children: 1,
  encode: ({ type, safe }: CastExpr, context) => ({ type: context.encodeType(type), safe }),
  decode: ({ type, safe }, [child], context) => new CastExpr(child!, context.decodeType(type), safe),
})
