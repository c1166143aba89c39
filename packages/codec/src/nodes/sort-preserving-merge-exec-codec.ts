import { SortPreservingMergeExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { optionalCount } from '../wire/counts.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const sortPreservingMergeExecCodec: NodeCodec = defineNodeCodec({
  kind: 'SortPreservingMergeExec',
  message: volley.codec.SortPreservingMergeExec,
  inputs: 1,
  encode: ({ keys, fetch }: SortPreservingMergeExec, context) => ({ keys: context.encodeSortKeys(keys), fetch }),
  decode: ({ keys, fetch }, [input], context) =>
    new SortPreservingMergeExec(input!, context.decodeSortKeys(keys), optionalCount(fetch)),
})
