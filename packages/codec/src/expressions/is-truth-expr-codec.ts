import { IsTruthExpr } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { ExprCodec } from '../node-codec.ts'
import { defineExprCodec } from './define-expr-codec.ts'

export const isTruthExprCodec: ExprCodec = defineExprCodec({
  kind: 'IsTruth',
  message: volley.codec.IsTruthExpr,
  children: 1,
  encode: ({ value, negated }: IsTruthExpr) => ({ value, negated }),
  decode: ({ value, negated }, [child]) => new IsTruthExpr(child!, value ?? null, negated),
})
