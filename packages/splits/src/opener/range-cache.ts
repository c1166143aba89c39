/** Ranges above this share of a cache are not kept: they are columns, which stay with their opened segment. */
const LARGEST = 1 / 64

/**
 * Byte ranges of splits that were read last. Splits never change, so neither does what was read of them; one that is opened
 * again has keys of its own.
 */
export class RangeCache {
  readonly #capacity: number
  #splits = 0
  /** By recency, oldest first. */
  readonly #ranges = new Map<string, Uint8Array>()
  #bytes = 0

  /** `capacity` is in bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get bytes(): number {
    return this.#bytes
  }

  /** What the keys of one opened split begin with. */
  newPrefix(): string {
    return `${this.#splits++}/`
  }

  get(key: string): Uint8Array | null {
    const range = this.#ranges.get(key)
    if (range === undefined) return null
    this.#ranges.delete(key)
    this.#ranges.set(key, range)
    return range
  }

  add(key: string, range: Uint8Array): void {
    if (range.length > this.#capacity * LARGEST || this.#ranges.has(key)) return
    this.#ranges.set(key, range)
    this.#bytes += range.length
    for (const [oldest, { length }] of this.#ranges) {
      if (this.#bytes <= this.#capacity) break
      this.#ranges.delete(oldest)
      this.#bytes -= length
    }
  }

  clear(): void {
    this.#ranges.clear()
    this.#bytes = 0
  }
}
