import { Region } from '@volley/kernels'
import type { DataType, Schema } from 'apache-arrow'
import { internalError } from '../errors.ts'
import { slotsPerRow } from '../vectors/build.ts'
import { flattenVector, sliceVector } from '../vectors/flatten.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { takeVector } from '../vectors/take.ts'
import {
  BoolVector,
  BytesVector,
  ConstantVector,
  DictionaryVector,
  ListVector,
  NullVector,
  PrimitiveVector,
  StructVector,
  type PrimitiveArray,
  type Vector,
} from '../vectors/vector.ts'

// A packed batch is [bytes in all, words, rows, vectors...] in 32-bit words, padded to 8 bytes, then the buffers of the
// vectors, each padded to 8 bytes. A vector is [encoding | has validity << 8 | kind << 16, length, bytes of each buffer...]
// and what is in it.

const ENCODINGS = ['null', 'bool', 'bytes', 'list', 'struct', 'primitive', 'constant', 'dictionary'] as const
const KINDS = [
  Int8Array,
  Int16Array,
  Int32Array,
  Uint8Array,
  Uint16Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const
const HEAD = 3

const aligned = (bytes: number): number => (bytes + 7) & ~7

/**
 * The selected rows of a batch as bytes that another thread of this process can read with `unpackBatch`: the columns'
 * own buffers, one after the other, without a library between.
 */
export function packBatch(batch: RecordBatch): Uint8Array<ArrayBuffer> {
  const scratch = new Region(batch.region.arena)
  try {
    const packing = new Packing(scratch)
    for (const column of batch.columns) {
      packing.add(batch.selection === null ? column : takeVector(column, batch.selection, batch.numRows, scratch))
    }
    return packing.finish(batch.numRows)
  } finally {
    scratch.release()
  }
}

class Packing {
  readonly #scratch: Region
  readonly #words: number[] = []
  readonly #buffers: Uint8Array[] = []
  #bytes = 0

  constructor(scratch: Region) {
    this.#scratch = scratch
  }

  add(given: Vector): void {
    const vector = this.#compact(given)
    const { length } = vector
    const validity = vector.encoding === 'constant' || vector.encoding === 'null' ? null : vector.validity
    const kind =
      vector.encoding === 'primitive' ? KINDS.indexOf((vector as PrimitiveVector).values.constructor as never) : 0
    this.#words.push(ENCODINGS.indexOf(vector.encoding) | (+(validity !== null) << 8) | (kind << 16), length)
    if (validity !== null) this.#buffer(validity.subarray(0, (length + 7) >>> 3))
    switch (vector.encoding) {
      case 'null':
        return
      case 'constant':
        return this.add((vector as ConstantVector).value)
      case 'bool':
        return this.#buffer((vector as BoolVector).bits.subarray(0, (length + 7) >>> 3))
      case 'primitive': {
        const { values } = vector as PrimitiveVector
        const slots = slotsPerRow(vector.type)
        return this.#buffer(values.subarray(0, length * slots))
      }
      case 'bytes': {
        const { offsets, bytes } = vector as BytesVector
        this.#buffer(this.#fromZero(offsets, length))
        return this.#buffer(bytes.subarray(offsets[0] ?? 0, offsets[length] ?? 0))
      }
      case 'dictionary': {
        const { codes, dictionary, sorted } = vector as DictionaryVector
        this.#words.push(+sorted)
        this.#buffer(codes.subarray(0, length))
        return this.add(dictionary)
      }
      case 'list': {
        const { offsets, child } = vector as ListVector
        this.#buffer(this.#fromZero(offsets, length))
        return this.add(sliceVector(child, offsets[0] ?? 0, offsets[length] ?? 0, this.#scratch))
      }
      case 'struct':
        this.#words.push((vector as StructVector).children.length)
        for (const child of (vector as StructVector).children) this.add(child)
    }
  }

  finish(rows: number): Uint8Array<ArrayBuffer> {
    const words = HEAD + this.#words.length
    const head = aligned(words * 4)
    const out = new Uint8Array(head + this.#bytes)
    const header = new Uint32Array(out.buffer, 0, words)
    header.set([out.length, words, rows])
    header.set(this.#words, HEAD)
    let at = head
    for (const buffer of this.#buffers) {
      out.set(buffer, at)
      at += aligned(buffer.length)
    }
    return out
  }

  /** A dictionary with more entries than there are rows is not worth its bytes. */
  #compact(vector: Vector): Vector {
    if (vector.encoding !== 'dictionary') return vector
    const { dictionary, length } = vector as DictionaryVector
    return dictionary.length > length ? flattenVector(vector, null, this.#scratch) : vector
  }

  #fromZero(offsets: Int32Array, length: number): Int32Array {
    const start = offsets[0] ?? 0
    if (length > 0 && start === 0) return offsets.subarray(0, length + 1)
    const moved = this.#scratch.i32(length + 1)
    moved[0] = 0
    for (let i = 1; i <= length; i++) moved[i] = offsets[i]! - start
    return moved
  }

  #buffer(view: Uint8Array | PrimitiveArray): void {
    const bytes = new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength)
    this.#words.push(bytes.length)
    this.#buffers.push(bytes)
    this.#bytes += aligned(bytes.length)
  }
}

/** The packed batches of a frame, where each begins and ends. */
export function packedBatches(frame: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = []
  for (let at = 0; at < frame.byteLength;) {
    const [bytes] = new Uint32Array(frame.buffer, frame.byteOffset + at, 1)
    found.push(frame.subarray(at, at + bytes!))
    at += bytes!
  }
  return found
}

/** The batch that `packBatch` packed: one copy of its buffers into the region, which the batch owns. */
export function unpackBatch(packed: Uint8Array, schema: Schema, region: Region): RecordBatch {
  const [, words, rows] = new Uint32Array(packed.buffer, packed.byteOffset, HEAD)
  const header = new Uint32Array(packed.buffer, packed.byteOffset, words!)
  const body = packed.subarray(aligned(words! * 4))
  const copy = region.u8(body.length)
  copy.set(body)
  const unpacking = new Unpacking(header, copy)
  const columns = schema.fields.map((field) => unpacking.vector(field.type))
  return new RecordBatch(schema, columns, rows!, null, region)
}

class Unpacking {
  readonly #header: Uint32Array
  readonly #body: Uint8Array
  #word = HEAD
  #at = 0

  constructor(header: Uint32Array, body: Uint8Array) {
    this.#header = header
    this.#body = body
  }

  vector(type: DataType): Vector {
    const tag = this.#next()
    const length = this.#next()
    const encoding = ENCODINGS[tag & 0xff]
    const validity = ((tag >>> 8) & 1) === 1 ? this.#bytes() : null
    switch (encoding) {
      case 'null':
        return new NullVector(type, length, null)
      case 'constant':
        return new ConstantVector(this.vector(type), length)
      case 'bool':
        return new BoolVector(type, length, validity, this.#bytes())
      case 'primitive':
        return new PrimitiveVector(type, length, validity, this.#view(KINDS[tag >>> 16]!) as PrimitiveArray)
      case 'bytes': {
        const offsets = this.#view(Int32Array) as Int32Array
        return new BytesVector(type, length, validity, offsets, this.#bytes())
      }
      case 'dictionary': {
        const sorted = this.#next() === 1
        const codes = this.#view(Uint32Array) as Uint32Array
        return new DictionaryVector(type, length, validity, codes, this.vector(type) as BytesVector, sorted)
      }
      case 'list': {
        const offsets = this.#view(Int32Array) as Int32Array
        return new ListVector(type, length, validity, offsets, this.vector(type.children![0]!.type as DataType))
      }
      case 'struct': {
        const count = this.#next()
        const children = Array.from({ length: count }, (_, i) => this.vector(type.children![i]!.type as DataType))
        return new StructVector(type, length, validity, children)
      }
      default:
        throw internalError(`a packed batch with the encoding ${tag & 0xff}`)
    }
  }

  #next(): number {
    return this.#header[this.#word++]!
  }

  #bytes(): Uint8Array {
    return this.#view(Uint8Array) as Uint8Array
  }

  #view(kind: (typeof KINDS)[number]): PrimitiveArray {
    const bytes = this.#next()
    const view = new kind(
      this.#body.buffer as ArrayBuffer,
      this.#body.byteOffset + this.#at,
      bytes / kind.BYTES_PER_ELEMENT,
    )
    this.#at += aligned(bytes)
    return view as PrimitiveArray
  }
}
