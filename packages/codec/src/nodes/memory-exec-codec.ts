import { MemoryExec, decodeIpc, encodeIpc } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const memoryExecCodec: NodeCodec = defineNodeCodec({
  kind: 'MemoryExec',
  message: volley.codec.MemoryExec,
  inputs: 0,
  encode: ({ schema, partitions }: MemoryExec, context) => ({
    schema: context.encodeSchema(schema),
    partitions: partitions.map((batches) => encodeIpc(schema, batches)),
  }),
  decode: ({ schema, partitions }, _inputs, context) =>
    new MemoryExec(
      context.decodeSchema(schema),
      partitions.map((bytes) => decodeIpc(bytes).batches),
    ),
})
