import { Cache, type Caches } from '@volley/kernels'

/** Ranges above this share of a cache are not kept: they are columns, which stay with their opened segment. */
const LARGEST = 1 / 64

/**
 * Byte ranges of splits that were read last. Splits never change, so neither does what is kept of one; one that is opened
 * again has keys of its own.
 */
export class RangeCache {
  readonly #ranges: Cache<string, Uint8Array>
  #splits = 0

  /** `capacity` is in bytes. */
  constructor(caches: Caches, capacity: number) {
    this.#ranges = new Cache(caches, { name: 'ranges of splits', capacity, largest: LARGEST })
  }

  get bytes(): number {
    return this.#ranges.bytes
  }

  /** What the keys of one opened split begin with. */
  newPrefix(): string {
    return `${this.#splits++}/`
  }

  get(key: string): Uint8Array | null {
    return this.#ranges.get(key) ?? null
  }

  add(key: string, range: Uint8Array): void {
    this.#ranges.set(key, range, range.length)
  }

  clear(): void {
    this.#ranges.clear()
  }
}
