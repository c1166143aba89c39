import type { ByteWriter } from './byte-writer.ts'

/** Bits that a value needs. Widths of 57 to 63 do not exist on disk: they become 64 (section 1.4). */
export function bitWidth(value: bigint | number): number {
  const width = typeof value === 'bigint' ? bigBits(value) : numberBits(value)
  return width > 56 ? 64 : width
}

function numberBits(value: number): number {
  const high = Math.floor(value / 4294967296)
  return high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(value)
}

function bigBits(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length
}

/** Writes values of given widths as one little-endian stream of bits (section 1.2). */
export class BitWriter {
  readonly #out: ByteWriter
  #pending = 0
  #bits = 0

  constructor(out: ByteWriter) {
    this.#out = out
  }

  /** The low `width` bits (0 to 64) of a value given in halves. */
  write(low: number, high: number, width: number): void {
    if (width > 32) {
      this.#write32(low, 32)
      this.#write32(high, width - 32)
    } else this.#write32(low, width)
  }

  /** The low `width` bits of a safe integer. */
  writeNumber(value: number, width: number): void {
    this.write(value >>> 0, width > 32 ? Math.floor(value / 4294967296) : 0, width)
  }

  #write32(value: number, width: number): void {
    if (width > 16) {
      this.#write16(value & 0xffff, 16)
      this.#write16((value >>> 16) & (2 ** (width - 16) - 1), width - 16)
    } else if (width > 0) this.#write16(value & (2 ** width - 1), width)
  }

  #write16(value: number, width: number): void {
    this.#pending |= value << this.#bits
    this.#bits += width
    while (this.#bits >= 8) {
      this.#out.u8(this.#pending & 255)
      this.#pending >>>= 8
      this.#bits -= 8
    }
  }

  /** Fills the last byte with zero bits. */
  flush(): void {
    if (this.#bits > 0) this.#out.u8(this.#pending & 255)
    this.#pending = 0
    this.#bits = 0
  }
}
