/** Bytes in ordinary memory, one run behind the other, in a buffer that grows by copying. */
export class GrowingBytes {
  /** What has grown is another one; the one before stays as it was. */
  bytes: Uint8Array
  #end = 0

  constructor(byteLength: number) {
    this.bytes = new Uint8Array(byteLength)
  }

  /** Behind the last run. */
  get end(): number {
    return this.#end
  }

  /** Room for a run, whose bytes are undefined; where it begins. */
  take(length: number): number {
    const start = this.#end
    const end = start + length
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.bytes.length))
      grown.set(this.bytes.subarray(0, start))
      this.bytes = grown
    }
    this.#end = end
    return start
  }

  /** Adds the bytes [from, to) of others; where they begin. */
  append(others: Uint8Array, from: number, to: number): number {
    const start = this.take(to - from)
    this.bytes.set(others.subarray(from, to), start)
    return start
  }
}
