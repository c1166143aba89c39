import type { NodeCodec } from '@volley/codec'
import type { SharedParts } from './shared-parts.ts'
import { TablePart } from './table-part.ts'
import { MemoryScanExec, type MemoryScanOptions } from './memory-scan-exec.ts'

type Payload = Omit<MemoryScanOptions, 'schema'> & { readonly schema: number }

/** Scans of tables in memory, for threads of the process that has them: the rows are asked for, of `shared`. */
export function memoryScanCodec(shared: SharedParts): NodeCodec {
  return {
    kind: 'MemoryScanExec',
    encode(node, context) {
      const { schema, parts, ...scan } = (node as MemoryScanExec).scan
      for (const part of parts) if (part instanceof TablePart) shared.offer(part)
      const payload: Payload = {
        ...scan,
        schema: context.encodeSchema(schema),
        parts: parts.map(({ id, rows }) => ({ id, rows })),
      }
      return new TextEncoder().encode(JSON.stringify(payload))
    },
    decode(bytes, _children, context) {
      const payload = JSON.parse(new TextDecoder().decode(bytes)) as Payload
      return new MemoryScanExec({ ...payload, schema: context.decodeSchema(payload.schema) })
    },
  }
}
