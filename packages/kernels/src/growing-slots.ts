import type { Arena } from './arena.ts'
import { GrowingBlock } from './growing-block.ts'

/** From so many entries on, entering them anew takes long. */
const LONG = 1 << 19
/** Entries that are entered in a step. */
const STEP = 1 << 17

interface Sizes {
  readonly slotBytes: number
  readonly firstBits: number
  /** Up to so many bits of an address, slots become four times as many when they are full, then twice. */
  readonly fastBits: number
}

/** Enters the entries from number `first` to `end` (exclusive) into slots, of which there are 2^bits. */
type Enter = (slots: GrowingBlock, bits: number, first: number, end: number) => void

/** The slots of a hash table in an arena: twice as many as the entries that they take. */
export class GrowingSlots {
  readonly #arena: Arena
  readonly #sizes: Sizes
  readonly #enter: Enter
  #slots: GrowingBlock
  #bits: number

  constructor(arena: Arena, sizes: Sizes, enter: Enter) {
    this.#arena = arena
    this.#sizes = sizes
    this.#enter = enter
    this.#bits = sizes.firstBits
    this.#slots = this.#withBits(this.#bits)
    this.#slots.u8.fill(0)
  }

  get address(): number {
    return this.#slots.address
  }

  get u32(): Uint32Array {
    return this.#slots.u32
  }

  get bytes(): number {
    return this.#slots.bytes
  }

  /** Bits of a slot's number. */
  get bits(): number {
    return this.#bits
  }

  /** Entries that the slots take. */
  get limit(): number {
    return 2 ** (this.#bits - 1)
  }

  /** Makes room for more than the `count` entries that there are. */
  grow(count: number): void {
    const bits = this.#moreBits
    const larger = this.#withBits(bits)
    larger.u8.fill(0)
    this.#enter(larger, bits, 0, count)
    this.#take(larger, bits)
  }

  /**
   * Makes room for so many more entries than there are; null where there is, or making it is short. `grown` are steps that
   * follow each growth. Nothing may be added between the steps, each of which takes a few milliseconds, and nothing has
   * changed where the last one is not taken.
   */
  makeRoom(count: number, more: number, grown: () => Generator<void, void, void>): Generator<void, void, void> | null {
    return count < LONG || count + more <= this.limit ? null : this.#steps(count, more, grown)
  }

  *#steps(count: number, more: number, grown: () => Generator<void, void, void>): Generator<void, void, void> {
    while (count + more > this.limit) {
      const bits = this.#moreBits
      const larger = this.#withBits(bits)
      try {
        yield* larger.clearSteps()
        for (let first = 0; first < count; first += STEP) {
          this.#enter(larger, bits, first, Math.min(first + STEP, count))
          yield
        }
        this.#take(larger, bits)
      } finally {
        if (this.#slots !== larger) larger.release()
      }
      yield* grown()
    }
  }

  release(): void {
    this.#slots.release()
  }

  get #moreBits(): number {
    return this.#bits + (this.#bits < this.#sizes.fastBits ? 2 : 1)
  }

  /** Slots to be cleared. */
  #withBits(bits: number): GrowingBlock {
    return new GrowingBlock(this.#arena, this.#sizes.slotBytes * 2 ** bits)
  }

  #take(slots: GrowingBlock, bits: number): void {
    this.#slots.release()
    this.#slots = slots
    this.#bits = bits
  }
}
