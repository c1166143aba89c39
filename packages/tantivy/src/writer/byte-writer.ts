const encoder = new TextEncoder()

/** A growing byte buffer with the primitives of formats/tantivy.md section 1. */
export class ByteWriter {
  bytes: Uint8Array
  length = 0
  #view: DataView

  constructor(capacity: number = 256) {
    this.bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.bytes.buffer)
  }

  /** What was written, as a view that later writes may change or leave behind. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }

  clear(): void {
    this.length = 0
  }

  /** Makes room for `count` bytes more. */
  reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.view())
    this.bytes = grown
    this.#view = new DataView(grown.buffer)
  }

  u8(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  u16(value: number): void {
    this.reserve(2)
    this.#view.setUint16(this.length, value, true)
    this.length += 2
  }

  u32(value: number): void {
    this.reserve(4)
    this.#view.setUint32(this.length, value, true)
    this.length += 4
  }

  /** A u64 that is a safe integer. */
  u64(value: number): void {
    this.u32(value % 4294967296)
    this.u32(Math.floor(value / 4294967296))
  }

  u64Big(value: bigint): void {
    this.reserve(8)
    this.#view.setBigUint64(this.length, value, true)
    this.length += 8
  }

  u64BigEndian(value: bigint): void {
    this.reserve(8)
    this.#view.setBigUint64(this.length, value, false)
    this.length += 8
  }

  /** A VInt: bit 7 marks the last byte. */
  vint(value: number): void {
    this.reserve(10)
    while (value >= 128) {
      this.bytes[this.length++] = value & 127
      value = value < 0x80000000 ? value >>> 7 : Math.floor(value / 128)
    }
    this.bytes[this.length++] = value | 128
  }

  /** A VInt of up to 128 bits. */
  vintBig(value: bigint): void {
    while (value > 0x1fffffffffffffn) {
      this.u8(Number(value & 127n))
      value >>= 7n
    }
    this.vint(Number(value))
  }

  /** A CVInt (LEB128): bit 7 marks every byte but the last. */
  cvint(value: number): void {
    this.reserve(10)
    while (value >= 128) {
      this.bytes[this.length++] = (value & 127) | 128
      value = value < 0x80000000 ? value >>> 7 : Math.floor(value / 128)
    }
    this.bytes[this.length++] = value
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** The UTF-8 of a text, without a length; answers the number of bytes. */
  utf8(text: string): number {
    this.reserve(text.length * 3)
    const { written } = encoder.encodeInto(text, this.bytes.subarray(this.length))
    this.length += written
    return written
  }

  /** A VInt length and the UTF-8 of a text. */
  str(text: string): void {
    if (text.length < 43) {
      // the length takes one byte, whatever the characters
      const at = this.length
      this.u8(0)
      const length = this.utf8(text)
      this.bytes[at] = length | 128
    } else this.#longStr(text)
  }

  #longStr(text: string): void {
    const bytes = encoder.encode(text)
    this.vint(bytes.length)
    this.append(bytes)
  }
}
