import { LimitExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { count, optionalCount } from '../wire/counts.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const limitExecCodec: NodeCodec = defineNodeCodec({
  kind: 'LimitExec',
  message: volley.codec.LimitExec,
  inputs: 1,
  encode: ({ skip, fetch }: LimitExec) => ({ skip, fetch }),
  decode: ({ skip, fetch }, [input]) => new LimitExec(input!, count(skip), optionalCount(fetch)),
})
