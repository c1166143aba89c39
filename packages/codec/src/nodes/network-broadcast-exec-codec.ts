import { NetworkBroadcastExec } from '@volley/planner'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { producersFromWire, producersToWire } from './producers.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const networkBroadcastExecCodec: NodeCodec = defineNodeCodec({
  kind: 'NetworkBroadcastExec',
  message: volley.codec.NetworkBroadcastExec,
  inputs: 0,
  encode: (node: NetworkBroadcastExec, context) => ({
    stage: node.stageId,
    producers: producersToWire(node.producers),
    schema: context.encodeSchema(node.schema),
    partitionsPerTask: node.partitionsPerTask,
    ordering: context.encodeSortKeys(node.ordering),
  }),
  decode: (message, _inputs, context) =>
    new NetworkBroadcastExec(
      message.stage,
      producersFromWire(message.producers),
      context.decodeSchema(message.schema),
      message.partitionsPerTask,
      context.decodeSortKeys(message.ordering),
    ),
})
