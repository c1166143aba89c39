import type { DataType } from 'apache-arrow'

/**
 * A column of a batch: `length` rows in Arrow's layout, in linear memory.
 *
 * `validity` is a bitmap, least significant bit first, 1 = present; null means that every row is present. What a value
 * slot of a NULL row holds is undefined. A vector does not own memory: it lives as long as the region (of its batch)
 * that it was made in.
 */
export abstract class Vector {
  abstract readonly encoding: 'primitive' | 'bool' | 'bytes' | 'dictionary' | 'constant' | 'list' | 'struct' | 'null'
  readonly type: DataType
  readonly length: number
  readonly validity: Uint8Array | null

  constructor(type: DataType, length: number, validity: Uint8Array | null) {
    this.type = type
    this.length = length
    this.validity = validity
  }

  isValid(row: number): boolean {
    const validity = this.validity
    return validity === null || ((validity[row >>> 3]! >>> (row & 7)) & 1) === 1
  }

  /** Rows `start` (inclusive) to `end` (exclusive). Shares memory where offsets allow it; bitmaps are copied by the caller's region. */
}

export type PrimitiveArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array

/**
 * Fixed-width values: integers, floats, Date (Int32Array of days), Time and Timestamp (BigInt64Array), Decimal
 * (Uint32Array, 4 little-endian words a row, two's complement), Interval (Int32Array, 4 words a row: months, days,
 * nanoseconds low, nanoseconds high).
 */
export class PrimitiveVector extends Vector {
  override readonly encoding = 'primitive'
  readonly values: PrimitiveArray

  constructor(type: DataType, length: number, validity: Uint8Array | null, values: PrimitiveArray) {
    super(type, length, validity)
    this.values = values
  }
}

/** Booleans as a bitmap, least significant bit first. */
export class BoolVector extends Vector {
  override readonly encoding = 'bool'
  readonly bits: Uint8Array

  constructor(type: DataType, length: number, validity: Uint8Array | null, bits: Uint8Array) {
    super(type, length, validity)
    this.bits = bits
  }
}

/**
 * Utf8, Json and Binary: row i is `bytes[offsets[i] .. offsets[i + 1])`. `offsets` has length + 1 entries. Vectors of the
 * same `content`, which is the vector itself unless it is given, have the same rows. Bytes that are given as a function are
 * made when they are first asked for, while the vector's memory lives.
 */
export class BytesVector extends Vector {
  override readonly encoding = 'bytes'
  readonly offsets: Int32Array
  readonly content: object
  #bytes: Uint8Array | null
  readonly #makeBytes: (() => Uint8Array) | null

  constructor(
    type: DataType,
    length: number,
    validity: Uint8Array | null,
    offsets: Int32Array,
    bytes: Uint8Array | (() => Uint8Array),
    content: object | null = null,
  ) {
    super(type, length, validity)
    this.offsets = offsets
    this.#bytes = typeof bytes === 'function' ? null : bytes
    this.#makeBytes = typeof bytes === 'function' ? bytes : null
    this.content = content ?? this
  }

  get bytes(): Uint8Array {
    return (this.#bytes ??= this.#makeBytes!())
  }
}

/** Which entries of a dictionary rows have that are read with it, in this vector and others: each one, most, or some. */
export type EntryUse = 'all' | 'most' | 'some'

/**
 * Utf8 or Binary by code: row i is `dictionary` row `codes[i]`. NULLs are in `validity`, never in the dictionary. The type is that of
 * the values: dictionary encoding is a physical matter that SQL does not see.
 */
export class DictionaryVector extends Vector {
  override readonly encoding = 'dictionary'
  readonly codes: Uint32Array
  readonly dictionary: BytesVector
  /** The dictionary is sorted by bytes and free of duplicates, so that codes compare and group as values do. */
  readonly sorted: boolean
  readonly use: EntryUse

  constructor(
    type: DataType,
    length: number,
    validity: Uint8Array | null,
    codes: Uint32Array,
    dictionary: BytesVector,
    sorted: boolean,
    use: EntryUse = 'some',
  ) {
    super(type, length, validity)
    this.codes = codes
    this.dictionary = dictionary
    this.sorted = sorted
    this.use = use
  }
}

/** The one row of `value` (a vector of length 1, NULL or not), `length` times. `validity` is null or all zero to match. */
export class ConstantVector extends Vector {
  override readonly encoding = 'constant'
  readonly value: Vector

  constructor(value: Vector, length: number) {
    super(value.type, length, null)
    this.value = value
  }

  override isValid(_row: number): boolean {
    return this.value.isValid(0)
  }
}

/** Row i is `child` rows `offsets[i] .. offsets[i + 1])`. */
export class ListVector extends Vector {
  override readonly encoding = 'list'
  readonly offsets: Int32Array
  readonly child: Vector

  constructor(type: DataType, length: number, validity: Uint8Array | null, offsets: Int32Array, child: Vector) {
    super(type, length, validity)
    this.offsets = offsets
    this.child = child
  }
}

/** Row i has the i-th value of each child. A child's value of a NULL row is undefined. */
export class StructVector extends Vector {
  override readonly encoding = 'struct'
  readonly children: readonly Vector[]

  constructor(type: DataType, length: number, validity: Uint8Array | null, children: readonly Vector[]) {
    super(type, length, validity)
    this.children = children
  }
}

/** Type Null: every row is NULL. */
export class NullVector extends Vector {
  override readonly encoding = 'null'

  override isValid(_row: number): boolean {
    return false
  }
}
