import type { Arena } from './arena.ts'
import { GrowingBlock } from './growing-block.ts'
import { GrowingSlots } from './growing-slots.ts'
import { wasmKernels, type WasmKernels } from './wasm-kernels.ts'

const FIRST_BITS = 8
const FAST_BITS = 20

/**
 * Keys of a fixed width numbered by first appearance. A key is `parts` times 64 bits: the words `2 * parts * k` and on of
 * `space` before, of `words` after. In WebAssembly where the arena has it, else in JavaScript, with the same numbers.
 */
export class KeyTable {
  readonly #arena: Arena
  readonly #parts: number
  readonly #wasm: WasmKernels | null
  readonly #stored: GrowingBlock
  readonly #batch: GrowingBlock
  readonly #slots: GrowingSlots
  #count = 0

  constructor(arena: Arena, parts: number) {
    this.#arena = arena
    this.#parts = parts
    this.#wasm = wasmKernels(arena.buffer)
    this.#stored = new GrowingBlock(arena, 512 * parts)
    // The number of keys stands in front of the batch's.
    this.#batch = new GrowingBlock(arena, 1024)
    const sizes = { slotBytes: this.#wasm === null ? 8 : 4, firstBits: FIRST_BITS, fastBits: FAST_BITS }
    this.#slots = new GrowingSlots(arena, sizes, (slots, bits, first, end) => this.#enter(slots, bits, first, end))
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#stored.bytes + this.#batch.bytes + this.#slots.bytes
  }

  /** The words of all keys, by number. */
  get words(): Uint32Array {
    return this.#stored.u32
  }

  /** Room for the words of `rows` keys, to be written before `assign`; contents undefined. */
  space(rows: number): Uint32Array {
    this.#batch.ensure(16 + rows * (this.#parts * 8 + 4))
    return this.#batch.u32.subarray(4, 4 + rows * this.#parts * 2)
  }

  /** `out[k]` is the number of the k-th key in `space`. */
  assign(rows: number, out: Uint32Array): void {
    const parts = this.#parts
    const batch = this.#batch
    const inside = this.#wasm !== null && out.buffer === this.#arena.buffer
    const outAt = inside ? out.byteOffset - batch.address : 16 + rows * parts * 8
    let done = 0
    while (true) {
      this.#stored.ensure(this.#slots.limit * parts * 8)
      batch.u32[0] = this.#count
      done = this.#wasm === null ? this.#groupTwin(done, rows, outAt >>> 2) : this.#group(this.#wasm, done, rows, outAt)
      this.#count = batch.u32[0]!
      if (done === rows) break
      this.#slots.grow(this.#count)
    }
    if (!inside) out.set(batch.u32.subarray(outAt >>> 2, (outAt >>> 2) + rows))
  }

  release(): void {
    for (const block of [this.#stored, this.#batch, this.#slots]) block.release()
  }

  #group(wasm: WasmKernels, first: number, rows: number, outAt: number): number {
    const { address } = this.#batch
    const slots = this.#slots.address
    const stored = this.#stored.address
    const [keys, out] = [address + 16, address + outAt]
    return wasm.groupKeys(
      keys,
      this.#parts,
      first,
      rows,
      slots,
      this.#slots.bits,
      stored,
      this.#slots.limit,
      address,
      out,
    )
  }

  /** Makes room for so many more keys, as `GrowingSlots.makeRoom` does. */
  makeRoom(rows: number): Generator<void, void, void> | null {
    return this.#slots.makeRoom(this.#count, rows, () => this.#stored.ensureSteps(this.#slots.limit * this.#parts * 8))
  }

  /** Enters the keys from number `first` to `end` (exclusive). */
  #enter(slots: GrowingBlock, bits: number, first: number, end: number): void {
    const stored = this.#stored
    if (this.#wasm !== null) {
      const hashed = new GrowingBlock(this.#arena, 16 + 128 * 4)
      this.#wasm.enterKeys(stored.address, this.#parts, first, end, slots.address, bits, hashed.address)
      hashed.release()
      return
    }
    const words = this.#parts * 2
    for (let g = first; g < end; g++) enterTwin(slots.u32, bits, hashWords(stored.u32, g * words, words), g)
  }

  #groupTwin(first: number, rows: number, outAt: number): number {
    const words = this.#parts * 2
    const batch = this.#batch.u32
    const stored = this.#stored.u32
    const slots = this.#slots.u32
    const { bits, limit } = this.#slots
    const mask = 2 ** bits - 1
    let groups = batch[0]!
    for (let k = first; k < rows; k++) {
      const at = 4 + k * words
      const hash = hashWords(batch, at, words)
      let slot = hash >>> (32 - bits)
      let entry = slots[2 * slot]!
      while (entry !== 0 && !sameWords(stored, (entry - 1) * words, batch, at, words)) {
        slot = (slot + 1) & mask
        entry = slots[2 * slot]!
      }
      if (entry === 0) {
        if (groups === limit) {
          batch[0] = groups
          return k
        }
        for (let w = 0; w < words; w++) stored[groups * words + w] = batch[at + w]!
        entry = ++groups
        slots[2 * slot] = entry
      }
      batch[outAt + k] = entry - 1
    }
    batch[0] = groups
    return rows
  }
}

function hashWords(words: Uint32Array, at: number, count: number): number {
  let h = 0
  for (let w = 0; w < count; w++) h = Math.imul(((h << 13) | (h >>> 19)) ^ words[at + w]!, 0x85ebca6b)
  return Math.imul(h ^ (h >>> 15), 0x9e3779b1) >>> 0
}

function sameWords(a: Uint32Array, i: number, b: Uint32Array, j: number, count: number): boolean {
  for (let w = 0; w < count; w++) if (a[i + w] !== b[j + w]) return false
  return true
}

/** Enters a number into a free slot of two words. */
export function enterTwin(slots: Uint32Array, bits: number, hash: number, number: number): void {
  const mask = 2 ** bits - 1
  let slot = hash >>> (32 - bits)
  while (slots[2 * slot] !== 0) slot = (slot + 1) & mask
  slots[2 * slot] = number + 1
}
