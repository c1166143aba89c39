import { SortMergeJoinExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { joinTypeOf } from './join-type.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const sortMergeJoinExecCodec: NodeCodec = defineNodeCodec({
  kind: 'SortMergeJoinExec',
  message: volley.codec.SortMergeJoinExec,
  inputs: 2,
  encode: ({ on, joinType, filter, nullEqualsNull }: SortMergeJoinExec, context) => ({
    on: on.map(({ left, right }) => ({ left: context.encodeExpr(left), right: context.encodeExpr(right) })),
    joinType,
    filter: context.encodeOptionalExpr(filter),
    nullEqualsNull,
  }),
  decode: ({ on, joinType, filter, nullEqualsNull }, [left, right], context) =>
    new SortMergeJoinExec(
      left!,
      right!,
      on.map((key) => ({ left: context.decodeExpr(key.left ?? 0), right: context.decodeExpr(key.right ?? 0) })),
      joinTypeOf(joinType),
      context.decodeOptionalExpr(filter),
      nullEqualsNull,
    ),
})
