import { RecursiveQueryExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const recursiveQueryExecCodec: NodeCodec = defineNodeCodec({
  kind: 'RecursiveQueryExec',
  message: volley.codec.RecursiveQueryExec,
  inputs: 2,
  encode: ({ name, distinct, schema }: RecursiveQueryExec, context) => ({
    name,
    distinct,
    schema: context.encodeSchema(schema),
  }),
  decode: ({ name, distinct, schema }, [initial, recursive], context) =>
    new RecursiveQueryExec(name, initial!, recursive!, distinct, context.decodeSchema(schema)),
})
