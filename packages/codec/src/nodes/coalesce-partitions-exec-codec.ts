import { CoalescePartitionsExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const coalescePartitionsExecCodec: NodeCodec = defineNodeCodec({
  kind: 'CoalescePartitionsExec',
  message: volley.codec.CoalescePartitionsExec,
  inputs: 1,
  encode: (_node: CoalescePartitionsExec) => ({}),
  decode: (_message, [input]) => new CoalescePartitionsExec(input!),
})
