import type { NodeCodec } from '@volley/codec'
import { SeriesScanExec, type SeriesScanOptions } from './series-scan-exec.ts'

interface Payload extends Omit<SeriesScanOptions, 'schema' | 'start' | 'step'> {
  readonly schema: number
  readonly start: string
  readonly step: string
}

export const seriesScanCodec: NodeCodec = {
  kind: 'SeriesScanExec',
  encode(node, context) {
    const { schema, start, step, ...scan } = (node as SeriesScanExec).scan
    const payload: Payload = {
      ...scan,
      schema: context.encodeSchema(schema),
      start: String(start),
      step: String(step),
    }
    return new TextEncoder().encode(JSON.stringify(payload))
  },
  decode(bytes, _children, context) {
    const payload = JSON.parse(new TextDecoder().decode(bytes)) as Payload
    return new SeriesScanExec({
      ...payload,
      schema: context.decodeSchema(payload.schema),
      start: BigInt(payload.start),
      step: BigInt(payload.step),
    })
  },
}
