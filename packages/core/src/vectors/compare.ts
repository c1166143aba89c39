import { internalError } from '../errors.ts'
import { typeName } from '../types/data-types.ts'
import { compareBytes } from './bytes-kernels.ts'
import { Operand } from './operand.ts'
import type { BoolVector, ListVector, PrimitiveArray, PrimitiveVector, StructVector, Vector } from './vector.ts'

const SIGN = 0x80000000 | 0
const NO_WORDS = new Int32Array(0)
const NO_BYTES = new Uint8Array(0)
const NO_VALUES = new Float64Array(0)

type Kind =
  | 'number'
  | 'int64'
  | 'uint64'
  | 'decimal'
  | 'interval'
  | 'bytes'
  | 'codes'
  | 'bool'
  | 'list'
  | 'struct'
  | 'null'

function kindOf(left: Operand, right: Operand): Kind {
  if (left.data.encoding === 'null' || right.data.encoding === 'null') return 'null'
  switch (left.data.encoding) {
    case 'bool':
      return 'bool'
    case 'bytes':
      return left.sorted && left.data === right.data && left.codes !== null && right.codes !== null ? 'codes' : 'bytes'
    case 'list':
      return 'list'
    case 'struct':
      return 'struct'
    case 'primitive':
      switch (typeName(left.data.type)) {
        case 'Int64':
        case 'Time':
        case 'Timestamp':
          return 'int64'
        case 'Uint64':
          return 'uint64'
        case 'Decimal':
          return 'decimal'
        case 'Interval':
          return 'interval'
        default:
          return 'number'
      }
    default:
      throw internalError(`comparing ${left.data.type}`)
  }
}

/**
 * Compares values of two columns of one type; made once for a pair of columns. NaN equals itself and is above every
 * number, -0 equals 0, text is by bytes, false is before true, intervals are by their length (a month is 30 days), lists
 * are by their items.
 */
export class ColumnComparator {
  readonly left: Operand
  readonly right: Operand
  readonly #kind: Kind
  readonly #leftWords: Int32Array = NO_WORDS
  readonly #rightWords: Int32Array = NO_WORDS
  readonly #leftValues: PrimitiveArray = NO_VALUES
  readonly #rightValues: PrimitiveArray = NO_VALUES
  readonly #leftOffsets: Int32Array = NO_WORDS
  readonly #rightOffsets: Int32Array = NO_WORDS
  readonly #leftBytes: Uint8Array = NO_BYTES
  readonly #rightBytes: Uint8Array = NO_BYTES
  readonly #items: ColumnComparator | null = null
  readonly #fields: readonly ColumnComparator[] = []

  constructor(leftVector: Vector, rightVector: Vector) {
    const left = new Operand(leftVector)
    const right = new Operand(rightVector)
    this.left = left
    this.right = right
    this.#kind = kindOf(left, right)
    switch (this.#kind) {
      case 'number':
        this.#leftValues = (left.data as PrimitiveVector).values
        this.#rightValues = (right.data as PrimitiveVector).values
        break
      case 'bool':
        this.#leftBytes = (left.data as BoolVector).bits
        this.#rightBytes = (right.data as BoolVector).bits
        break
      case 'bytes':
        this.#leftOffsets = left.bytes.offsets
        this.#rightOffsets = right.bytes.offsets
        this.#leftBytes = left.bytes.bytes
        this.#rightBytes = right.bytes.bytes
        break
      case 'list':
        this.#leftOffsets = (left.data as ListVector).offsets
        this.#rightOffsets = (right.data as ListVector).offsets
        this.#items = new ColumnComparator((left.data as ListVector).child, (right.data as ListVector).child)
        break
      case 'struct':
        this.#fields = (left.data as StructVector).children.map(
          (child, i) => new ColumnComparator(child, (right.data as StructVector).children[i]!),
        )
        break
      case 'codes':
      case 'null':
        break
      default:
        this.#leftWords = left.words
        this.#rightWords = right.words
    }
  }

  leftIsNull(row: number): boolean {
    return !this.left.isValid(row)
  }

  rightIsNull(row: number): boolean {
    return !this.right.isValid(row)
  }

  /** Order of two rows that are not NULL: negative, 0 or positive. */
  compareValues(leftRow: number, rightRow: number): number {
    const i = this.left.at(leftRow)
    const j = this.right.at(rightRow)
    switch (this.#kind) {
      case 'number':
        return compareNumbers(this.#leftValues[i] as number, this.#rightValues[j] as number)
      case 'codes':
        return i - j
      case 'int64':
        return compareInt64(this.#leftWords, i, this.#rightWords, j, SIGN)
      case 'uint64':
        return compareInt64(this.#leftWords, i, this.#rightWords, j, 0)
      case 'decimal':
        return compareInt128(this.#leftWords, i, this.#rightWords, j)
      case 'interval':
        return compareIntervals(this.#leftWords, i, this.#rightWords, j)
      case 'bool':
        return ((this.#leftBytes[i >>> 3]! >>> (i & 7)) & 1) - ((this.#rightBytes[j >>> 3]! >>> (j & 7)) & 1)
      case 'bytes':
        return compareBytes(
          this.#leftBytes,
          this.#leftOffsets[i]!,
          this.#leftOffsets[i + 1]!,
          this.#rightBytes,
          this.#rightOffsets[j]!,
          this.#rightOffsets[j + 1]!,
        )
      case 'list':
        return this.#compareLists(i, j)
      case 'struct':
        for (const field of this.#fields) {
          const order = field.compare(i, j)
          if (order !== 0) return order
        }
        return 0
      case 'null':
        return 0
    }
  }

  /** Order of two rows, NULLs equal to each other and after everything. */
  compare(i: number, j: number): number {
    const leftNull = !this.left.isValid(i)
    const rightNull = !this.right.isValid(j)
    if (leftNull || rightNull) return +leftNull - +rightNull
    return this.compareValues(i, j)
  }

  #compareLists(i: number, j: number): number {
    let a = this.#leftOffsets[i]!
    let b = this.#rightOffsets[j]!
    const aEnd = this.#leftOffsets[i + 1]!
    const bEnd = this.#rightOffsets[j + 1]!
    while (a < aEnd && b < bEnd) {
      const order = this.#items!.compare(a++, b++)
      if (order !== 0) return order
    }
    return aEnd - a - (bEnd - b)
  }
}

/** Order of two numbers, NaN above every other and equal to itself, -0 equal to 0. */
export function compareNumbers(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  if (a === b) return 0
  return +(a !== a) - +(b !== b)
}

/** Order of 64-bit integers in words; `flip` is the sign bit for signed ones, 0 for unsigned ones. */
export function compareInt64(a: Int32Array, i: number, b: Int32Array, j: number, flip: number): number {
  const ah = (a[2 * i + 1]! ^ flip) >>> 0
  const bh = (b[2 * j + 1]! ^ flip) >>> 0
  if (ah !== bh) return ah < bh ? -1 : 1
  const al = a[2 * i]! >>> 0
  const bl = b[2 * j]! >>> 0
  return al === bl ? 0 : al < bl ? -1 : 1
}

/** Order of signed 128-bit integers in words. */
export function compareInt128(a: Int32Array, i: number, b: Int32Array, j: number): number {
  const high = a[4 * i + 3]! - b[4 * j + 3]!
  if (high !== 0) return high
  for (let w = 2; w >= 0; w--) {
    const difference = (a[4 * i + w]! >>> 0) - (b[4 * j + w]! >>> 0)
    if (difference !== 0) return difference
  }
  return 0
}

const NANOS_PER_DAY = 86_400_000_000_000n

/** The length of an interval in nanoseconds, a month being 30 days. */
export function intervalLength(words: Int32Array, row: number): bigint {
  const at = row * 4
  const nanos = (BigInt(words[at + 3]!) << 32n) | BigInt(words[at + 2]! >>> 0)
  return (BigInt(words[at]!) * 30n + BigInt(words[at + 1]!)) * NANOS_PER_DAY + nanos
}

export function compareIntervals(a: Int32Array, i: number, b: Int32Array, j: number): number {
  const difference = intervalLength(a, i) - intervalLength(b, j)
  return difference === 0n ? 0 : difference < 0n ? -1 : 1
}

/**
 * Order of two rows' values: negative, 0 or positive; the vectors have one type. NULLs are equal and after everything.
 * For edges and tests: loops make one `ColumnComparator`.
 */
export function compareRows(a: Vector, i: number, b: Vector, j: number): number {
  return new ColumnComparator(a, b).compare(i, j)
}

/** Whether two rows' values are equal, NULL being equal to NULL. */
export function equalRows(a: Vector, i: number, b: Vector, j: number): boolean {
  return compareRows(a, i, b, j) === 0
}

/** Compares rows of two sets of sort-key columns; built once for a pair of batches, not for a row. */
export class RowComparator {
  readonly #columns: readonly ColumnComparator[]
  readonly #signs: Int8Array
  readonly #nullSigns: Int8Array

  constructor(
    left: readonly Vector[],
    right: readonly Vector[],
    keys: readonly { readonly descending: boolean; readonly nullsFirst: boolean }[],
  ) {
    this.#columns = left.map((vector, k) => new ColumnComparator(vector, right[k]!))
    this.#signs = Int8Array.from(keys, (key) => (key.descending ? -1 : 1))
    this.#nullSigns = Int8Array.from(keys, (key) => (key.nullsFirst ? -1 : 1))
  }

  /** Order of row `i` of the left columns and row `j` of the right ones. */
  compare(i: number, j: number): number {
    for (let k = 0; k < this.#columns.length; k++) {
      const column = this.#columns[k]!
      const leftNull = column.leftIsNull(i)
      const rightNull = column.rightIsNull(j)
      if (leftNull || rightNull) {
        if (leftNull !== rightNull) return leftNull ? this.#nullSigns[k]! : -this.#nullSigns[k]!
        continue
      }
      const order = column.compareValues(i, j)
      if (order !== 0) return order * this.#signs[k]!
    }
    return 0
  }
}
