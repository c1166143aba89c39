import { WindowExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const windowExecCodec: NodeCodec = defineNodeCodec({
  kind: 'WindowExec',
  message: volley.codec.WindowExec,
  inputs: 1,
  encode: ({ calls, schema }: WindowExec, context) => ({
    calls: calls.map((call) => context.encodeWindow(call)),
    schema: context.encodeSchema(schema),
  }),
  decode: ({ calls, schema }, [input], context) =>
    new WindowExec(
      input!,
      calls.map((call) => context.decodeWindow(call)),
      context.decodeSchema(schema),
    ),
})
