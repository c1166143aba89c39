import { toVolleyError } from '@volley/codec'
import type { Frame, FrameStream, PartitionKey } from './frame.ts'

/** The stream that `open` opens; when that throws, one whose only frame is the error. */
export function openOrFail(open: () => FrameStream, key: PartitionKey): FrameStream {
  try {
    return open()
  } catch (error) {
    const frames: Frame[] = [{ ...key, sequence: 0, body: { kind: 'error', error: toVolleyError(error) } }]
    return { next: () => Promise.resolve(frames.shift() ?? null), close: () => Promise.resolve() }
  }
}
