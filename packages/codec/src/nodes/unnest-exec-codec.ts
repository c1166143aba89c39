import { UnnestExec } from '@volley/core'
import type { NodeCodec } from '../node-codec.ts'
import { malformed } from '../wire/message.ts'

interface Payload {
  readonly lists: readonly number[]
  readonly outer: boolean
  readonly schema: number
}

export const unnestExecCodec: NodeCodec = {
  kind: 'UnnestExec',
  encode(node, context) {
    const { lists, outer, schema } = node as UnnestExec
    const payload: Payload = { lists: context.encodeExprs(lists), outer, schema: context.encodeSchema(schema) }
    return new TextEncoder().encode(JSON.stringify(payload))
  },
  decode(bytes, children, context) {
    if (children.length !== 1) throw malformed(`UnnestExec has ${children.length} inputs instead of 1`)
    let payload: Payload
    try {
      payload = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Payload
    } catch {
      throw malformed('UnnestExec is no JSON')
    }
    if (!Array.isArray(payload.lists)) throw malformed('UnnestExec has no lists')
    const schema = context.decodeSchema(payload.schema)
    return new UnnestExec(children[0]!, context.decodeExprs(payload.lists), payload.outer, schema)
  },
}
