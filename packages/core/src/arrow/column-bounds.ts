import { typeName } from '../types/data-types.ts'
import { PrimitiveVector, type Vector } from '../vectors/vector.ts'

/** Rows of which bounds are known together. */
export const BLOCK_ROWS = 16_384
/** Integers up to here are exact as numbers. */
const EXACT = 2 ** 53

/** Least and greatest value of each block of rows of a column that has no NULLs. */
export interface ColumnBounds {
  readonly least: Float64Array
  readonly greatest: Float64Array
}

/** Bounds of whole numbers, dates and timestamps; null for other types, with NULLs, and where a number is not exact as a double. */
export function boundsOf(vector: Vector): ColumnBounds | null {
  if (!(vector instanceof PrimitiveVector) || vector.validity !== null) return null
  switch (typeName(vector.type)) {
    case 'Int8':
    case 'Int16':
    case 'Int32':
    case 'Date':
      return boundsBy(vector.length, (start, end, out) => boundsOfNumbers(vector.values as Int32Array, start, end, out))
    case 'Int64':
    case 'Timestamp': {
      const { values } = vector
      const words = new Int32Array(values.buffer as ArrayBuffer, values.byteOffset, values.length * 2)
      return boundsBy(vector.length, (start, end, out) => boundsOfWords(words, start, end, out))
    }
    default:
      return null
  }
}

function boundsBy(
  length: number,
  read: (start: number, end: number, out: [number, number]) => void,
): ColumnBounds | null {
  const count = Math.ceil(length / BLOCK_ROWS)
  const [least, greatest] = [new Float64Array(count), new Float64Array(count)]
  const out: [number, number] = [0, 0]
  for (let block = 0; block < count; block++) {
    read(block * BLOCK_ROWS, Math.min(length, (block + 1) * BLOCK_ROWS), out)
    if (out[0] < -EXACT || out[1] > EXACT) return null
    least[block] = out[0]
    greatest[block] = out[1]
  }
  return { least, greatest }
}

/** Writes the least and the greatest of some numbers, `start` to `end` (exclusive), to `out`; of none, Infinity and -Infinity. */
export function boundsOfNumbers(
  values: Int8Array | Int16Array | Int32Array,
  start: number,
  end: number,
  out: [least: number, greatest: number],
): void {
  let least = Infinity
  let greatest = -Infinity
  for (let i = start; i < end; i++) {
    const value = values[i]!
    if (value < least) least = value
    if (value > greatest) greatest = value
  }
  out[0] = least
  out[1] = greatest
}

/** The same of integers of 64 bits, in two words each: as doubles, so that those beyond 2^53 are rounded. */
export function boundsOfWords(
  words: Int32Array,
  start: number,
  end: number,
  out: [least: number, greatest: number],
): void {
  let least = Infinity
  let greatest = -Infinity
  for (let i = start; i < end; i++) {
    const value = words[2 * i + 1]! * 4294967296 + (words[2 * i]! >>> 0)
    if (value < least) least = value
    if (value > greatest) greatest = value
  }
  out[0] = least
  out[1] = greatest
}

/** Least and greatest value of the blocks that rows `start` to `end` (exclusive) are in. */
export function rangeIn(
  { least, greatest }: ColumnBounds,
  start: number,
  end: number,
): readonly [low: number, high: number] {
  let block = Math.floor(start / BLOCK_ROWS)
  let [low, high] = [least[block]!, greatest[block]!]
  for (block++; block * BLOCK_ROWS < end; block++) {
    low = Math.min(low, least[block]!)
    high = Math.max(high, greatest[block]!)
  }
  return [low, high]
}
