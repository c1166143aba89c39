import { ColumnExpr } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { ExprCodec } from '../node-codec.ts'
import { defineExprCodec } from './define-expr-codec.ts'

export const columnExprCodec: ExprCodec = defineExprCodec({
  kind: 'Column',
  message: volley.codec.ColumnExpr,
  children: 0,
  encode: ({ index, name, type, nullable }: ColumnExpr, context) => ({
    index,
    name,
    type: context.encodeType(type),
    nullable,
  }),
  decode: ({ index, name, type, nullable }, _children, context) =>
    new ColumnExpr(index, name, context.decodeType(type), nullable),
})
