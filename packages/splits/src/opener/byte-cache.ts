/**
 * Arrays by key, the last used ones, within so many bytes. Keys begin with what is open: splits never change, so neither does
 * what is kept of one, and one that is opened again has keys of its own.
 */
export class ByteCache<T extends ArrayBufferView> {
  readonly #capacity: number
  readonly #largest: number
  readonly #entryBytes: number
  #prefixes = 0
  /** By recency, oldest first. */
  readonly #kept = new Map<string, T>()
  #bytes = 0

  /** Arrays above the share `largest` of the capacity (bytes) are not kept; an entry counts `entryBytes` beside its array. */
  constructor(capacity: number, largest: number, entryBytes = 0) {
    this.#capacity = capacity
    this.#largest = capacity * largest
    this.#entryBytes = entryBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  /** What the keys of something that is opened begin with. */
  newPrefix(): string {
    return `${this.#prefixes++}/`
  }

  get(key: string): T | null {
    const kept = this.#kept.get(key)
    if (kept === undefined) return null
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return kept
  }

  /** Keeps what `array` gives of `byteLength` bytes, where they are not too many. */
  add(key: string, byteLength: number, array: () => T): void {
    const bytes = this.#entryBytes + byteLength
    if (bytes > this.#largest || this.#kept.has(key)) return
    this.#kept.set(key, array())
    this.#bytes += bytes
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#capacity) break
      this.#delete(oldest)
    }
  }

  /** Forgets what keys that begin so have. */
  forget(prefix: string): void {
    for (const key of this.#kept.keys()) if (key.startsWith(prefix)) this.#delete(key)
  }

  clear(): void {
    this.#kept.clear()
    this.#bytes = 0
  }

  #delete(key: string): void {
    this.#bytes -= this.#entryBytes + this.#kept.get(key)!.byteLength
    this.#kept.delete(key)
  }
}
