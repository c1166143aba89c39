import { JoinKeysExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { count } from '../wire/counts.ts'
import { oneOf } from '../wire/message.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const joinKeysExecCodec: NodeCodec = defineNodeCodec({
  kind: 'JoinKeysExec',
  message: volley.codec.JoinKeysExec,
  inputs: 1,
  encode: ({ keys, planned }: JoinKeysExec, context) => ({
    keys: keys.map(({ id, expr }) => ({ id, expr: context.encodeExpr(expr) })),
    mode: planned.mode,
    rows: planned.rows,
  }),
  decode: ({ keys, mode, rows }, [input], context) =>
    new JoinKeysExec(
      input!,
      keys.map(({ id, expr }) => ({ id: id ?? 0, expr: context.decodeExpr(expr ?? 0) })),
      { mode: oneOf(mode, ['lookup', 'filter'], 'what join keys are for'), rows: count(rows) },
    ),
})
