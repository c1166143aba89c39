import { ByteCache } from './byte-cache.ts'

/** Ranges above this share of a cache are not kept: they are columns, which stay with their opened segment. */
const LARGEST = 1 / 64

/** Byte ranges of splits that were read last. */
export class RangeCache {
  readonly #ranges: ByteCache<Uint8Array>

  /** `capacity` is in bytes. */
  constructor(capacity: number) {
    this.#ranges = new ByteCache(capacity, LARGEST)
  }

  get bytes(): number {
    return this.#ranges.bytes
  }

  /** What the keys of one opened split begin with. */
  newPrefix(): string {
    return this.#ranges.newPrefix()
  }

  get(key: string): Uint8Array | null {
    return this.#ranges.get(key)
  }

  add(key: string, range: Uint8Array): void {
    this.#ranges.add(key, range.length, () => range)
  }

  clear(): void {
    this.#ranges.clear()
  }
}
