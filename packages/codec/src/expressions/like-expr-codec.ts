import { LikeExpr } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { ExprCodec } from '../node-codec.ts'
import { defineExprCodec } from './define-expr-codec.ts'

export const likeExprCodec: ExprCodec = defineExprCodec({
  kind: 'Like',
  message: volley.codec.LikeExpr,
  children: 2,
  encode: ({ options }: LikeExpr) => ({ ...options }),
  decode: ({ negated, caseInsensitive, escape }, [child, pattern]) =>
    new LikeExpr(child!, pattern!, { negated, caseInsensitive, escape: escape ?? null }),
})
