import type { ObjectStore } from './object-store.ts'

/** Counts the requests that another store answers and the bytes that come back. */
export class CountingStore implements ObjectStore {
  readonly #store: ObjectStore
  /** Requests of every kind. */
  requests: number = 0
  /** Bytes read. */
  bytesRead: number = 0
  /** Bytes written. */
  bytesWritten: number = 0

  constructor(store: ObjectStore) {
    this.#store = store
  }

  get uri(): string {
    return this.#store.uri
  }

  async getRange(path: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#read(this.#store.getRange(path, start, end, signal))
  }

  async get(path: string, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#read(this.#store.get(path, signal))
  }

  async size(path: string, signal?: AbortSignal): Promise<number> {
    this.requests++
    return this.#store.size(path, signal)
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    this.requests++
    this.bytesWritten += bytes.length
    await this.#store.put(path, bytes)
  }

  async delete(path: string): Promise<void> {
    this.requests++
    await this.#store.delete(path)
  }

  async list(prefix: string): Promise<string[]> {
    this.requests++
    if (!this.#store.list) throw new Error(`${this.uri} cannot be listed`)
    return this.#store.list(prefix)
  }

  /** Sets all counts to zero. */
  reset(): void {
    this.requests = 0
    this.bytesRead = 0
    this.bytesWritten = 0
  }

  async #read(answer: Promise<Uint8Array>): Promise<Uint8Array> {
    this.requests++
    const bytes = await answer
    this.bytesRead += bytes.length
    return bytes
  }
}
