import { ArenaExhaustedError, type Arena } from '@volley/kernels'

/** Bytes that grow by doubling, new ones 0: in an arena, where there is one with room, else beside it. */
class GrowingBytes {
  readonly #arena: Arena | null
  #address = 0
  bytes: Uint8Array

  constructor(arena: Arena | null, byteLength: number) {
    this.#arena = arena
    this.bytes = new Uint8Array(0)
    this.ensure(byteLength)
  }

  /** Returns whether the bytes moved. */
  ensure(byteLength: number): boolean {
    const old = this.bytes
    if (old.length >= byteLength) return false
    const size = (Math.max(byteLength, old.length * 2) + 15) & ~15
    const before = this.#address
    this.bytes = this.#allocated(size)
    this.bytes.set(old)
    this.bytes.fill(0, old.length)
    if (before !== 0) this.#arena!.free(before)
    return true
  }

  #allocated(size: number): Uint8Array {
    this.#address = 0
    if (this.#arena === null) return new Uint8Array(size)
    try {
      this.#address = this.#arena.alloc(size)
      return new Uint8Array(this.#arena.buffer, this.#address, size)
    } catch (error) {
      if (error instanceof ArenaExhaustedError) return new Uint8Array(size)
      throw error
    }
  }

  release(): void {
    if (this.#address !== 0) this.#arena!.free(this.#address)
    this.#address = 0
    this.bytes = new Uint8Array(0)
  }
}

/** Numbers of groups, 0 until they are written. */
export class GroupFloats {
  readonly #memory: GrowingBytes
  /** A new view after `ensure`. */
  values: Float64Array

  constructor(arena: Arena | null, length = 16) {
    this.#memory = new GrowingBytes(arena, length * 8)
    this.values = floatsOver(this.#memory.bytes)
  }

  get bytes(): number {
    return this.values.byteLength
  }

  ensure(length: number): Float64Array {
    if (this.#memory.ensure(length * 8)) this.values = floatsOver(this.#memory.bytes)
    return this.values
  }

  release(): void {
    this.#memory.release()
    this.values = new Float64Array(0)
  }
}

/** Flags of groups, 0 until they are set. */
export class GroupFlags {
  readonly #memory: GrowingBytes

  constructor(arena: Arena | null, length = 16) {
    this.#memory = new GrowingBytes(arena, length)
  }

  /** A new view after `ensure`. */
  get values(): Uint8Array {
    return this.#memory.bytes
  }

  get bytes(): number {
    return this.values.byteLength
  }

  ensure(length: number): Uint8Array {
    this.#memory.ensure(length)
    return this.values
  }

  release(): void {
    this.#memory.release()
  }
}

/** Words of groups, 0 until they are written. */
export class GroupWords {
  readonly #memory: GrowingBytes
  /** A new view after `ensure`. */
  values: Int32Array

  constructor(arena: Arena | null, length = 64) {
    this.#memory = new GrowingBytes(arena, length * 4)
    this.values = wordsOver(this.#memory.bytes)
  }

  get bytes(): number {
    return this.values.byteLength
  }

  ensure(length: number): Int32Array {
    if (this.#memory.ensure(length * 4)) this.values = wordsOver(this.#memory.bytes)
    return this.values
  }

  release(): void {
    this.#memory.release()
    this.values = new Int32Array(0)
  }
}

function floatsOver(bytes: Uint8Array): Float64Array {
  return new Float64Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length >>> 3)
}

function wordsOver(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length >>> 2)
}
