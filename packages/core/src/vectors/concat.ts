import type { Region } from '@volley/kernels'
import { internalError } from '../errors.ts'
import { allocValues, slotsPerRow } from './build.ts'
import { copyBits } from './bitmap.ts'
import { flattenVector, sliceVector } from './flatten.ts'
import {
  BoolVector,
  BytesVector,
  DictionaryVector,
  ListVector,
  NullVector,
  PrimitiveVector,
  StructVector,
  type Vector,
} from './vector.ts'

/** All rows of the vectors (of one type), one after the other. Vectors that share one dictionary keep it. */
export function concatVectors(vectors: readonly Vector[], region: Region): Vector {
  const first = vectors[0]
  if (first === undefined) throw internalError('concatenating no vectors')
  const length = vectors.reduce((sum, vector) => sum + vector.length, 0)
  if (sharedDictionary(vectors)) return concatDictionaries(vectors as readonly DictionaryVector[], length, region)
  const flat = vectors.map((vector) => flattenVector(vector, null, region))
  const validity = concatValidity(flat, length, region)
  const { type } = first
  switch (flat[0]!.encoding) {
    case 'null':
      return new NullVector(type, length, null)
    case 'bool': {
      const bits = region.bitmap(length, false)
      let at = 0
      for (const vector of flat as BoolVector[]) {
        copyBits(vector.bits, 0, vector.length, bits, at)
        at += vector.length
      }
      return new BoolVector(type, length, validity, bits)
    }
    case 'primitive': {
      const values = allocValues(type, length, region)
      const slots = slotsPerRow(type)
      let at = 0
      for (const vector of flat as PrimitiveVector[]) {
        ;(values as Float64Array).set(vector.values.subarray(0, vector.length * slots) as Float64Array, at)
        at += vector.length * slots
      }
      return new PrimitiveVector(type, length, validity, values)
    }
    case 'bytes':
      return concatBytes(flat as BytesVector[], length, validity, region)
    case 'list':
      return concatLists(flat as ListVector[], length, validity, region)
    case 'struct':
      return new StructVector(
        type,
        length,
        validity,
        (flat[0] as StructVector).children.map((_, i) =>
          concatVectors(
            flat.map((vector) => (vector as StructVector).children[i]!),
            region,
          ),
        ),
      )
    default:
      throw internalError(`concatenating ${type}`)
  }
}

function sharedDictionary(vectors: readonly Vector[]): boolean {
  const first = vectors[0]!
  if (first.encoding !== 'dictionary') return false
  const { dictionary } = first as DictionaryVector
  return vectors.every((v) => v.encoding === 'dictionary' && (v as DictionaryVector).dictionary === dictionary)
}

function concatDictionaries(vectors: readonly DictionaryVector[], length: number, region: Region): DictionaryVector {
  const codes = region.u32(length)
  let at = 0
  for (const vector of vectors) {
    codes.set(vector.codes.subarray(0, vector.length), at)
    at += vector.length
  }
  const { type, dictionary, sorted } = vectors[0]!
  return new DictionaryVector(type, length, concatValidity(vectors, length, region), codes, dictionary, sorted)
}

function concatValidity(vectors: readonly Vector[], length: number, region: Region): Uint8Array | null {
  if (vectors.every((vector) => vector.validity === null)) return null
  const bits = region.bitmap(length, false)
  let at = 0
  for (const vector of vectors) {
    if (vector.validity !== null) copyBits(vector.validity, 0, vector.length, bits, at)
    else for (let i = at; i < at + vector.length; i++) bits[i >>> 3]! |= 1 << (i & 7)
    at += vector.length
  }
  return bits
}

function concatBytes(
  vectors: readonly BytesVector[],
  length: number,
  validity: Uint8Array | null,
  region: Region,
): BytesVector {
  const offsets = region.i32(length + 1)
  let total = 0
  for (const vector of vectors) total += vector.offsets[vector.length]! - vector.offsets[0]!
  const bytes = region.u8(total)
  let row = 0
  let end = 0
  for (const vector of vectors) {
    const start = vector.offsets[0]!
    const last = vector.offsets[vector.length]!
    bytes.set(vector.bytes.subarray(start, last), end)
    for (let i = 0; i < vector.length; i++) offsets[row + i] = vector.offsets[i]! - start + end
    row += vector.length
    end += last - start
  }
  offsets[length] = end
  return new BytesVector(vectors[0]!.type, length, validity, offsets, bytes)
}

function concatLists(
  vectors: readonly ListVector[],
  length: number,
  validity: Uint8Array | null,
  region: Region,
): ListVector {
  const offsets = region.i32(length + 1)
  let row = 0
  let base = 0
  const children: Vector[] = []
  for (const vector of vectors) {
    const start = vector.offsets[0]!
    const end = vector.offsets[vector.length]!
    for (let i = 0; i < vector.length; i++) offsets[row + i] = vector.offsets[i]! - start + base
    children.push(sliceVector(vector.child, start, end, region))
    row += vector.length
    base += end - start
  }
  offsets[length] = base
  return new ListVector(vectors[0]!.type, length, validity, offsets, concatVectors(children, region))
}
