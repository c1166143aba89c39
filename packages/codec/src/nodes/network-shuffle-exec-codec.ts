import { NetworkShuffleExec } from '@volley/planner'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { producersFromWire, producersToWire } from './producers.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const networkShuffleExecCodec: NodeCodec = defineNodeCodec({
  kind: 'NetworkShuffleExec',
  message: volley.codec.NetworkShuffleExec,
  inputs: 0,
  encode: (node: NetworkShuffleExec, context) => ({
    stage: node.stageId,
    producers: producersToWire(node.producers),
    schema: context.encodeSchema(node.schema),
    exprs: context.encodeExprs(node.exprs),
    partitions: node.partitions,
    firstPartition: node.firstPartition,
  }),
  decode: (message, _inputs, context) =>
    new NetworkShuffleExec(
      message.stage,
      producersFromWire(message.producers),
      context.decodeSchema(message.schema),
      context.decodeExprs(message.exprs),
      message.partitions,
      message.firstPartition,
    ),
})
