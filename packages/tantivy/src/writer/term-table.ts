import { compareRange } from '../bytes/compare.ts'
import { ByteWriter } from './byte-writer.ts'
import { GrowingU32 } from './growing-array.ts'

/** The distinct terms of a field, numbered as they come. */
export class TermTable {
  readonly #pool: ByteWriter = new ByteWriter(4096)
  readonly #starts: GrowingU32 = new GrowingU32()

  constructor() {
    this.#starts.push(0)
  }

  get count(): number {
    return this.#starts.length - 1
  }

  /** The pool, to append the bytes of a new term to, before `close`. */
  get pool(): ByteWriter {
    return this.#pool
  }

  /** Ends the term whose bytes were appended; answers its number. */
  close(): number {
    this.#starts.push(this.#pool.length)
    return this.count - 1
  }

  /** Takes back the bytes appended since the last `close`. */
  abandon(): void {
    this.#pool.length = this.#starts.items[this.count]!
  }

  /** Bytes appended since the last `close`. */
  get openBytes(): number {
    return this.#pool.length - this.#starts.items[this.count]!
  }

  term(id: number): Uint8Array {
    return this.#pool.bytes.subarray(this.#starts.items[id]!, this.#starts.items[id + 1]!)
  }

  /** Term numbers in ascending order of their bytes. */
  sorted(): Uint32Array {
    const bytes = this.#pool.bytes
    const starts = this.#starts.items
    // the first six bytes as one number settle most comparisons
    const heads = new Float64Array(this.count)
    for (let id = 0; id < heads.length; id += 1) {
      let head = 0
      for (let k = 0; k < 6; k += 1) {
        const at = starts[id]! + k
        head = head * 256 + (at < starts[id + 1]! ? bytes[at]! : 0)
      }
      heads[id] = head
    }
    const order = Uint32Array.from(heads, (_, id) => id)
    order.sort((a, b) => heads[a]! - heads[b]! || compareRange(bytes, starts[a]!, starts[a + 1]!, this.term(b)))
    return order
  }
}
