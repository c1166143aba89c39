import { frameBytes, type Frame, type FrameStream } from './frame.ts'

interface FrameQueueOptions {
  /** Bytes that may be in flight or queued. */
  readonly window: number
  /** Gives credit back to the producer, in parts of an eighth of the window or more. */
  grant(bytes: number): void
  /** The consumer is not interested any more. Called once, and not after the last frame arrived. */
  cancel(): void
}

/** The consumer's side of a partition that is sent to it: frames that arrived and were not taken. */
export class FrameQueue implements FrameStream {
  readonly #options: FrameQueueOptions
  #frames: Frame[] = []
  #consumed = 0
  #state: 'open' | 'ended' | 'closed' = 'open'
  #error: unknown = null
  #wake: (() => void) | null = null

  constructor(options: FrameQueueOptions) {
    this.#options = options
  }

  /** Takes a frame that arrived. */
  push(frame: Frame): void {
    if (this.#state !== 'open') return
    this.#frames.push(frame)
    if (frame.body.kind !== 'data') this.#state = 'ended'
    this.#wake?.()
  }

  /** Nothing more will arrive; with an error, `next` throws it after the frames that did. */
  end(error: unknown = null): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    this.#error = error
    this.#wake?.()
  }

  async next(): Promise<Frame | null> {
    while (this.#frames.length === 0 && this.#state === 'open') {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = null
    }
    const frame = this.#frames.shift()
    if (frame === undefined) {
      const error = this.#error
      this.#error = null
      if (error !== null) throw error
      return null
    }
    this.#consumed += frameBytes(frame)
    if (this.#state === 'open' && this.#consumed * 8 >= this.#options.window) {
      this.#options.grant(this.#consumed)
      this.#consumed = 0
    }
    return frame
  }

  close(): Promise<void> {
    if (this.#state === 'open') this.#options.cancel()
    this.#state = 'closed'
    this.#frames = []
    this.#error = null
    this.#wake?.()
    return Promise.resolve()
  }
}
