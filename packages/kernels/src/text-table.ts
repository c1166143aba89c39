import type { Arena } from './arena.ts'
import { GrowingBlock } from './growing-block.ts'
import { GrowingSlots } from './growing-slots.ts'
import { enterTwin } from './key-table.ts'
import { wasmKernels, type WasmKernels } from './wasm-kernels.ts'

const FIRST_BITS = 7
const FAST_BITS = 16
/** In a batch's block, behind the number of strings: room for the hashes of 64 of them, then for what a batch gives. */
const HASHED_AT = 16
const BATCH_AT = HASHED_AT + 64 * 8

/**
 * Byte strings numbered by first appearance: string i is `heap[offsets[i] .. offsets[i + 1])`. In WebAssembly where the
 * arena has it, else in JavaScript, with the same numbers.
 */
export class TextTable {
  readonly #arena: Arena
  readonly #wasm: WasmKernels | null
  readonly #ends: GrowingBlock
  readonly #hashes: GrowingBlock
  readonly #heap: GrowingBlock
  readonly #batch: GrowingBlock
  readonly #slots: GrowingSlots
  #count = 0

  constructor(arena: Arena) {
    this.#arena = arena
    this.#wasm = wasmKernels(arena.buffer)
    this.#ends = new GrowingBlock(arena, 1024)
    this.#ends.u32[0] = 0
    this.#hashes = new GrowingBlock(arena, 1024)
    this.#heap = new GrowingBlock(arena, 1024)
    this.#batch = new GrowingBlock(arena, 1024)
    const sizes = { slotBytes: 8, firstBits: FIRST_BITS, fastBits: FAST_BITS }
    this.#slots = new GrowingSlots(arena, sizes, (slots, bits, first, end) => this.#enter(slots, bits, first, end))
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    const blocks = [this.#ends, this.#hashes, this.#heap, this.#batch, this.#slots]
    return blocks.reduce((sum, block) => sum + block.bytes, 0)
  }

  /** One more than there are strings. */
  get offsets(): Uint32Array {
    return this.#ends.u32.subarray(0, this.#count + 1)
  }

  get heap(): Uint8Array {
    return this.#heap.u8
  }

  /** `out[k]` is the number of string `rows[k]` (k, where `rows` is null) of a column. */
  assign(
    offsets: Int32Array | Uint32Array,
    bytes: Uint8Array,
    rows: Uint32Array | null,
    count: number,
    out: Uint32Array,
  ): void {
    if (count === 0) return
    const inside = offsets.buffer === this.#arena.buffer && bytes.buffer === this.#arena.buffer
    const source = inside
      ? this.#direct(offsets, bytes, rows, count, out)
      : this.#copied(offsets, bytes, rows, count, out)
    let done = 0
    while (true) {
      const limit = this.#slots.limit
      this.#ends.ensure((limit + 1) * 4)
      this.#hashes.ensure(limit * 8)
      this.#batch.u32[0] = this.#count
      done = this.#wasm === null ? this.#groupTwin(source, done, count, limit) : this.#group(source, done, count, limit)
      this.#count = this.#batch.u32[0]!
      if (done === count) break
      if (this.#count === limit) this.#slots.grow(this.#count)
      else this.#heap.ensure(this.#ends.u32[this.#count]! + this.#longest(source, done))
    }
    if (out.buffer !== this.#arena.buffer) out.set(new Uint32Array(this.#arena.buffer, source.out, count))
  }

  release(): void {
    for (const block of [this.#ends, this.#hashes, this.#heap, this.#batch, this.#slots]) block.release()
  }

  #direct(
    offsets: Int32Array | Uint32Array,
    bytes: Uint8Array,
    rows: Uint32Array | null,
    count: number,
    out: Uint32Array,
  ): Source {
    const batch = this.#batch
    const { buffer } = this.#arena
    batch.ensure(BATCH_AT + count * 8)
    const own = batch.address + BATCH_AT
    const foreign = rows !== null && rows.buffer !== buffer
    if (foreign) batch.u32.set(rows.length === count ? rows : rows.subarray(0, count), (BATCH_AT >>> 2) + count)
    return {
      offsets: offsets.byteOffset,
      bytes: bytes.byteOffset,
      rows: rows === null ? 0 : foreign ? own + count * 4 : rows.byteOffset,
      out: out.buffer === buffer ? out.byteOffset : own,
    }
  }

  /** Strings of other memory, one after the other behind their offsets. */
  #copied(
    offsets: Int32Array | Uint32Array,
    bytes: Uint8Array,
    rows: Uint32Array | null,
    count: number,
    out: Uint32Array,
  ): Source {
    const batch = this.#batch
    let total = 0
    for (let k = 0; k < count; k++) {
      const row = rows === null ? k : rows[k]!
      total += offsets[row + 1]! - offsets[row]!
    }
    const [offsetsAt, bytesAt] = [BATCH_AT + count * 4, BATCH_AT + 4 + count * 8]
    batch.ensure(bytesAt + total)
    const ends = batch.u32.subarray(offsetsAt >>> 2)
    const copy = batch.u8
    let end = 0
    for (let k = 0; k < count; k++) {
      ends[k] = end
      const row = rows === null ? k : rows[k]!
      const start = offsets[row]!
      const length = offsets[row + 1]! - start
      if (length > 32) copy.set(bytes.subarray(start, start + length), bytesAt + end)
      else for (let i = 0; i < length; i++) copy[bytesAt + end + i] = bytes[start + i]!
      end += length
    }
    ends[count] = end
    const own = batch.address + BATCH_AT
    return {
      offsets: batch.address + offsetsAt,
      bytes: batch.address + bytesAt,
      rows: 0,
      out: out.buffer === this.#arena.buffer ? out.byteOffset : own,
    }
  }

  #group({ offsets, bytes, rows, out }: Source, first: number, count: number, limit: number): number {
    const { address } = this.#batch
    return this.#wasm!.groupTexts(
      offsets,
      bytes,
      rows,
      first,
      count,
      this.#slots.address,
      this.#slots.bits,
      this.#ends.address,
      this.#hashes.address,
      this.#heap.address,
      this.#heap.bytes,
      limit,
      address + HASHED_AT,
      address,
      out,
    )
  }

  /** Bytes that the k-th string and some after it need; a block doubles when it grows. */
  #longest({ offsets, rows }: Source, k: number): number {
    const words = new Uint32Array(this.#arena.buffer, offsets)
    const row = rows === 0 ? k : new Uint32Array(this.#arena.buffer, rows)[k]!
    return words[row + 1]! - words[row]! + 1024
  }

  /** Makes room for so many more texts, as `GrowingSlots.makeRoom` does. */
  makeRoom(rows: number): Generator<void, void, void> | null {
    return this.#slots.makeRoom(this.#count, rows, () => this.#ensureSteps())
  }

  *#ensureSteps(): Generator<void, void, void> {
    yield* this.#ends.ensureSteps((this.#slots.limit + 1) * 4)
    yield* this.#hashes.ensureSteps(this.#slots.limit * 8)
  }

  /** Enters the texts from number `first` to `end` (exclusive). */
  #enter(slots: GrowingBlock, bits: number, first: number, end: number): void {
    const state = this.#batch.address
    if (this.#wasm !== null) this.#wasm.enterTexts(this.#hashes.address, first, end, slots.address, bits, state)
    else for (let i = first; i < end; i++) enterTwin(slots.u32, bits, this.#hashes.u32[2 * i]!, i)
  }

  #groupTwin(source: Source, first: number, count: number, limit: number): number {
    const offsets = new Uint32Array(this.#arena.buffer, source.offsets)
    const all = new Uint8Array(this.#arena.buffer)
    const words = new Uint32Array(this.#arena.buffer)
    const batch = this.#batch.u32
    const ends = this.#ends.u32
    const hashes = this.#hashes.u32
    const heap = this.#heap.u8
    const slots = this.#slots.u32
    const { bits } = this.#slots
    const mask = 2 ** bits - 1
    let groups = batch[0]!
    for (let k = first; k < count; k++) {
      const row = source.rows === 0 ? k : words[(source.rows >>> 2) + k]!
      const start = source.bytes + offsets[row]!
      const length = offsets[row + 1]! - offsets[row]!
      const hash = hashRun(all, start, length)
      let slot = hash >>> (32 - bits)
      let entry = slots[2 * slot]!
      while (entry !== 0) {
        const id = entry - 1
        if (hashes[2 * id] === hash && sameRun(heap, ends[id]!, ends[id + 1]! - ends[id]!, all, start, length)) break
        slot = (slot + 1) & mask
        entry = slots[2 * slot]!
      }
      if (entry === 0) {
        const end = ends[groups]!
        if (groups === limit || end + length > heap.length) {
          batch[0] = groups
          return k
        }
        heap.set(all.subarray(start, start + length), end)
        hashes[2 * groups] = hash
        entry = ++groups
        ends[groups] = end + length
        slots[2 * slot] = entry
      }
      words[(source.out >>> 2) + k] = entry - 1
    }
    batch[0] = groups
    return count
  }
}

/** Addresses of the strings of a batch, of their rows (0 for all) and of their numbers. */
interface Source {
  readonly offsets: number
  readonly bytes: number
  readonly rows: number
  readonly out: number
}

function hashRun(bytes: Uint8Array, start: number, length: number): number {
  let h = length
  for (let i = 0; i < length; i++) h = Math.imul(((h << 7) | (h >>> 25)) ^ bytes[start + i]!, 0x85ebca6b)
  return Math.imul(h ^ (h >>> 15), 0x9e3779b1) >>> 0
}

function sameRun(a: Uint8Array, i: number, aLength: number, b: Uint8Array, j: number, length: number): boolean {
  if (aLength !== length) return false
  for (let k = 0; k < length; k++) if (a[i + k] !== b[j + k]) return false
  return true
}
