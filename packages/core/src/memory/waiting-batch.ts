import type { RecordBatch } from '../vectors/record-batch.ts'
import type { Spill, SpilledBatch } from './spill.ts'

/** A batch, or rows of one, that readers have not come for: in memory, or on disk. */
export interface WaitingBatch {
  readonly rows: number
  /** Held in memory. */
  bytes: number
  batch: RecordBatch | null
  written: SpilledBatch | null
}

/**
 * Writes those of the batches of a queue that are in memory, the last to be read first. `isWaiting` says whether one still
 * waits when it is written, and `freed` is told of the bytes that each held.
 */
export async function writeWaiting(
  queue: readonly WaitingBatch[],
  spill: Spill,
  isWaiting: (waiting: WaitingBatch) => boolean,
  freed: (bytes: number) => void,
): Promise<void> {
  for (const waiting of queue.toReversed()) {
    const batch = waiting.batch?.retain()
    if (batch === undefined) continue
    try {
      const written = await spill.write(batch)
      // It may have been read meanwhile.
      if (!isWaiting(waiting)) continue
      batch.release()
      freed(waiting.bytes)
      Object.assign(waiting, { batch: null, bytes: 0, written })
    } finally {
      batch.release()
    }
  }
}
