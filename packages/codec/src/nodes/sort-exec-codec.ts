import { SortExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { optionalCount } from '../wire/counts.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const sortExecCodec: NodeCodec = defineNodeCodec({
  kind: 'SortExec',
  message: volley.codec.SortExec,
  inputs: 1,
  encode: ({ keys, fetch, preservePartitioning }: SortExec, context) => ({
    keys: context.encodeSortKeys(keys),
    fetch,
    preservePartitioning,
  }),
  decode: ({ keys, fetch, preservePartitioning }, [input], context) =>
    new SortExec(input!, context.decodeSortKeys(keys), optionalCount(fetch), preservePartitioning),
})
