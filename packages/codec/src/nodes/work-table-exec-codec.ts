import { WorkTableExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const workTableExecCodec: NodeCodec = defineNodeCodec({
  kind: 'WorkTableExec',
  message: volley.codec.WorkTableExec,
  inputs: 0,
  encode: ({ name, schema }: WorkTableExec, context) => ({ name, schema: context.encodeSchema(schema) }),
  decode: ({ name, schema }, _inputs, context) => new WorkTableExec(name, context.decodeSchema(schema)),
})
