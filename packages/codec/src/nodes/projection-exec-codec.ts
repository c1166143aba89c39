import { ProjectionExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const projectionExecCodec: NodeCodec = defineNodeCodec({
  kind: 'ProjectionExec',
  message: volley.codec.ProjectionExec,
  inputs: 1,
  encode: ({ exprs, schema }: ProjectionExec, context) => ({
    exprs: context.encodeExprs(exprs),
    schema: context.encodeSchema(schema),
  }),
  decode: ({ exprs, schema }, [input], context) =>
    new ProjectionExec(input!, context.decodeExprs(exprs), context.decodeSchema(schema)),
})
