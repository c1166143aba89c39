import { ComparisonExpr } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { ExprCodec } from '../node-codec.ts'
import { oneOf } from '../wire/message.ts'
import { defineExprCodec } from './define-expr-codec.ts'

const OPERATORS = ['=', '<>', '<', '<=', '>', '>=', 'IS DISTINCT FROM', 'IS NOT DISTINCT FROM'] as const

export const comparisonExprCodec: ExprCodec = defineExprCodec({
  kind: 'Comparison',
  message: volley.codec.ComparisonExpr,
  children: 2,
  encode: ({ op }: ComparisonExpr) => ({ op }),
  decode: ({ op }, [left, right]) => new ComparisonExpr(oneOf(op, OPERATORS, 'the operator'), left!, right!),
})
