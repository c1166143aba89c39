import type { Frame, FrameStream } from '../frames/frame.ts'

/**
 * One stream of frames for several consumers: computed once, at the pace of the fastest, and replayed to each. A frame is
 * dropped when all consumers, also those that have not come yet, have passed it.
 */
export class SharedOutput {
  readonly #source: FrameStream
  readonly #cursors: { position: number; closed: boolean }[] = []
  #consumers: number
  /** Frames from number `#base` on. */
  #frames: (Frame | null)[] = []
  #base = 0
  #pulling: Promise<void> | null = null

  /** `consumers` is 0 when it is not known yet how many there will be: everything is kept until `settle`. */
  constructor(source: FrameStream, consumers: number) {
    this.#source = source
    this.#consumers = consumers === 0 ? Infinity : consumers
  }

  settle(consumers: number): void {
    this.#consumers = consumers
    this.#trim()
  }

  /** Computes frame by frame until the end, or until `enough` says so of what there is; nobody consumes them. */
  async fill(enough: () => boolean): Promise<void> {
    while (!enough()) {
      const last = this.#frames.at(-1)
      if (last !== undefined && (last === null || last.body.kind !== 'data')) {
        if (last?.body.kind === 'error') throw last.body.error
        return
      }
      await (this.#pulling ??= this.#pull())
    }
  }

  /** The stream of the next consumer; null when all have come. */
  open(): FrameStream | null {
    if (this.#cursors.length === this.#consumers) return null
    const cursor = { position: 0, closed: false }
    this.#cursors.push(cursor)
    return {
      next: () => this.#next(cursor),
      close: async () => {
        cursor.closed = true
        cursor.position = Infinity
        this.#trim()
        if (this.#cursors.length === this.#consumers && this.#cursors.every((each) => each.closed))
          await this.#source.close()
      },
    }
  }

  async #next(cursor: { position: number; closed: boolean }): Promise<Frame | null> {
    for (;;) {
      if (cursor.closed) return null
      const at = cursor.position - this.#base
      if (at < this.#frames.length) {
        const frame = this.#frames[at]!
        if (frame !== null) cursor.position++
        this.#trim()
        return frame
      }
      this.#pulling ??= this.#pull()
      await this.#pulling
    }
  }

  async #pull(): Promise<void> {
    try {
      const frame = await this.#source.next()
      this.#frames.push(frame?.body.kind === 'data' ? { ...frame, body: { ...frame.body, shared: true } } : frame)
    } finally {
      this.#pulling = null
    }
  }

  #trim(): void {
    if (this.#cursors.length < this.#consumers) return
    const passed = Math.min(...this.#cursors.map((cursor) => cursor.position), this.#base + this.#frames.length)
    // The end (null) stays for consumers that ask again.
    while (this.#base < passed && this.#frames[0] !== null) {
      this.#frames.shift()
      this.#base++
    }
  }
}
