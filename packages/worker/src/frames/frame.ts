import type { VolleyError } from '@volley/core'

/** Which execution of which task: `attempt` tells a retry from the first run. */
export interface TaskKey {
  readonly query: string
  readonly stage: number
  readonly task: number
  readonly attempt: number
}

export interface PartitionKey extends TaskKey {
  readonly partition: number
}

/**
 * What a frame carries: rows as an Arrow IPC stream or, between threads of a process, as `packed` batches of @volley/core;
 * or, as the last of its partition, the end mark or an error. `shared` bytes have other consumers, and must not be
 * transferred away.
 */
export type FrameBody =
  | { readonly kind: 'data'; readonly bytes: Uint8Array; readonly packed?: boolean; readonly shared?: boolean }
  | { readonly kind: 'end'; readonly rows: number }
  | { readonly kind: 'error'; readonly error: VolleyError }

/**
 * One message of a partition's output. `sequence` counts 0, 1, 2, ... within a partition of an attempt; the last frame is
 * an end mark or an error, and a stream that ends without one has lost rows.
 */
export interface Frame extends PartitionKey {
  readonly sequence: number
  readonly body: FrameBody
}

/**
 * A pull stream of frames. `next` is null after the last frame. `close` may be called at any time, any number of times, also while
 * `next` is pending (which then ends with null); it makes the producer stop.
 */
export interface FrameStream {
  next(): Promise<Frame | null>
  close(): Promise<void>
}

export function formatTask(key: TaskKey): string {
  return `task ${key.task} of stage ${key.stage}${key.attempt > 0 ? `, attempt ${key.attempt}` : ''}`
}

/** Bytes that count against credit. */
export function frameBytes(frame: Frame): number {
  return frame.body.kind === 'data' ? frame.body.bytes.byteLength : 0
}
