import type { NodeCodec } from '@volley/codec'
import { SqlState, VolleyError } from '@volley/core'
import type { FileFormatName, FilePart } from './file-format.ts'
import { FileScanExec } from './file-scan-exec.ts'

interface Payload {
  readonly format: FileFormatName
  readonly options: readonly (readonly [string, string])[]
  readonly tableSchema: number
  readonly schema: number
  readonly wanted: readonly number[]
  readonly partitions: readonly (readonly FilePart[])[]
  readonly filters: readonly number[]
  readonly fetch: number | null
  readonly dealt: boolean
  readonly ranges: boolean
}

/**
 * Scans of files, for executors of the same machine. An executor that opens only some roots (`allowed` false) refuses them,
 * whatever a plan says.
 */
export function fileScanCodec(allowed: boolean): NodeCodec {
  return {
    kind: 'FileScanExec',
    encode(node, context) {
      const { options, tableSchema, schema, filters, ...scan } = (node as FileScanExec).scan
      const payload: Payload = {
        ...scan,
        options: [...options],
        tableSchema: context.encodeSchema(tableSchema),
        schema: context.encodeSchema(schema),
        filters: context.encodeExprs(filters),
      }
      return new TextEncoder().encode(JSON.stringify(payload))
    },
    decode(bytes, _children, context) {
      if (!allowed)
        throw new VolleyError('this worker reads no files: it was started for some roots only', {
          code: SqlState.featureNotSupported,
        })
      const payload = JSON.parse(new TextDecoder().decode(bytes)) as Payload
      return new FileScanExec({
        ...payload,
        options: new Map(payload.options),
        tableSchema: context.decodeSchema(payload.tableSchema),
        schema: context.decodeSchema(payload.schema),
        filters: context.decodeExprs(payload.filters),
      })
    },
  }
}
