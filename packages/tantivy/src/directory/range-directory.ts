import type { Directory } from './directory.ts'

/** A directory of which some bytes of one file are at hand. */
export class RangeDirectory implements Directory {
  readonly #inner: Directory
  readonly #file: string
  readonly #start: number
  readonly #bytes: Uint8Array

  /** `bytes` are the file's from `start` on. */
  constructor(inner: Directory, file: string, start: number, bytes: Uint8Array) {
    this.#inner = inner
    this.#file = file
    this.#start = start
    this.#bytes = bytes
  }

  list(): readonly string[] {
    return this.#inner.list()
  }

  has(name: string): boolean {
    return this.#inner.has(name)
  }

  length(name: string): number {
    return this.#inner.length(name)
  }

  read(name: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#inner.read(name, start, end, signal)
  }

  peek(name: string, start: number, end: number): Uint8Array | null {
    const from = start - this.#start
    const to = end - this.#start
    if (name === this.#file && from >= 0 && to <= this.#bytes.length) return this.#bytes.subarray(from, to)
    return this.#inner.peek?.(name, start, end) ?? null
  }

  held(bytes: number): void {
    this.#inner.held?.(bytes)
  }
}
