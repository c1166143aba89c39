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

/** Values of groups, 0 until they are written, over bytes that grow. */
class GroupValues<A extends Float64Array | Int32Array | Uint8Array> {
  readonly #memory: GrowingBytes
  readonly #width: number
  readonly #over: (bytes: Uint8Array) => A
  /** A new view after `ensure`. */
  values: A

  constructor(arena: Arena | null, length: number, width: number, over: (bytes: Uint8Array) => A) {
    this.#memory = new GrowingBytes(arena, length * width)
    this.#width = width
    this.#over = over
    this.values = over(this.#memory.bytes)
  }

  get bytes(): number {
    return this.values.byteLength
  }

  ensure(length: number): A {
    if (this.#memory.ensure(length * this.#width)) this.values = this.#over(this.#memory.bytes)
    return this.values
  }

  release(): void {
    this.#memory.release()
    this.values = this.#over(this.#memory.bytes)
  }
}

/** Numbers of groups. */
export class GroupFloats extends GroupValues<Float64Array> {
  constructor(arena: Arena | null, length = 16) {
    super(arena, length, 8, floatsOver)
  }
}

/** Flags of groups. */
export class GroupFlags extends GroupValues<Uint8Array> {
  constructor(arena: Arena | null, length = 16) {
    super(arena, length, 1, (bytes) => bytes)
  }
}

/** Words of groups. */
export class GroupWords extends GroupValues<Int32Array> {
  constructor(arena: Arena | null, length = 64) {
    super(arena, length, 4, wordsOver)
  }
}

function floatsOver(bytes: Uint8Array): Float64Array {
  return new Float64Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length >>> 3)
}

function wordsOver(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length >>> 2)
}
