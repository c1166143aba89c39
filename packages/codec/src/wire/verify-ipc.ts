import { malformed } from './message.ts'

// Arrow's Message.fbs: header types.
const SCHEMA = 1
const DICTIONARY_BATCH = 2
const RECORD_BATCH = 3
const CONTINUATION = 0xffffffff
/** Of a Field's type: its decoder reads vectors that are not checked here, and the engine has no unions. */
const UNION = 14
const MAX_ROWS = 2 ** 31

/**
 * Checks that an Arrow IPC stream can be given to a decoder that trusts it: every vector of the metadata lies inside it, every buffer inside
 * its body, and nested fields are no more than there are bytes for (Arrow columnar format, "Encapsulated message format";
 * FlatBuffers internals). apache-arrow allocates whatever a damaged length says.
 *
 * @throws VolleyError (08P01) when it is not so.
 */
export function verifyIpc(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    let at = 0
    while (at < bytes.byteLength) {
      if (view.getUint32(at, true) !== CONTINUATION) throw malformed('an Arrow IPC message has no start')
      const length = view.getInt32(at + 4, true)
      at += 8
      if (length === 0) return
      if (length < 0 || length > bytes.byteLength - at) throw malformed('an Arrow IPC message is cut short')
      const metadata = new DataView(bytes.buffer, bytes.byteOffset + at, length)
      at += length
      at += new MessageVerifier(metadata).verify(bytes.byteLength - at)
    }
  } catch (error) {
    if (error instanceof RangeError) throw malformed('an Arrow IPC message points outside itself')
    throw error
  }
}

/** One message's FlatBuffer. Positions that are read are bounds-checked by DataView. */
class MessageVerifier {
  readonly #view: DataView
  /** Tables that may still be visited: more than bytes means that they share parts, as no writer does. */
  #budget: number

  constructor(view: DataView) {
    this.#view = view
    this.#budget = view.byteLength
  }

  /** Returns the length of the body. */
  verify(available: number): number {
    const message = this.#follow(0)
    const bodyAt = this.#field(message, 3)
    const body = bodyAt === 0 ? 0 : this.#long(bodyAt)
    if (body > available) throw malformed('the body of an Arrow IPC message is cut short')
    this.#pairs(message, 4)
    const header = this.#required(message, 2)
    switch (this.#view.getUint8(this.#field(message, 1))) {
      case SCHEMA:
        for (const field of this.#tables(header, 1)) this.#schemaField(field)
        this.#pairs(header, 2)
        this.#vector(header, 3, 8)
        break
      case DICTIONARY_BATCH:
        this.#batch(this.#required(header, 1), body)
        break
      case RECORD_BATCH:
        this.#batch(header, body)
        break
      default:
        throw malformed('an Arrow IPC message is of no known kind')
    }
    return body
  }

  #schemaField(table: number): void {
    const type = this.#field(table, 2)
    if (type !== 0 && this.#view.getUint8(type) === UNION) throw malformed('an Arrow IPC stream has a union')
    this.#vector(table, 0, 1)
    for (const child of this.#tables(table, 5)) this.#schemaField(child)
    this.#pairs(table, 6)
  }

  #batch(table: number, body: number): void {
    const length = this.#field(table, 0)
    if (length !== 0 && this.#long(length) > MAX_ROWS) throw malformed('an Arrow IPC batch has too many rows')
    for (const node of this.#vector(table, 1, 16)) {
      if (this.#long(node) > MAX_ROWS || this.#long(node + 8) > MAX_ROWS)
        throw malformed('an Arrow IPC column is too long')
    }
    for (const buffer of this.#vector(table, 2, 16)) {
      if (this.#long(buffer) + this.#long(buffer + 8) > body) throw malformed('an Arrow IPC buffer is outside its body')
    }
    this.#vector(table, 4, 8)
  }

  /** Custom metadata: a vector of tables of two strings. */
  #pairs(table: number, index: number): void {
    for (const pair of this.#tables(table, index)) {
      this.#vector(pair, 0, 1)
      this.#vector(pair, 1, 1)
    }
  }

  #tables(table: number, index: number): number[] {
    return this.#vector(table, index, 4).map((at) => this.#follow(at))
  }

  /** Positions of the elements of a vector field; for strings (size 1), none, but it is checked. */
  #vector(table: number, index: number, size: number): number[] {
    const field = this.#field(table, index)
    if (field === 0) return []
    const start = field + this.#view.getUint32(field, true)
    const length = this.#view.getUint32(start, true)
    if (start + 4 + length * size > this.#view.byteLength) throw malformed('an Arrow IPC vector is cut short')
    return size === 1 ? [] : Array.from({ length }, (_, i) => start + 4 + i * size)
  }

  /** Position of a field's value; 0 when it is absent. */
  #field(table: number, index: number): number {
    const vtable = table - this.#view.getInt32(table, true)
    const slot = 4 + 2 * index
    if (slot + 2 > this.#view.getUint16(vtable, true)) return 0
    const offset = this.#view.getUint16(vtable + slot, true)
    return offset === 0 ? 0 : table + offset
  }

  #required(table: number, index: number): number {
    const field = this.#field(table, index)
    if (field === 0) throw malformed('an Arrow IPC message lacks a part')
    return this.#follow(field)
  }

  #follow(at: number): number {
    if (this.#budget-- === 0) throw malformed('an Arrow IPC message shares its parts')
    return at + this.#view.getUint32(at, true)
  }

  /** A 64-bit number that is a size. */
  #long(at: number): number {
    const value = this.#view.getBigInt64(at, true)
    if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER))
      throw malformed('an Arrow IPC message has a size out of range')
    return Number(value)
  }
}
