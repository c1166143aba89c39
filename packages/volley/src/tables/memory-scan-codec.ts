import type { NodeCodec } from '@volley/codec'
import { decodeIpc, encodeIpc, MemoryExec, toArrowSchema } from '@volley/core'
import type { SharedParts } from './shared-parts.ts'
import { TablePart } from './table-part.ts'
import { MemoryScanExec, type MemoryScanOptions } from './memory-scan-exec.ts'

interface Payload extends Omit<MemoryScanOptions, 'schema'> {
  readonly schema: number
  /** Of the rows that follow, as Arrow IPC streams, one for each partition; null where they are asked for. */
  readonly streams: readonly number[] | null
}

const LENGTH = 4

/**
 * Scans of tables in memory: for threads of the process that has them, which ask for the rows, of `shared`; for other
 * processes (a scan that is not dealt to tasks) with the rows.
 */
export function memoryScanCodec(shared: SharedParts): NodeCodec {
  return {
    kind: 'MemoryScanExec',
    encode(node, context) {
      const { schema, parts, ...scan } = (node as MemoryScanExec).scan
      const streams = scan.dealt ? [] : rowsOf(node as MemoryScanExec)
      if (scan.dealt) for (const part of parts) if (part instanceof TablePart) shared.offer(part)
      const payload: Payload = {
        ...scan,
        schema: context.encodeSchema(schema),
        parts: parts.map(({ id, rows }) => ({ id, rows })),
        streams: scan.dealt ? null : streams.map((stream) => stream.byteLength),
      }
      const head = new TextEncoder().encode(JSON.stringify(payload))
      const bytes = new Uint8Array(LENGTH + streams.reduce((sum, stream) => sum + stream.byteLength, head.byteLength))
      new DataView(bytes.buffer).setUint32(0, head.byteLength, true)
      bytes.set(head, LENGTH)
      let at = LENGTH + head.byteLength
      for (const stream of streams) {
        bytes.set(stream, at)
        at += stream.byteLength
      }
      return bytes
    },
    decode(bytes, _children, context) {
      const end = LENGTH + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
      const payload = JSON.parse(new TextDecoder().decode(bytes.subarray(LENGTH, end))) as Payload
      const { streams, ...scan } = payload
      const schema = context.decodeSchema(payload.schema)
      if (streams === null) return new MemoryScanExec({ ...scan, schema })
      let at = end
      return new MemoryExec(
        schema,
        streams.map((length) => decodeIpc(bytes.slice(at, (at += length))).batches),
      )
    },
  }
}

function rowsOf(scan: MemoryScanExec): Uint8Array[] {
  return scan.batches().map((batches) => encodeIpc(batches[0]?.schema ?? toArrowSchema(scan.schema), batches))
}
