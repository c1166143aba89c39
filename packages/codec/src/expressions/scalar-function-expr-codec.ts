import { ScalarFunctionExpr } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { ExprCodec } from '../node-codec.ts'
import { unknownFunction } from '../wire/calls.ts'
import { defineExprCodec } from './define-expr-codec.ts'

export const scalarFunctionExprCodec: ExprCodec = defineExprCodec({
  kind: 'ScalarFunction',
  message: volley.codec.ScalarFunctionExpr,
  encode: ({ fn, type, nullable }: ScalarFunctionExpr, context) => ({
    function: fn.name,
    type: context.encodeType(type),
    nullable,
  }),
  decode: (message, args, context) => {
    const fn = context.functions.scalar(message.function)
    if (fn === undefined) throw unknownFunction(message.function)
    return new ScalarFunctionExpr(fn, args, context.decodeType(message.type), message.nullable)
  },
})
