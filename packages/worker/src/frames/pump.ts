import { setImmediate } from 'node:timers/promises'
import type { CreditGate } from './credit-gate.ts'
import { frameBytes, type Frame, type FrameStream } from './frame.ts'

/**
 * Sends a stream's frames while there is credit, then closes the stream. Gives way to timers and sockets after each frame, so that a
 * fast producer does not keep its thread from hearing a cancellation.
 */
export async function pump(stream: FrameStream, gate: CreditGate, send: (frame: Frame) => void): Promise<void> {
  try {
    while (await gate.ready()) {
      const frame = await stream.next()
      if (frame === null) return
      gate.spend(frameBytes(frame))
      send(frame)
      await setImmediate()
    }
  } finally {
    await stream.close()
  }
}
