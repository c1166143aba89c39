import type { RowFlags } from '../operators/pair-join.ts'

/** Flags of rows that are looked at some at a time: two bits a row. */
export class PackedFlags {
  readonly #matched: Uint8Array
  readonly #unknown: Uint8Array

  constructor(rows: number) {
    this.#matched = new Uint8Array((rows + 7) >>> 3)
    this.#unknown = new Uint8Array((rows + 7) >>> 3)
  }

  /** What the flags of so many rows take. */
  static bytesFor(rows: number): number {
    return rows / 4
  }

  load(start: number, length: number): RowFlags {
    return { matched: unpack(this.#matched, start, length), unknown: unpack(this.#unknown, start, length) }
  }

  /** Adds flags to those that are set. */
  store(start: number, { matched, unknown }: RowFlags): void {
    pack(matched, this.#matched, start)
    pack(unknown, this.#unknown, start)
  }
}

function unpack(bits: Uint8Array, start: number, length: number): Uint8Array {
  const flags = new Uint8Array(length)
  for (let i = 0, at = start; i < length; i++, at++) flags[i] = (bits[at >>> 3]! >>> (at & 7)) & 1
  return flags
}

function pack(flags: Uint8Array, bits: Uint8Array, start: number): void {
  for (let i = 0, at = start; i < flags.length; i++, at++) bits[at >>> 3]! |= flags[i]! << (at & 7)
}
