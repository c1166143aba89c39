import { LocalLimitExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { count } from '../wire/counts.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const localLimitExecCodec: NodeCodec = defineNodeCodec({
  kind: 'LocalLimitExec',
  message: volley.codec.LocalLimitExec,
  inputs: 1,
  encode: ({ fetch }: LocalLimitExec) => ({ fetch }),
  decode: ({ fetch }, [input]) => new LocalLimitExec(input!, count(fetch)),
})
