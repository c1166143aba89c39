import {
  BoolVector,
  ConstantVector,
  NullVector,
  PrimitiveVector,
  sortWords,
  typeName,
  vectorOf,
  type ScalarValue,
  type Vector,
} from '@volley/core'
import type { Region } from '@volley/kernels'
import type { DataType } from 'apache-arrow'

const SIGN = 0x80000000

/** One key of a top k: a column of the source, and its order. */
export interface TopKey {
  /** Position among the source's own columns. */
  readonly column: number
  readonly descending: boolean
  readonly nullsFirst: boolean
}

/** Words of a key of this type, presence first; null where words do not hold its order. Text counts by its ordinals. */
export function wordsPerKey(type: DataType): number | null {
  switch (typeName(type)) {
    case 'Bool':
    case 'Utf8':
      return 2
    case 'Int64':
    case 'Uint64':
    case 'Float64':
    case 'Timestamp':
      return 3
    default:
      return null
  }
}

/**
 * A column as unsigned words that order as the key does, `wordsPerKey` of them; null when this encoding has none. A text
 * column is given as ordinals.
 */
export function keyWords(column: Vector, key: TopKey, count: number, region: Region): Uint32Array[] | null {
  const { length } = column
  if (column instanceof NullVector || column instanceof ConstantVector) {
    // One value all over, such as the name of the index, ties.
    return alike(key, column instanceof ConstantVector && column.isValid(0), count, length)
  }
  const { words, exact } = sortWords([withValidity(column, region)], [key], length)
  if (!exact) return null
  // Of a column that is NULL all over there are no words: its rows are alike, and are where NULLs go.
  if (words.length === 0) return alike(key, false, count, length)
  return words.length === count ? [...words] : null
}

/** The words of one value. */
export function wordsOfValue(
  value: ScalarValue,
  type: DataType,
  key: TopKey,
  count: number,
  region: Region,
): number[] | null {
  const words = keyWords(vectorOf(type, [value], region), key, count, region)
  return words?.map((word) => word[0]!) ?? null
}

/** The value that leading words of `keyWords` are of; null where they do not tell. */
export function valueOfWords(words: Uint32Array, type: DataType, key: TopKey): ScalarValue {
  const flip = key.descending ? 0xffffffff : 0
  const [high, low] = [(words[1]! ^ flip) >>> 0, (words[2]! ^ flip) >>> 0]
  const name = typeName(type)
  if (name === 'Uint64') return joined(high, low)
  if (name === 'Int64' || name === 'Timestamp') return BigInt.asIntN(64, joined((high ^ SIGN) >>> 0, low))
  if (name !== 'Float64') return null
  const negative = high < SIGN
  const bits = new DataView(new ArrayBuffer(8))
  bits.setUint32(0, negative ? ~high : high ^ SIGN)
  bits.setUint32(4, negative ? ~low : low)
  const value = bits.getFloat64(0)
  return Number.isNaN(value) ? null : value
}

function joined(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low)
}

function alike({ nullsFirst }: TopKey, present: boolean, count: number, length: number): Uint32Array[] {
  const words = Array.from({ length: count }, () => new Uint32Array(length))
  words[0]!.fill(+(present === nullsFirst))
  return words
}

function withValidity(column: Vector, region: Region): Vector {
  if (column.validity !== null) return column
  const bits = region.bitmap(column.length, true)
  if (column instanceof PrimitiveVector) return new PrimitiveVector(column.type, column.length, bits, column.values)
  if (column instanceof BoolVector) return new BoolVector(column.type, column.length, bits, column.bits)
  return column
}
