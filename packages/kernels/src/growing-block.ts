import type { Arena } from './arena.ts'

/** A block of an arena that grows by copying. Its views are new ones after each `ensure` that returns true. */
export class GrowingBlock {
  readonly #arena: Arena
  address: number
  u8: Uint8Array
  u32: Uint32Array

  constructor(arena: Arena, byteLength: number) {
    this.#arena = arena
    this.address = arena.alloc(byteLength)
    this.u8 = new Uint8Array(arena.buffer, this.address, byteLength)
    this.u32 = new Uint32Array(arena.buffer, this.address, byteLength >>> 2)
  }

  get bytes(): number {
    return this.u8.length
  }

  /** Makes room for `byteLength` bytes in all, at least doubling; returns whether it moved. */
  ensure(byteLength: number): boolean {
    const old = this.u8
    if (byteLength <= old.length) return false
    const size = (Math.max(byteLength, old.length * 2) + 15) & ~15
    const address = this.#arena.alloc(size)
    this.u8 = new Uint8Array(this.#arena.buffer, address, size)
    this.u8.set(old)
    this.u32 = new Uint32Array(this.#arena.buffer, address, size >>> 2)
    this.#arena.free(this.address)
    this.address = address
    return true
  }

  release(): void {
    if (this.address === 0) return
    this.#arena.free(this.address)
    this.address = 0
  }
}
