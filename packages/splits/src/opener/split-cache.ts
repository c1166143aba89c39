import { Cache, type CacheOptions, type Caches } from '@volley/kernels'

/** Things of open splits, those used last; those of one split go when it is closed. Splits never change, so neither do they. */
export class SplitCache<V> {
  readonly #kept: Cache<string, V>
  #splits = 0

  constructor(caches: Caches, options: CacheOptions<string, V>) {
    this.#kept = new Cache(caches, options)
  }

  get bytes(): number {
    return this.#kept.bytes
  }

  /** What one split that is opened has of it. */
  part(): SplitPart<V> {
    return new SplitPart(this.#kept, `${this.#splits++}/`)
  }

  clear(): void {
    this.#kept.clear()
  }
}

/** The part of a `SplitCache` that is of one opened split. */
export class SplitPart<V> {
  readonly #kept: Cache<string, V>
  readonly #prefix: string

  /** `prefix` begins the keys of the split, and of no other. */
  constructor(kept: Cache<string, V>, prefix: string) {
    this.#kept = kept
    this.#prefix = prefix
  }

  get(key: string): V | undefined {
    return this.#kept.get(this.#prefix + key)
  }

  set(key: string, value: V, bytes: number): void {
    this.#kept.set(this.#prefix + key, value, bytes)
  }

  /** Whether something of so many bytes would be kept. */
  takes(bytes: number): boolean {
    return this.#kept.takes(bytes)
  }

  forget(): void {
    this.#kept.forget((key) => key.startsWith(this.#prefix))
  }
}
