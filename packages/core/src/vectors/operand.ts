import type { BytesVector, ConstantVector, DictionaryVector, EntryUse, PrimitiveVector, Vector } from './vector.ts'

/** 32-bit words of a fixed-width column of 4 bytes a value or more: 2 a row for 64-bit types, 4 for Decimal and Interval. */
export function wordsOf(values: ArrayBufferView): Int32Array {
  return new Int32Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength >>> 2)
}

/**
 * A column with its encoding taken off for kernels: row i is `data` row `i & mask`, or where there are codes, `data` row
 * `codes[i & mask]`. `mask` is 0 for a constant, else -1. `validity` is by `i & mask`.
 */
export class Operand {
  readonly mask: number
  readonly validity: Uint8Array | null
  readonly codes: Uint32Array | null
  readonly data: Vector
  /** `data`'s dictionary is sorted and free of duplicates. */
  readonly sorted: boolean
  /** Which of its entries rows have. */
  readonly use: EntryUse

  constructor(vector: Vector) {
    const constant = vector.encoding === 'constant'
    this.mask = constant ? 0 : -1
    const inner = constant ? (vector as ConstantVector).value : vector
    this.validity = inner.validity
    if (inner.encoding === 'dictionary') {
      const dictionary = inner as DictionaryVector
      this.codes = dictionary.codes
      this.data = dictionary.dictionary
      this.sorted = dictionary.sorted
      this.use = dictionary.use
    } else {
      this.codes = null
      this.data = inner
      this.sorted = false
      this.use = 'some'
    }
  }

  get isConstant(): boolean {
    return this.mask === 0
  }

  /** Whether this is a constant NULL or a column of type Null. */
  get isAlwaysNull(): boolean {
    return this.data.encoding === 'null' || (this.mask === 0 && this.validity !== null && (this.validity[0]! & 1) === 0)
  }

  isValid(row: number): boolean {
    if (this.data.encoding === 'null') return false
    const at = row & this.mask
    return this.validity === null || ((this.validity[at >>> 3]! >>> (at & 7)) & 1) === 1
  }

  /** Row of `data` that row `row` is. */
  at(row: number): number {
    const at = row & this.mask
    return this.codes === null ? at : this.codes[at]!
  }

  get words(): Int32Array {
    return wordsOf((this.data as PrimitiveVector).values)
  }

  get bytes(): BytesVector {
    return this.data as BytesVector
  }
}
