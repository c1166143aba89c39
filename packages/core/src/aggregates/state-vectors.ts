import { writeIntegers, type Region } from '@volley/kernels'
import { FLOAT64, INT64 } from '../types/type-factory.ts'
import { Operand, wordsOf } from '../vectors/operand.ts'
import { PrimitiveVector, type Vector } from '../vectors/vector.ts'

/** A column of whole numbers below 2^53. */
export function int64Vector(values: Float64Array, length: number, region: Region): Vector {
  const out = region.i64(length)
  if (length <= values.length && writeIntegers(values, length, out))
    return new PrimitiveVector(INT64, length, null, out)
  const words = wordsOf(out)
  for (let i = 0; i < length; i++) {
    const value = i < values.length ? values[i]! : 0
    words[2 * i] = value | 0
    // The low word above took the value modulo 2^32.
    words[2 * i + 1] = Math.floor(value / 4294967296)
  }
  return new PrimitiveVector(INT64, length, null, out)
}

/** The number in two words, exact below 2^53. */
export function int64At(words: Int32Array, row: number): number {
  return words[2 * row + 1]! * 4294967296 + (words[2 * row]! >>> 0)
}

export function float64Vector(
  values: Float64Array,
  length: number,
  validity: Uint8Array | null,
  region: Region,
): Vector {
  const out = region.f64(length)
  out.set(values.subarray(0, length))
  return new PrimitiveVector(FLOAT64, length, validity, out)
}

/** A bitmap of the bytes that are not 0; null when all are. */
export function bitmapOf(flags: Uint8Array, length: number, region: Region): Uint8Array | null {
  let missing = false
  for (let i = 0; i < length && !missing; i++) missing = flags[i] === 0 || i >= flags.length
  if (!missing) return null
  const bits = region.bitmap(length, false)
  for (let i = 0; i < length && i < flags.length; i++) bits[i >>> 3]! |= (flags[i] === 0 ? 0 : 1) << (i & 7)
  return bits
}

/** The Float64 values under an operand. */
export function floatsOf(operand: Operand): Float64Array {
  return (operand.data as PrimitiveVector).values as Float64Array
}
