import { NestedLoopJoinExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { joinTypeOf } from './join-type.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const nestedLoopJoinExecCodec: NodeCodec = defineNodeCodec({
  kind: 'NestedLoopJoinExec',
  message: volley.codec.NestedLoopJoinExec,
  inputs: 2,
  encode: ({ joinType, filter }: NestedLoopJoinExec, context) => ({
    joinType,
    filter: context.encodeOptionalExpr(filter),
  }),
  decode: ({ joinType, filter }, [left, right], context) =>
    new NestedLoopJoinExec(left!, right!, joinTypeOf(joinType), context.decodeOptionalExpr(filter)),
})
