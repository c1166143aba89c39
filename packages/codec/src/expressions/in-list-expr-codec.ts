import { InListExpr } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { ExprCodec } from '../node-codec.ts'
import { malformed } from '../wire/message.ts'
import { defineExprCodec } from './define-expr-codec.ts'

export const inListExprCodec: ExprCodec = defineExprCodec({
  kind: 'InList',
  message: volley.codec.InListExpr,
  encode: ({ negated }: InListExpr) => ({ negated }),
  decode: ({ negated }, [child, ...list]) => {
    if (child === undefined) throw malformed('InList has no operand')
    return new InListExpr(child, list, negated)
  },
})
