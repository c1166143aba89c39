import { RecordBatchReader, Table, tableToIPC, type RecordBatch, type Schema } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'

/** Encodes an Arrow IPC stream of batches of one Arrow schema (not the engine's: see `toArrowSchema`). */
export function encodeIpc(schema: Schema, batches: readonly RecordBatch[]): Uint8Array {
  return tableToIPC(new Table(schema, [...batches]), 'stream')
}

/**
 * Decodes an Arrow IPC stream (or file); the batches share the bytes' memory.
 *
 * @throws VolleyError XX001 when the bytes are no Arrow IPC.
 */
export function decodeIpc(bytes: Uint8Array): { schema: Schema; batches: readonly RecordBatch[] } {
  try {
    const reader = RecordBatchReader.from(bytes).open()
    // The reader forgets its schema at the end of the stream.
    const { schema } = reader
    if (schema === undefined) throw new Error('no schema')
    return { schema, batches: [...reader] }
  } catch (cause) {
    throw new VolleyError('these bytes are no Arrow IPC stream', { code: SqlState.dataCorrupted, cause })
  }
}
