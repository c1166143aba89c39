import { gatherTexts, type Region } from '@volley/kernels'
import { slotsPerRow } from './build.ts'
import { copyBits } from './bitmap.ts'
import type { Selection } from './record-batch.ts'
import { takeVector } from './take.ts'
import {
  BoolVector,
  BytesVector,
  ConstantVector,
  DictionaryVector,
  ListVector,
  NullVector,
  PrimitiveVector,
  StructVector,
  type Vector,
} from './vector.ts'

/** The same rows without dictionary or constant encoding; other vectors as they are. Only selected rows are defined. */
export function flattenVector(vector: Vector, selection: Selection | null, region: Region): Vector {
  if (vector.encoding === 'constant') {
    const rows = region.u32(vector.length).fill(0)
    const { value } = vector as ConstantVector
    return flattenVector(takeVector(value, rows, vector.length, region), selection, region)
  }
  return vector.encoding === 'dictionary' ? flattenDictionary(vector as DictionaryVector, selection, region) : vector
}

function flattenDictionary(vector: DictionaryVector, selection: Selection | null, region: Region): BytesVector {
  const { codes, dictionary, length, validity } = vector
  const wanted = region.u8(length).fill(selection === null ? 1 : 0)
  if (selection !== null) for (let k = 0; k < selection.length; k++) wanted[selection[k]!] = 1
  if (validity !== null) {
    for (let i = 0; i < length; i++) wanted[i]! &= (validity[i >>> 3]! >>> (i & 7)) & 1
  }
  const offsets = region.i32(length + 1)
  let end = 0
  for (let i = 0; i < length; i++) {
    offsets[i] = end
    if (wanted[i] === 1) end += dictionary.offsets[codes[i]! + 1]! - dictionary.offsets[codes[i]!]!
  }
  offsets[length] = end
  const bytes = gatherTexts(dictionary.bytes, dictionary.offsets, codes, length, offsets, region)
  return new BytesVector(vector.type, length, validity, offsets, bytes)
}

/** Rows `start` to `end` (exclusive); shares values, copies bitmaps into the region. */
export function sliceVector(vector: Vector, start: number, end: number, region: Region): Vector {
  const length = end - start
  const { type } = vector
  const validity = sliceBits(vector.validity, start, length, region)
  switch (vector.encoding) {
    case 'null':
      return new NullVector(type, length, null)
    case 'constant':
      return new ConstantVector((vector as ConstantVector).value, length)
    case 'bool':
      return new BoolVector(type, length, validity, sliceBits((vector as BoolVector).bits, start, length, region)!)
    case 'primitive': {
      const { values } = vector as PrimitiveVector
      const slots = slotsPerRow(type)
      return new PrimitiveVector(type, length, validity, values.subarray(start * slots, end * slots))
    }
    case 'bytes': {
      const { offsets, bytes } = vector as BytesVector
      return new BytesVector(type, length, validity, offsets.subarray(start, end + 1), bytes)
    }
    case 'dictionary': {
      const { codes, dictionary, sorted } = vector as DictionaryVector
      return new DictionaryVector(type, length, validity, codes.subarray(start, end), dictionary, sorted)
    }
    case 'list': {
      const { offsets, child } = vector as ListVector
      return new ListVector(type, length, validity, offsets.subarray(start, end + 1), child)
    }
    case 'struct':
      return new StructVector(
        type,
        length,
        validity,
        (vector as StructVector).children.map((child) => sliceVector(child, start, end, region)),
      )
  }
}

function sliceBits(bits: Uint8Array | null, start: number, length: number, region: Region): Uint8Array | null {
  if (bits === null) return null
  if ((start & 7) === 0) return bits.subarray(start >>> 3, (start + length + 7) >>> 3)
  const out = region.bitmap(length, false)
  copyBits(bits, start, length, out, 0)
  return out
}
