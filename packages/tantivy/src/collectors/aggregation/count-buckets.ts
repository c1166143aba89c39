/** Buckets up to which several counters a bucket are kept, so that equal neighbours need not wait for each other. */
const MAX_LANES = 4096

/** Counts the documents of buckets. */
export class BucketCounts {
  #counts = new Uint32Array(0)
  #lanes: Uint32Array | null = new Uint32Array(0)

  /** Adds one to each of the buckets[0..count), which are below `size`. */
  add(buckets: Uint32Array, count: number, size: number): void {
    if (size > this.#counts.length) this.#grow(size)
    if (this.#lanes !== null) countInLanes(this.#lanes, buckets, count)
    else countIn(this.#counts, buckets, count)
  }

  /** The counts of `size` buckets, to add to. */
  ofSize(size: number): Uint32Array {
    if (size > this.#counts.length) this.#grow(size)
    return this.#counts.subarray(0, size)
  }

  /** Adds to one bucket. */
  addTo(bucket: number, more: number): void {
    if (bucket >= this.#counts.length) this.#grow(bucket + 1)
    this.#counts[bucket]! += more
  }

  /** Counts by bucket; there may be fewer entries than buckets that have no documents. */
  totals(): Uint32Array {
    const lanes = this.#lanes
    if (lanes !== null) {
      for (let k = 0; k < this.#counts.length; k += 1) {
        this.#counts[k]! += lanes[4 * k]! + lanes[4 * k + 1]! + lanes[4 * k + 2]! + lanes[4 * k + 3]!
      }
      lanes.fill(0)
    }
    return this.#counts
  }

  #grow(size: number): void {
    if (this.#lanes !== null) this.totals()
    const grown = new Uint32Array(Math.max(size, 2 * this.#counts.length))
    grown.set(this.#counts)
    this.#counts = grown
    if (this.#lanes !== null) this.#lanes = grown.length > MAX_LANES ? null : new Uint32Array(4 * grown.length)
  }
}

function countIn(counts: Uint32Array, buckets: Uint32Array, count: number): void {
  for (let i = 0; i < count; i += 1) counts[buckets[i]!]! += 1
}

function countInLanes(lanes: Uint32Array, buckets: Uint32Array, count: number): void {
  let i = 0
  for (; i + 3 < count; i += 4) {
    lanes[4 * buckets[i]!]! += 1
    lanes[4 * buckets[i + 1]! + 1]! += 1
    lanes[4 * buckets[i + 2]! + 2]! += 1
    lanes[4 * buckets[i + 3]! + 3]! += 1
  }
  for (; i < count; i += 1) lanes[4 * buckets[i]!]! += 1
}
