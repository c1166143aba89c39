import type { RecordBatch as ArrowRecordBatch, Schema } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'

/** The schema as Arrow users see it: Json is Utf8 with the extension name `arrow.json` in its field's metadata. */
export function toArrowSchema(schema: Schema): Schema {
  return schema
}

/** The engine's schema of an Arrow schema: the inverse of `toArrowSchema`. */
export function fromArrowSchema(schema: Schema): Schema {
  return schema
}

/** A copy of the selected rows in ordinary memory. */
export function toArrowRecordBatch(_batch: RecordBatch): ArrowRecordBatch {
  throw notSupported('this conversion')
}

/** A copy in the region's memory; `schema` is the engine's. */
export function fromArrowRecordBatch(_batch: ArrowRecordBatch, _schema: Schema, _region: Region): RecordBatch {
  throw notSupported('this conversion')
}

/** Encodes an Arrow IPC stream. */
export function encodeIpc(_schema: Schema, _batches: readonly ArrowRecordBatch[]): Uint8Array {
  throw notSupported('IPC')
}

/** Decodes an Arrow IPC stream. */
export function decodeIpc(_bytes: Uint8Array): { schema: Schema; batches: readonly ArrowRecordBatch[] } {
  throw notSupported('IPC')
}
