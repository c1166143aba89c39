import { FilterExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const filterExecCodec: NodeCodec = defineNodeCodec({
  kind: 'FilterExec',
  message: volley.codec.FilterExec,
  inputs: 1,
  encode: ({ predicate }: FilterExec, context) => ({ predicate: context.encodeExpr(predicate) }),
  decode: ({ predicate }, [input], context) => new FilterExec(input!, context.decodeExpr(predicate)),
})
