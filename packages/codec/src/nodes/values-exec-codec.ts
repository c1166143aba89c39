import { ValuesExec } from '@volley/core'
import { volley } from '../generated/messages.js'
import type { NodeCodec } from '../node-codec.ts'
import { malformed } from '../wire/message.ts'
import { scalarFromWire, scalarToWire } from '../wire/scalars.ts'
import { defineNodeCodec } from './define-node-codec.ts'

export const valuesExecCodec: NodeCodec = defineNodeCodec({
  kind: 'ValuesExec',
  message: volley.codec.ValuesExec,
  inputs: 0,
  encode: ({ schema, rows }: ValuesExec, context) => ({
    schema: context.encodeSchema(schema),
    rows: rows.map((row) => ({ values: row.map(scalarToWire) })),
  }),
  decode: (message, _inputs, context) => {
    const schema = context.decodeSchema(message.schema)
    const rows = message.rows.map((row) => (row.values ?? []).map(scalarFromWire))
    if (rows.some((row) => row.length !== schema.fields.length))
      throw malformed('ValuesExec has a row of another width')
    return new ValuesExec(schema, rows)
  },
})
