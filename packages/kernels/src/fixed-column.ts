import type { Arena } from './arena.ts'

export type FixedValues =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array

/**
 * A column of values of at most 8 bytes, as kernels take it: row i is `values[i & mask]`, or that bit of `values` with
 * `isBits`; it is NULL where there is a `validity` and that bit of it is 0.
 */
export interface FixedColumn {
  readonly values: FixedValues
  readonly isBits: boolean
  /** -1, or 0 for a constant. */
  readonly mask: number
  readonly validity: Uint8Array | null
}

/** The number that a kind of values has in assembly/columns.ts. */
export function kindOf({ values, isBits }: FixedColumn): number {
  if (isBits) return 10
  if (values instanceof Int32Array) return 4
  if (values instanceof BigInt64Array) return 6
  if (values instanceof Float64Array) return 9
  if (values instanceof Int16Array) return 2
  if (values instanceof Uint32Array) return 5
  if (values instanceof BigUint64Array) return 7
  if (values instanceof Int8Array) return 0
  if (values instanceof Uint8Array) return 1
  return values instanceof Uint16Array ? 3 : 8
}

/** Addresses of arrays in an arena: of those in it as they are, of others of copies, which `release` frees. */
export class Inputs {
  readonly #arena: Arena
  #blocks: number[] | null = null

  constructor(arena: Arena) {
    this.#arena = arena
  }

  /** The address of an array, 0 for none. */
  address(array: ArrayBufferView | null): number {
    if (array === null) return 0
    return array.buffer === this.#arena.buffer ? array.byteOffset : this.#copied(array)
  }

  #copied(array: ArrayBufferView): number {
    // Kernels may load 16 bytes at a time.
    const address = this.#arena.alloc(array.byteLength + 16)
    ;(this.#blocks ??= []).push(address)
    const bytes = new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength)
    new Uint8Array(this.#arena.buffer, address, array.byteLength).set(bytes)
    return address
  }

  /** The address of `byteLength` bytes, contents undefined, until `release`. */
  room(byteLength: number): number {
    const address = this.#arena.alloc(byteLength)
    ;(this.#blocks ??= []).push(address)
    return address
  }

  release(): void {
    if (this.#blocks === null) return
    for (const address of this.#blocks) this.#arena.free(address)
    this.#blocks = null
  }
}
