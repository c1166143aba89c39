import { HttpStore } from './http-store.ts'
import { MemoryStore } from './memory-store.ts'
import type { ObjectStore } from './object-store.ts'
import { StorageError } from './storage-error.ts'

export type StoreFactory = (uri: string) => ObjectStore

/**
 * Finds the store of a URI by its scheme. Knows `ram`, `http` and `https`; `@volley/storage/node` has one that knows
 * `file` too. Objects under `ram:` live as long as the resolver.
 */
export class StoreResolver {
  readonly #factories: Map<string, StoreFactory> = new Map()
  readonly #stores: Map<string, ObjectStore> = new Map()

  constructor() {
    const objects = new Map<string, Uint8Array>()
    this.register('ram', (uri) => new MemoryStore(uri, objects))
    this.register('http', (uri) => new HttpStore(uri))
    this.register('https', (uri) => new HttpStore(uri))
  }

  /** Makes `factory` the one for a scheme (without colon), also in place of a built-in one. */
  register(scheme: string, factory: StoreFactory): this {
    this.#factories.set(scheme, factory)
    this.#stores.clear()
    return this
  }

  /**
   * The store whose root is `uri`; the same one for the same URI.
   *
   * @throws StorageError `unavailable` when no store is known for the scheme.
   */
  resolve(uri: string): ObjectStore {
    const root = uri.length > 1 && uri.endsWith('/') && !uri.endsWith('//') ? uri.slice(0, -1) : uri
    let store = this.#stores.get(root)
    if (store === undefined) {
      const scheme = uriScheme(root)
      const factory = this.#factories.get(scheme)
      if (factory === undefined) {
        const known = [...this.#factories.keys()].map((name) => `${name}:`).join(', ')
        throw new StorageError('unavailable', `${scheme}://…`, '', `no store for ${scheme}: URIs; there are ${known}`)
      }
      store = factory(root)
      this.#stores.set(root, store)
    }
    return store
  }
}

/** The scheme of a URI in lower case; text without one is a path of the local file system: `file`. */
export function uriScheme(uri: string): string {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(uri)?.[1]
  return scheme === undefined ? 'file' : scheme.toLowerCase()
}
