import { AggregateExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { malformed, oneOf } from '../wire/message.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const aggregateExecCodec: NodeCodec = defineNodeCodec({
  kind: 'AggregateExec',
  message: volley.codec.AggregateExec,
  inputs: 1,
  encode: ({ mode, groups, groupingSets, calls, schema }: AggregateExec, context) => ({
    mode,
    groups: context.encodeExprs(groups),
    groupingSets: groupingSets === null ? null : { sets: groupingSets.map((set) => ({ groups: [...set] })) },
    calls: calls.map((call) => context.encodeAggregate(call)),
    schema: context.encodeSchema(schema),
  }),
  decode: ({ mode, groups, groupingSets, calls, schema }, [input], context) => {
    const sets = groupingSets?.sets?.map((set) => set.groups ?? []) ?? []
    if (sets.flat().some((group) => group >= groups.length))
      throw malformed('a grouping set has a group that is not there')
    return new AggregateExec(
      input!,
      oneOf(mode, ['partial', 'final', 'single'], 'the aggregate mode'),
      context.decodeExprs(groups),
      groupingSets == null ? null : sets,
      calls.map((call) => context.decodeAggregate(call)),
      context.decodeSchema(schema),
    )
  },
})
