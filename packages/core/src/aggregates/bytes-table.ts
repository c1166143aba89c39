import type { Arena } from '@volley/kernels'
import { GrowableBuffer } from '../runtime/growable-buffer.ts'
import { equalBytes } from '../vectors/bytes-kernels.ts'
import { hashBytes } from '../vectors/hash.ts'

const FIRST_SLOTS = 64

/** Spreads a hash whose low bits may be alike (rows of one hash partition) over the slots of a table. */
export function spread(hash: number): number {
  return Math.imul(hash, 0x9e3779b1) >>> 0
}

/**
 * Byte strings numbered by first appearance: open addressing over slots that hold number + 1 (0 is free), at most half
 * full, with the hash of each string beside it.
 */
export class BytesTable {
  #count = 0
  #slots: GrowableBuffer
  #shift = 32 - 6
  readonly #arena: Arena
  readonly #hashes: GrowableBuffer
  /** String i is `bytes[ends[i - 1] .. ends[i])`; `ends` is shifted by one, `ends[0]` being 0. */
  readonly #ends: GrowableBuffer
  readonly #heap: GrowableBuffer

  constructor(arena: Arena) {
    this.#arena = arena
    this.#slots = new GrowableBuffer(arena, FIRST_SLOTS * 4)
    this.#slots.u32.fill(0)
    this.#hashes = new GrowableBuffer(arena)
    this.#ends = new GrowableBuffer(arena)
    this.#ends.u32[0] = 0
    this.#heap = new GrowableBuffer(arena)
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#slots.bytes + this.#hashes.bytes + this.#ends.bytes + this.#heap.bytes
  }

  /** Offsets of the strings in `heap`, one more than there are strings. */
  get offsets(): Uint32Array {
    return this.#ends.u32.subarray(0, this.#count + 1)
  }

  get heap(): Uint8Array {
    return this.#heap.u8
  }

  /** The number of a string, which is added where it is new. */
  findOrAdd(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(bytes, start, end)
    const slots = this.#slots.u32
    const mask = (1 << (32 - this.#shift)) - 1
    let slot = spread(hash) >>> this.#shift
    for (let entry = slots[slot]!; entry !== 0; entry = slots[slot]!) {
      const id = entry - 1
      if (this.#hashes.u32[id] === hash) {
        const ends = this.#ends.u32
        if (equalBytes(this.#heap.u8, ends[id]!, ends[id + 1]!, bytes, start, end)) return id
      }
      slot = (slot + 1) & mask
    }
    return this.#add(slot, hash, bytes, start, end)
  }

  #add(slot: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const id = this.#count++
    this.#slots.u32[slot] = id + 1
    this.#hashes.ensure((id + 1) * 4)
    this.#hashes.u32[id] = hash
    this.#ends.ensure((id + 2) * 4)
    const at = this.#ends.u32[id]!
    this.#heap.ensure(at + end - start)
    this.#heap.u8.set(bytes.subarray(start, end), at)
    this.#ends.u32[id + 1] = at + end - start
    if (this.#count * 2 > 2 ** (32 - this.#shift)) this.#rehash()
    return id
  }

  #rehash(): void {
    this.#shift--
    const size = 2 ** (32 - this.#shift)
    const slots = new GrowableBuffer(this.#arena, size * 4)
    slots.u32.fill(0)
    insertHashes(this.#hashes.u32, this.#count, slots.u32, this.#shift)
    this.#slots.release()
    this.#slots = slots
  }

  release(): void {
    for (const buffer of [this.#slots, this.#hashes, this.#ends, this.#heap]) buffer.release()
  }
}

/** Enters 0 to count - 1 into free slots by their hashes. */
function insertHashes(hashes: Uint32Array, count: number, slots: Uint32Array, shift: number): void {
  const mask = 2 ** (32 - shift) - 1
  for (let id = 0; id < count; id++) {
    let slot = spread(hashes[id]!) >>> shift
    while (slots[slot] !== 0) slot = (slot + 1) & mask
    slots[slot] = id + 1
  }
}
