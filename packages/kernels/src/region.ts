import type { Arena } from './arena.ts'

/**
 * A reference-counted set of arena blocks that live and die together: the columns of a batch, or an operator's state.
 *
 * A new region has one reference, its creator's. A region may depend on others (`dependOn`): they stay alive as long as
 * it does, which is how a projection shares its input's columns without a copy.
 */
export class Region {
  readonly arena: Arena
  readonly #blocks: number[] = []
  readonly #parents: Region[] = []
  #references = 1

  constructor(arena: Arena) {
    this.arena = arena
  }

  get references(): number {
    return this.#references
  }

  /** Bytes of its blocks, and of what it depends on. */
  get bytes(): number {
    const own = this.#blocks.reduce((sum, block) => sum + this.arena.bytesOf(block), 0)
    return this.#parents.reduce((sum, parent) => sum + parent.bytes, own)
  }

  retain(): this {
    if (this.#references === 0) throw new Error('region: retained after its last release')
    this.#references++
    return this
  }

  /** Drops one reference; at the last one every block is freed and the parents are released. */
  release(): void {
    if (this.#references === 0) throw new Error('region: released more often than retained')
    if (--this.#references > 0) return
    for (const block of this.#blocks) this.arena.free(block)
    for (const parent of this.#parents) parent.release()
    this.#blocks.length = 0
    this.#parents.length = 0
  }

  /** Keeps `parent` alive until this region's last release. */
  dependOn(parent: Region): void {
    if (parent === this || this.#parents.includes(parent)) return
    this.#parents.push(parent.retain())
  }

  /** Address of a new block of at least `byteLength` bytes (contents undefined) that dies with the region. */
  alloc(byteLength: number): number {
    const address = this.arena.alloc(byteLength)
    this.#blocks.push(address)
    return address
  }

  u8(length: number): Uint8Array {
    return new Uint8Array(this.arena.buffer, this.alloc(length), length)
  }

  i8(length: number): Int8Array {
    return new Int8Array(this.arena.buffer, this.alloc(length), length)
  }

  i16(length: number): Int16Array {
    return new Int16Array(this.arena.buffer, this.alloc(length * 2), length)
  }

  u16(length: number): Uint16Array {
    return new Uint16Array(this.arena.buffer, this.alloc(length * 2), length)
  }

  i32(length: number): Int32Array {
    return new Int32Array(this.arena.buffer, this.alloc(length * 4), length)
  }

  u32(length: number): Uint32Array {
    return new Uint32Array(this.arena.buffer, this.alloc(length * 4), length)
  }

  f32(length: number): Float32Array {
    return new Float32Array(this.arena.buffer, this.alloc(length * 4), length)
  }

  f64(length: number): Float64Array {
    return new Float64Array(this.arena.buffer, this.alloc(length * 8), length)
  }

  i64(length: number): BigInt64Array {
    return new BigInt64Array(this.arena.buffer, this.alloc(length * 8), length)
  }

  u64(length: number): BigUint64Array {
    return new BigUint64Array(this.arena.buffer, this.alloc(length * 8), length)
  }

  /** A bitmap for `length` bits, least significant bit first, all set to `value`. */
  bitmap(length: number, value: boolean): Uint8Array {
    return this.u8((length + 7) >>> 3).fill(value ? 0xff : 0)
  }
}
