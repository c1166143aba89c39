import { DocIdJoinExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { malformed, oneOf } from '../wire/message.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const docIdJoinExecCodec: NodeCodec = defineNodeCodec({
  kind: 'DocIdJoinExec',
  message: volley.codec.DocIdJoinExec,
  inputs: 2,
  encode: ({ joinType, on }: DocIdJoinExec) => ({ joinType, on: on.map(({ left, right }) => ({ left, right })) }),
  decode: ({ joinType, on }, [left, right]) => {
    const keys = on.map((key) => ({ left: key.left ?? 0, right: key.right ?? 0 }))
    const fits = keys.every((key) => key.left < left!.schema.fields.length && key.right < right!.schema.fields.length)
    if (!fits) throw malformed('DocIdJoinExec joins on a column that is not there')
    return new DocIdJoinExec(left!, right!, oneOf(joinType, ['inner', 'left'], 'the join type'), keys)
  },
})
