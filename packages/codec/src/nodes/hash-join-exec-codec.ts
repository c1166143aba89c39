import { HashJoinExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { count } from '../wire/counts.ts'
import { oneOf } from '../wire/message.ts'
import { joinTypeOf } from './join-type.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const hashJoinExecCodec: NodeCodec = defineNodeCodec({
  kind: 'HashJoinExec',
  message: volley.codec.HashJoinExec,
  inputs: 2,
  encode: ({ on, joinType, filter, mode, options }: HashJoinExec, context) => ({
    on: on.map(({ left, right }) => ({ left: context.encodeExpr(left), right: context.encodeExpr(right) })),
    joinType,
    filter: context.encodeOptionalExpr(filter),
    mode,
    nullEqualsNull: options.nullEqualsNull,
    nullAware: options.nullAware,
    buildRows: options.estimated?.buildRows,
    buildBytes: options.estimated?.buildBytes,
    probeBytes: options.estimated?.probeBytes,
  }),
  decode: (
    { on, joinType, filter, mode, nullEqualsNull, nullAware, buildRows, buildBytes, probeBytes },
    [left, right],
    context,
  ) =>
    new HashJoinExec(
      left!,
      right!,
      on.map((key) => ({ left: context.decodeExpr(key.left ?? 0), right: context.decodeExpr(key.right ?? 0) })),
      joinTypeOf(joinType),
      context.decodeOptionalExpr(filter),
      oneOf(mode, ['collect_left', 'partitioned'], 'the join mode'),
      {
        nullEqualsNull,
        nullAware,
        estimated:
          buildBytes == null
            ? null
            : { buildRows: count(buildRows ?? 0), buildBytes: count(buildBytes), probeBytes: count(probeBytes ?? 0) },
      },
    ),
})
