import { IndexCorruptedError } from '../errors.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * A cursor over bytes of a file. Every read is bounds-checked and throws IndexCorruptedError with the offset in the
 * file. Numbers are little-endian (formats/tantivy.md section 1).
 */
export class ByteReader {
  readonly bytes: Uint8Array
  readonly end: number
  pos: number
  readonly file: string
  /** Offset in the file of `bytes[0]`. */
  readonly base: number
  readonly #view: DataView

  constructor(bytes: Uint8Array, file: string, base: number = 0, start: number = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.file = file
    this.base = base
    this.pos = start
    this.end = end
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (!(start >= 0 && start <= end && end <= bytes.length)) throw this.corrupted(`no range ${start}..${end}`)
  }

  get remaining(): number {
    return this.end - this.pos
  }

  corrupted(problem: string): IndexCorruptedError {
    return new IndexCorruptedError(this.file, this.base + this.pos, problem)
  }

  #need(n: number): number {
    const at = this.pos
    if (!(n >= 0 && n <= this.end - at)) throw this.corrupted(`${n} bytes needed, ${this.end - at} left`)
    this.pos = at + n
    return at
  }

  u8(): number {
    return this.bytes[this.#need(1)]!
  }

  u16(): number {
    return this.#view.getUint16(this.#need(2), true)
  }

  u32(): number {
    return this.#view.getUint32(this.#need(4), true)
  }

  /** A u64 that must be an exact JavaScript number (an offset, a count). */
  u64(): number {
    const at = this.#need(8)
    const value = this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 4294967296
    if (value > Number.MAX_SAFE_INTEGER) throw this.corrupted(`offset or count ${value} is too large`)
    return value
  }

  u64Big(): bigint {
    return this.#view.getBigUint64(this.#need(8), true)
  }

  i64Big(): bigint {
    return this.#view.getBigInt64(this.#need(8), true)
  }

  /** A VInt (bit 7 marks the last byte) that must be an exact JavaScript number. */
  vint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 10; i += 1) {
      const byte = this.u8()
      value += (byte & 127) * scale
      if (byte > 127) {
        if (value > Number.MAX_SAFE_INTEGER) throw this.corrupted('variable-length integer is too large')
        return value
      }
      scale *= 128
    }
    throw this.corrupted('variable-length integer has no end')
  }

  /** A VInt of at most `bits` bits, as bigint. */
  vintBig(bits: number = 64): bigint {
    let value = 0n
    for (let shift = 0n; shift < BigInt(bits); shift += 7n) {
      const byte = this.u8()
      value |= BigInt(byte & 127) << shift
      if (byte > 127) return BigInt.asUintN(bits, value)
    }
    throw this.corrupted('variable-length integer has no end')
  }

  /** A CVInt (LEB128: bit 7 marks every byte but the last) that must be an exact JavaScript number. */
  cvint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 10; i += 1) {
      const byte = this.u8()
      value += (byte & 127) * scale
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) throw this.corrupted('variable-length integer is too large')
        return value
      }
      scale *= 128
    }
    throw this.corrupted('variable-length integer has no end')
  }

  skip(n: number): void {
    this.#need(n)
  }

  take(n: number): Uint8Array {
    const at = this.#need(n)
    return this.bytes.subarray(at, at + n)
  }

  /** A VInt length and so many bytes of UTF-8. */
  str(): string {
    return decoder.decode(this.take(this.vint()))
  }
}
