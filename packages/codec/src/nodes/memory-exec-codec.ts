import { MemoryExec, decodeIpc, encodeIpc, toArrowSchema } from '@volley/core'
import type { RecordBatch } from 'apache-arrow'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { malformed } from '../wire/message.ts'
import { verifyIpc } from '../wire/verify-ipc.ts'
import { defineNodeCodec } from './define-node-codec.ts'

function decodeBatches(bytes: Uint8Array): readonly RecordBatch[] {
  verifyIpc(bytes)
  try {
    return decodeIpc(bytes).batches.filter((batch) => batch.numRows > 0)
  } catch {
    throw malformed('MemoryExec has batches that are no Arrow IPC stream')
  }
}

export const memoryExecCodec: NodeCodec = defineNodeCodec({
  kind: 'MemoryExec',
  message: volley.codec.MemoryExec,
  inputs: 0,
  encode: ({ schema, partitions }: MemoryExec, context) => ({
    schema: context.encodeSchema(schema),
    partitions: partitions.map((batches) => encodeIpc(batches[0]?.schema ?? toArrowSchema(schema), batches)),
  }),
  decode: ({ schema, partitions }, _inputs, context) =>
    new MemoryExec(context.decodeSchema(schema), partitions.map(decodeBatches)),
})
