import type { Arena } from './arena.ts'
import { type FixedColumn, Inputs, kindOf } from './fixed-column.ts'
import { GrowingBlock } from './growing-block.ts'
import { wasmKernels, type WasmKernels } from './wasm-kernels.ts'

/** The values that a key may have: `size` of them from `least` on, modulo 2^64. */
export interface KeyRange {
  readonly least: bigint
  readonly size: number
}

/**
 * Groups numbered by first appearance, by the place of their keys in a table without holes: of several keys, places are those
 * of the first plus `stride` times those of the next, and so on. A key's place is 0 for NULL, else 1 + value - least.
 */
export class PlaceTable {
  readonly #arena: Arena
  readonly #wasm: WasmKernels
  /** Number + 1 of each place; 0 is free. */
  #table: GrowingBlock
  #size = 0
  readonly #stored: GrowingBlock
  /** The number of groups, then places of a batch, then its numbers. */
  readonly #batch: GrowingBlock
  #count = 0

  /** Null where the arena has no kernels in WebAssembly. */
  static create(arena: Arena): PlaceTable | null {
    const wasm = wasmKernels(arena.buffer)
    return wasm === null ? null : new PlaceTable(arena, wasm)
  }

  private constructor(arena: Arena, wasm: WasmKernels) {
    this.#arena = arena
    this.#wasm = wasm
    this.#table = new GrowingBlock(arena, 16)
    this.#stored = new GrowingBlock(arena, 1024)
    this.#batch = new GrowingBlock(arena, 1024)
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#table.bytes + this.#stored.bytes + this.#batch.bytes
  }

  /** The place of each group. */
  get places(): Uint32Array {
    return this.#stored.u32
  }

  /** Makes a table of `size` places; `places` are those that the groups move to, or null where they stay. */
  resize(size: number, places: Uint32Array | null): void {
    const table = new GrowingBlock(this.#arena, size * 4)
    if (places === null) {
      table.u32.set(this.#table.u32.subarray(0, this.#size))
      table.u32.fill(0, this.#size)
    } else {
      table.u32.fill(0)
      for (let g = 0; g < this.#count; g++) table.u32[places[g]!] = g + 1
      this.#stored.u32.set(places.subarray(0, this.#count))
    }
    this.#table.release()
    this.#table = table
    this.#size = size
  }

  /** Makes room for the places of so many rows. */
  begin(rows: number): void {
    this.#batch.ensure(16 + rows * 8)
  }

  /** Gives the rows that have no key of a column the place 0 of it. */
  clear(rows: number): void {
    this.#batch.u32.fill(0, 4, 4 + rows)
  }

  /**
   * Adds the places of a key to those of the rows; `first` is whether none were added before. Rows are 0 to `count` - 1, or
   * `rows`. Returns whether all values are in the range; where not, the places are to be made anew.
   */
  add(
    column: FixedColumn,
    rows: Uint32Array | null,
    count: number,
    { least, size }: KeyRange,
    stride: number,
    first: boolean,
  ): boolean {
    const inputs = new Inputs(this.#arena)
    try {
      const [values, validity] = [inputs.address(column.values), inputs.address(column.validity)]
      const rowsAt = inputs.address(rows)
      const out = this.#batch.address + 16
      const kind = kindOf(column)
      const signed = BigInt.asIntN(64, least)
      const mask = column.mask
      return this.#wasm.addPlaces(values, kind, mask, validity, rowsAt, count, signed, size, stride, +first, out) === 0
    } finally {
      inputs.release()
    }
  }

  /** `out[k]` is the number of the group at the k-th row's place. */
  assign(rows: number, out: Uint32Array): void {
    // There are no more groups than places.
    this.#stored.ensure(Math.min(this.#count + rows, this.#size) * 4)
    const batch = this.#batch
    const inside = out.buffer === this.#arena.buffer
    const outAt = inside ? out.byteOffset : batch.address + 16 + rows * 4
    batch.u32[0] = this.#count
    this.#wasm.numberPlaces(batch.address + 16, rows, this.#table.address, this.#stored.address, batch.address, outAt)
    this.#count = batch.u32[0]!
    if (!inside) out.set(batch.u32.subarray(4 + rows, 4 + 2 * rows))
  }

  release(): void {
    for (const block of [this.#table, this.#stored, this.#batch]) block.release()
  }
}
