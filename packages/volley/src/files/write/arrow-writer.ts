import { toArrowRecordBatch, toArrowSchema } from '@volley/core'
import { AsyncByteQueue, RecordBatchFileWriter } from 'apache-arrow'
import type { OpenWriter } from './row-writer.ts'

/** Keeps what the library writes until it is taken. */
class Chunks extends AsyncByteQueue<Uint8Array<ArrayBuffer>> {
  #chunks: Uint8Array[] = []

  override write(chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunks.push(chunk)
  }

  take(): Uint8Array {
    const bytes = Buffer.concat(this.#chunks)
    this.#chunks = []
    return bytes
  }
}

/** An Arrow IPC file, uncompressed. */
export const arrowWriter: OpenWriter = (output, schema) => {
  const chunks = new Chunks()
  const writer = new RecordBatchFileWriter()
  writer.reset(chunks, toArrowSchema(schema))
  return {
    async write(batch) {
      writer.write(toArrowRecordBatch(batch))
      await output.write(chunks.take())
    },
    async finish() {
      writer.finish()
      await output.write(chunks.take())
    },
  }
}
