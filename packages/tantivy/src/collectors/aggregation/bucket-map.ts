import { TupleTable } from './tuple-table.ts'

/** (parent, ordinal) pairs for which an array of all pairs is kept. */
const MAX_SLOTS = 1 << 20

/** Gives every pair of a parent bucket and an ordinal that occurs a bucket of its own. */
export interface BucketMap {
  /** Above every bucket so far. */
  readonly size: number
  /** Buckets of `count` pairs; the array may be `ordinals`. */
  map(ordinals: Uint32Array, parents: Uint32Array | null, count: number): Uint32Array
  /** For each parent its buckets and their ordinals; of a parent without any, empty lists. */
  bucketsOf(parents: Uint32Array): { readonly buckets: Uint32Array; readonly ordinals: Uint32Array }[]
}

/** Of an aggregation at the top: the bucket is the ordinal. */
export class DirectBuckets implements BucketMap {
  readonly #domain: () => number

  /** @param domain bound of the ordinals; it may grow. */
  constructor(domain: () => number) {
    this.#domain = domain
  }

  get size(): number {
    return this.#domain()
  }

  map(ordinals: Uint32Array): Uint32Array {
    return ordinals
  }

  bucketsOf(parents: Uint32Array): { readonly buckets: Uint32Array; readonly ordinals: Uint32Array }[] {
    const all = new Uint32Array(this.size)
    for (let k = 0; k < all.length; k += 1) all[k] = k
    const none = new Uint32Array(0)
    return Array.from(parents, (parent) => {
      const buckets = parent === 0 ? all : none
      return { buckets, ordinals: buckets }
    })
  }
}

/** Of an aggregation below another one: buckets are numbered as pairs first occur. */
export class NestedBuckets implements BucketMap {
  readonly #domain: () => number
  readonly #table: TupleTable = new TupleTable(2)
  /** Bucket + 1 of parent * width + ordinal; null where there are too many. */
  #slots: Uint32Array | null = new Uint32Array(0)
  #width = 0
  #pairs = new Uint32Array(0)
  #out = new Uint32Array(0)

  constructor(domain: () => number) {
    this.#domain = domain
  }

  get size(): number {
    return this.#table.size
  }

  map(ordinals: Uint32Array, parents: Uint32Array | null, count: number): Uint32Array {
    if (this.#out.length < count) {
      this.#out = new Uint32Array(count)
      this.#pairs = new Uint32Array(2 * count)
    }
    if (this.#fits(parents, count)) this.#mapBySlot(ordinals, parents, count)
    else {
      for (let i = 0; i < count; i += 1) {
        this.#pairs[2 * i] = parents === null ? 0 : parents[i]!
        this.#pairs[2 * i + 1] = ordinals[i]!
      }
      this.#table.intern(this.#pairs, count, this.#out)
    }
    return this.#out
  }

  bucketsOf(parents: Uint32Array): { readonly buckets: Uint32Array; readonly ordinals: Uint32Array }[] {
    const { size, words } = this.#table
    let most = 0
    for (let id = 0; id < size; id += 1) most = Math.max(most, words[2 * id]! + 1)
    const ends = new Uint32Array(most + 1)
    for (let id = 0; id < size; id += 1) ends[words[2 * id]! + 1]! += 1
    for (let parent = 0; parent < most; parent += 1) ends[parent + 1]! += ends[parent]!
    const buckets = new Uint32Array(size)
    const ordinals = new Uint32Array(size)
    const next = ends.slice()
    for (let id = 0; id < size; id += 1) {
      const at = next[words[2 * id]!]!
      next[words[2 * id]!] = at + 1
      buckets[at] = id
      ordinals[at] = words[2 * id + 1]!
    }
    return Array.from(parents, (parent) => {
      const from = ends[Math.min(parent, most)]!
      const to = ends[Math.min(parent + 1, most)]!
      return { buckets: buckets.subarray(from, to), ordinals: ordinals.subarray(from, to) }
    })
  }

  /** Whether the slots hold all pairs of these parents; makes room for them. */
  #fits(parents: Uint32Array | null, count: number): boolean {
    if (this.#slots === null) return false
    const width = this.#domain()
    let most = 0
    if (parents !== null) for (let i = 0; i < count; i += 1) if (parents[i]! > most) most = parents[i]!
    const needed = (most + 1) * width
    if (needed > MAX_SLOTS || (this.#width !== 0 && width !== this.#width)) {
      this.#slots = null
      return false
    }
    this.#width = width
    if (needed > this.#slots.length) {
      const grown = new Uint32Array(Math.min(MAX_SLOTS, Math.max(needed, 2 * this.#slots.length)))
      grown.set(this.#slots)
      this.#slots = grown
    }
    return true
  }

  #mapBySlot(ordinals: Uint32Array, parents: Uint32Array | null, count: number): void {
    const slots = this.#slots!
    const width = this.#width
    const out = this.#out
    for (let i = 0; i < count; i += 1) {
      const slot = (parents === null ? 0 : parents[i]! * width) + ordinals[i]!
      let id = slots[slot]!
      if (id === 0) id = this.#add(slot, parents === null ? 0 : parents[i]!, ordinals[i]!)
      out[i] = id - 1
    }
  }

  #add(slot: number, parent: number, ordinal: number): number {
    this.#pairs[0] = parent
    this.#pairs[1] = ordinal
    ONE.fill(0)
    this.#table.intern(this.#pairs, 1, ONE)
    const id = ONE[0]! + 1
    this.#slots![slot] = id
    return id
  }
}

const ONE = new Uint32Array(1)
