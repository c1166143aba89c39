import type { Arena } from './arena.ts'

/** Bytes that are copied or cleared in a step. */
const STEP_BYTES = 4 << 20

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

  /** The same in steps of a few milliseconds; what is there is not to change between them. */
  *ensureSteps(byteLength: number): Generator<void, void, void> {
    const old = this.u8
    if (byteLength <= old.length) return
    const larger = new GrowingBlock(this.#arena, (Math.max(byteLength, old.length * 2) + 15) & ~15)
    try {
      for (let at = 0; at < old.length; at += STEP_BYTES) {
        larger.u8.set(old.subarray(at, at + STEP_BYTES), at)
        yield
      }
      ;[this.address, larger.address] = [larger.address, this.address]
      ;[this.u8, this.u32] = [larger.u8, larger.u32]
    } finally {
      larger.release()
    }
  }

  /** Makes all bytes 0, in steps. */
  *clearSteps(): Generator<void, void, void> {
    for (let at = 0; at < this.u8.length; at += STEP_BYTES) {
      this.u8.fill(0, at, at + STEP_BYTES)
      yield
    }
  }

  release(): void {
    if (this.address === 0) return
    this.#arena.free(this.address)
    this.address = 0
  }
}
