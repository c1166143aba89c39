import { type ObjectStore, checkPath, checkRange } from './object-store.ts'
import { StorageError } from './storage-error.ts'

/** Objects in memory. Stores made over one `objects` map share their objects, keyed by root and path. */
export class MemoryStore implements ObjectStore {
  readonly uri: string
  readonly #objects: Map<string, Uint8Array>

  constructor(uri: string = 'ram:///', objects: Map<string, Uint8Array> = new Map()) {
    this.uri = uri
    this.#objects = objects
  }

  async getRange(path: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted()
    checkRange(this.uri, path, start, end)
    const bytes = this.#object(path)
    if (end > bytes.length) {
      throw new StorageError('invalid_range', this.uri, path, `bytes ${start} to ${end} of ${bytes.length}`)
    }
    return bytes.slice(start, end)
  }

  async get(path: string, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted()
    return this.#object(path).slice()
  }

  async size(path: string, signal?: AbortSignal): Promise<number> {
    signal?.throwIfAborted()
    return this.#object(path).length
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    this.#objects.set(this.#key(path), bytes.slice())
  }

  async delete(path: string): Promise<void> {
    this.#objects.delete(this.#key(path))
  }

  async list(prefix: string): Promise<string[]> {
    const root = this.#root()
    const paths: string[] = []
    for (const key of this.#objects.keys()) {
      if (key.startsWith(root + prefix)) paths.push(key.slice(root.length))
    }
    return paths.sort()
  }

  #root(): string {
    return this.uri.endsWith('/') ? this.uri : `${this.uri}/`
  }

  #key(path: string): string {
    return this.#root() + checkPath(this.uri, path)
  }

  #object(path: string): Uint8Array {
    const bytes = this.#objects.get(this.#key(path))
    if (bytes === undefined) throw new StorageError('not_found', this.uri, path)
    return bytes
  }
}
