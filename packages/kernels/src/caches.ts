/** What a cache is made of. */
export interface CacheOptions<K, V> {
  /** What it keeps, for who looks. */
  readonly name: string
  /** Bytes that it holds at most; what there is room for where not given. */
  readonly capacity?: number
  /** Of what there is room for, the part above which one thing is not kept. */
  readonly largest?: number
  /** Called for each thing that is given up. */
  readonly dropped?: (value: V, key: K) => void
}

interface Kept<V> {
  readonly value: V
  bytes: number
  /** When it was used last. */
  used: number
}

/** A cache, whatever it keeps. */
interface AnyCache {
  readonly name: string
  readonly bytes: number
  /** When what was used least recently was used; Infinity where there is nothing. */
  readonly oldest: number
  /** Gives that up, if there is something. */
  dropOldest(): boolean
}

/**
 * All that stays in the memory of an executor only as long as nothing else needs it, counted together: what was used least
 * recently goes first, whichever cache has it.
 */
export class Caches {
  readonly #caches: AnyCache[] = []
  readonly #shared = new Map<object, unknown>()
  #capacity = Infinity
  #bytes = 0
  #clock = 0

  /** Bytes that all hold. */
  get bytes(): number {
    return this.#bytes
  }

  /** Bytes that all may hold. */
  get capacity(): number {
    return this.#capacity
  }

  set capacity(bytes: number) {
    this.#capacity = bytes
    if (this.#bytes > bytes) this.makeRoom(0)
  }

  /** The time of the last use: uses are what it goes by. */
  get now(): number {
    return this.#clock
  }

  /** Bytes by what is kept, without what holds nothing. */
  sizes(): Map<string, number> {
    const sizes = new Map<string, number>()
    for (const { name, bytes } of this.#caches) if (bytes > 0) sizes.set(name, (sizes.get(name) ?? 0) + bytes)
    return sizes
  }

  /** Gives up everything. */
  clear(): void {
    for (const cache of this.#caches) while (cache.dropOldest()) continue
  }

  /** The one cache of an executor that is made so. */
  shared<K, V>(options: CacheOptions<K, V>): Cache<K, V> {
    let cache = this.#shared.get(options) as Cache<K, V> | undefined
    if (cache === undefined) this.#shared.set(options, (cache = new Cache(this, options)))
    return cache
  }

  /** Gives up what was used before `since` until there is room for `bytes` more; whether there is. */
  makeRoom(bytes: number, since: number = Infinity): boolean {
    if (bytes > this.#capacity) return false
    while (this.#bytes + bytes > this.#capacity) {
      let oldest: AnyCache | null = null
      let used = since
      for (const cache of this.#caches) {
        if (cache.oldest >= used) continue
        used = cache.oldest
        oldest = cache
      }
      if (oldest?.dropOldest() !== true) return false
    }
    return true
  }

  /** For caches alone. */
  join(cache: AnyCache): void {
    this.#caches.push(cache)
  }

  /** For caches alone: what one holds more. */
  count(bytes: number): void {
    this.#bytes += bytes
  }

  /** Time that is later than all uses before, and earlier than all that follow. */
  tick(): number {
    return ++this.#clock
  }
}

/** Things by key, those used last, as many as there is room for. Each counts the bytes that it was given with. */
export class Cache<K, V> implements AnyCache {
  readonly #caches: Caches
  readonly #options: CacheOptions<K, V>
  /** By recency, oldest first. */
  readonly #kept = new Map<K, Kept<V>>()
  #bytes = 0

  constructor(caches: Caches, options: CacheOptions<K, V>) {
    this.#caches = caches
    this.#options = options
    caches.join(this)
  }

  get name(): string {
    return this.#options.name
  }

  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#kept.size
  }

  get oldest(): number {
    for (const { used } of this.#kept.values()) return used
    return Infinity
  }

  /** What a key has, which is used now. */
  get(key: K): V | undefined {
    return this.#use(key)?.value
  }

  /** The same without a use. */
  peek(key: K): V | undefined {
    return this.#kept.get(key)?.value
  }

  /** Keeps something in the place of what the key has; where there is no room, it is given up at once, and this is false. */
  set(key: K, value: V, bytes: number): boolean {
    this.delete(key)
    if (!this.takes(bytes)) {
      this.#options.dropped?.(value, key)
      return false
    }
    this.#kept.set(key, { value, bytes: 0, used: this.#caches.tick() })
    return this.resize(key, bytes)
  }

  /** Whether something of so many bytes would be kept. */
  takes(bytes: number): boolean {
    const { capacity = Infinity, largest = 1 } = this.#options
    return bytes <= Math.min(capacity, this.#caches.capacity) * largest
  }

  /** What a key has takes so many bytes from now on, and is used now; false where it is not kept. */
  resize(key: K, bytes: number): boolean {
    const kept = this.#use(key)
    if (kept === undefined) return false
    this.#count(bytes - kept.bytes)
    kept.bytes = bytes
    const { capacity = Infinity } = this.#options
    while (this.#bytes > capacity && this.#kept.size > 1) this.dropOldest()
    this.#caches.makeRoom(0)
    return this.#kept.has(key)
  }

  /** Gives up what a key has. */
  delete(key: K): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#kept.delete(key)
    this.#count(-kept.bytes)
    this.#options.dropped?.(kept.value, key)
  }

  dropOldest(): boolean {
    for (const key of this.#kept.keys()) {
      this.delete(key)
      return true
    }
    return false
  }

  /** Gives up so much that it holds `bytes` at most; whether it had to. */
  shrink(bytes: number): boolean {
    if (this.#bytes <= bytes) return false
    while (this.#bytes > bytes) this.dropOldest()
    return true
  }

  /** Gives up what keys have of which `test` says so. */
  forget(test: (key: K) => boolean): void {
    for (const key of this.#kept.keys()) if (test(key)) this.delete(key)
  }

  clear(): void {
    while (this.dropOldest()) continue
  }

  #use(key: K): Kept<V> | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined || kept.used === this.#caches.now) return kept
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    kept.used = this.#caches.tick()
    return kept
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#caches.count(bytes)
  }
}
