import { FilterByKeysExec, JoinKeysExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { malformed } from '../wire/message.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const filterByKeysExecCodec: NodeCodec = defineNodeCodec({
  kind: 'FilterByKeysExec',
  message: volley.codec.FilterByKeysExec,
  inputs: 2,
  encode: (_node: FilterByKeysExec) => ({}),
  decode(_message, [input, keys]) {
    if (!(keys instanceof JoinKeysExec)) throw malformed(`keys are gathered by no ${keys!.kind}`)
    return new FilterByKeysExec(input!, keys)
  },
})
