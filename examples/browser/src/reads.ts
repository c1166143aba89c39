import type { ObjectStore } from '@volley/storage'

/** One ranged read: bytes `start` to `end` (exclusive) of an object. */
export interface Read {
  readonly path: string
  readonly start: number
  readonly end: number
  readonly milliseconds: number
}

/** Notes each read that another store answers. */
export class NotingStore implements ObjectStore {
  readonly #store: ObjectStore
  readonly #reads: Read[]

  constructor(store: ObjectStore, reads: Read[]) {
    this.#store = store
    this.#reads = reads
  }

  get uri(): string {
    return this.#store.uri
  }

  async getRange(path: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    const started = performance.now()
    const bytes = await this.#store.getRange(path, start, end, signal)
    this.#reads.push({ path, start, end, milliseconds: performance.now() - started })
    return bytes
  }

  async get(path: string, signal?: AbortSignal): Promise<Uint8Array> {
    const started = performance.now()
    const bytes = await this.#store.get(path, signal)
    this.#reads.push({ path, start: 0, end: bytes.length, milliseconds: performance.now() - started })
    return bytes
  }

  size(path: string, signal?: AbortSignal): Promise<number> {
    return this.#store.size(path, signal)
  }

  put(): Promise<void> {
    return Promise.reject(new Error('this page only reads'))
  }

  delete(): Promise<void> {
    return Promise.reject(new Error('this page only reads'))
  }
}

export function bytesOf(reads: readonly Read[]): number {
  return reads.reduce((sum, read) => sum + read.end - read.start, 0)
}
