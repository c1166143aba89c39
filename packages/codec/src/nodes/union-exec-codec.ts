import { UnionExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { malformed } from '../wire/message.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const unionExecCodec: NodeCodec = defineNodeCodec({
  kind: 'UnionExec',
  message: volley.codec.UnionExec,
  encode: (_node: UnionExec) => ({}),
  decode: (_message, inputs) => {
    const [first, ...others] = inputs
    const width = first?.schema.fields.length
    if (width === undefined) throw malformed('UnionExec has no inputs')
    if (others.some((each) => each.schema.fields.length !== width))
      throw malformed('UnionExec has inputs of several widths')
    return new UnionExec(inputs)
  },
})
