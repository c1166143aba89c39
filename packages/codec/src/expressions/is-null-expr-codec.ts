import { IsNullExpr } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { ExprCodec } from '../node-codec.ts'
import { defineExprCodec } from './define-expr-codec.ts'

export const isNullExprCodec: ExprCodec = defineExprCodec({
  kind: 'IsNull',
  message: volley.codec.IsNullExpr,
  children: 1,
  encode: ({ negated }: IsNullExpr) => ({ negated }),
  decode: ({ negated }, [child]) => new IsNullExpr(child!, negated),
})
