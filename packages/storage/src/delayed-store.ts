import type { ObjectStore } from './object-store.ts'

/** Answers as another store does, each time after a delay: `delay` is asked for the milliseconds of each request. */
export class DelayedStore implements ObjectStore {
  readonly #store: ObjectStore
  readonly #delay: () => number

  constructor(store: ObjectStore, delay: number | (() => number)) {
    this.#store = store
    this.#delay = typeof delay === 'number' ? () => delay : delay
  }

  get uri(): string {
    return this.#store.uri
  }

  async getRange(path: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    await this.#wait(signal)
    return this.#store.getRange(path, start, end, signal)
  }

  async get(path: string, signal?: AbortSignal): Promise<Uint8Array> {
    await this.#wait(signal)
    return this.#store.get(path, signal)
  }

  async size(path: string, signal?: AbortSignal): Promise<number> {
    await this.#wait(signal)
    return this.#store.size(path, signal)
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    await this.#wait()
    await this.#store.put(path, bytes)
  }

  async delete(path: string): Promise<void> {
    await this.#wait()
    await this.#store.delete(path)
  }

  async list(prefix: string): Promise<string[]> {
    await this.#wait()
    if (!this.#store.list) throw new Error(`${this.uri} cannot be listed`)
    return this.#store.list(prefix)
  }

  async #wait(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, this.#delay()))
    signal?.throwIfAborted()
  }
}
