import { ArithmeticExpr } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { ExprCodec } from '../node-codec.ts'
import { oneOf } from '../wire/message.ts'
import { defineExprCodec } from './define-expr-codec.ts'

const OPERATORS = ['+', '-', '*', '/', '%'] as const

export const arithmeticExprCodec: ExprCodec = defineExprCodec({
  kind: 'Arithmetic',
  message: volley.codec.ArithmeticExpr,
  children: 2,
  encode: ({ op, type }: ArithmeticExpr, context) => ({ op, type: context.encodeType(type) }),
  decode: (message, [left, right], context) =>
    new ArithmeticExpr(oneOf(message.op, OPERATORS, 'the operator'), left!, right!, context.decodeType(message.type)),
})
