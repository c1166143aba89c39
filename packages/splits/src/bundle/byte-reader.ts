/** Reads little-endian numbers and LEB128 from untrusted bytes; every read is bounds-checked. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  position: number

  constructor(bytes: Uint8Array, position: number = 0) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.position = position
  }

  get remaining(): number {
    return this.#bytes.length - this.position
  }

  u32(): number {
    const at = this.#take(4)
    return this.#view.getUint32(at, true)
  }

  /** @throws RangeError above 2^53. */
  u64(): number {
    const at = this.#take(8)
    const value = this.#view.getBigUint64(at, true)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`${value} is out of bounds`)
    return Number(value)
  }

  /** LEB128 (continuation bytes have bit 7 set). @throws RangeError above 2^53. */
  leb(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#take(1)]!
      value += (byte & 0x7f) * scale
      if (value > Number.MAX_SAFE_INTEGER || scale > 2 ** 56) throw new RangeError('a number is out of bounds')
      if (byte < 0x80) return value
    }
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  /** A LEB length and as many bytes of UTF-8. */
  text(): string {
    return new TextDecoder().decode(this.bytes(this.leb()))
  }

  #take(length: number): number {
    const at = this.position
    if (at + length > this.#bytes.length)
      throw new RangeError(`the data ends ${at + length - this.#bytes.length} bytes early`)
    this.position = at + length
    return at
  }
}

/** Appends little-endian numbers, LEB128 and bytes. */
export class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(256)
  length: number = 0

  u32(value: number): this {
    const at = this.#grow(4)
    new DataView(this.#bytes.buffer).setUint32(at, value, true)
    return this
  }

  u64(value: number): this {
    const at = this.#grow(8)
    new DataView(this.#bytes.buffer).setBigUint64(at, BigInt(value), true)
    return this
  }

  leb(value: number): this {
    let rest = value
    while (rest >= 128) {
      this.#byte((rest % 128) | 0x80)
      rest = Math.floor(rest / 128)
    }
    return this.#byte(rest)
  }

  #byte(value: number): this {
    const at = this.#grow(1)
    this.#bytes[at] = value
    return this
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  text(text: string): this {
    const bytes = new TextEncoder().encode(text)
    return this.leb(bytes.length).bytes(bytes)
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.length)
  }

  #grow(length: number): number {
    const at = this.length
    this.length = at + length
    if (this.length > this.#bytes.length) {
      const bigger = new Uint8Array(Math.max(this.length, this.#bytes.length * 2))
      bigger.set(this.#bytes.subarray(0, at))
      this.#bytes = bigger
    }
    return at
  }
}
