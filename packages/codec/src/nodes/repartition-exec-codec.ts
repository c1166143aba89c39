import { RepartitionExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const repartitionExecCodec: NodeCodec = defineNodeCodec({
  kind: 'RepartitionExec',
  message: volley.codec.RepartitionExec,
  inputs: 1,
  encode: ({ partitioning }: RepartitionExec, context) => ({ partitioning: context.encodePartitioning(partitioning) }),
  decode: ({ partitioning }, [input], context) =>
    new RepartitionExec(input!, context.decodePartitioning(partitioning ?? {})),
})
