import { NetworkCoalesceExec } from '@volley/planner'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { producersFromWire, producersToWire } from './producers.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const networkCoalesceExecCodec: NodeCodec = defineNodeCodec({
  kind: 'NetworkCoalesceExec',
  message: volley.codec.NetworkCoalesceExec,
  inputs: 0,
  encode: (node: NetworkCoalesceExec, context) => ({
    stage: node.stageId,
    producers: producersToWire(node.producers),
    schema: context.encodeSchema(node.schema),
    partitionsPerTask: node.partitionsPerTask,
    ordering: context.encodeSortKeys(node.ordering),
  }),
  decode: (message, _inputs, context) =>
    new NetworkCoalesceExec(
      message.stage,
      producersFromWire(message.producers),
      context.decodeSchema(message.schema),
      message.partitionsPerTask,
      context.decodeSortKeys(message.ordering),
    ),
})
