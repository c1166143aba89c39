import { gatherTexts, gatherWords, type Region } from '@volley/kernels'
import { allocValues } from './build.ts'
import { gatherBits } from './bitmap.ts'
import { wordsOf } from './operand.ts'
import { allRows } from './selection.ts'
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

/** In a list of rows: the row that is not there, which is taken as NULL. */
export const NO_ROW = 0xffffffff

/**
 * A dense copy: row k of the result is row `rows[k]` of the vector (row k, when `rows` is null), for k below `count`;
 * `NO_ROW` gives NULL. Dictionaries stay dictionaries (and share their values, so the result's region must outlive or
 * depend on the vector's), constants stay constants where no row is missing.
 */
export function takeVector(vector: Vector, rows: Uint32Array | null, count: number, region: Region): Vector {
  const list = rows ?? allRows(count)
  const missing = rows !== null && hasMissing(rows, count)
  if (vector.encoding === 'null') return new NullVector(vector.type, count, null)
  if (vector.encoding === 'constant') return takeConstant(vector as ConstantVector, list, count, missing, region)
  const validity = missing
    ? presentBits(vector.validity, list, count, region)
    : vector.validity === null
      ? null
      : gatherBits(vector.validity, list, count, region)
  switch (vector.encoding) {
    case 'bool':
      return new BoolVector(vector.type, count, validity, gatherBits((vector as BoolVector).bits, list, count, region))
    case 'primitive': {
      const out = allocValues(vector.type, count, region)
      const { values } = vector as PrimitiveVector
      if (rows === null) asBytes(out).set(asBytes(values).subarray(0, out.byteLength))
      else gatherValues(values, vector.length, list, count, out)
      return new PrimitiveVector(vector.type, count, validity, out)
    }
    case 'bytes': {
      const { offsets, bytes } = vector as BytesVector
      return takeBytes(vector as BytesVector, offsets, bytes, list, count, validity, region)
    }
    case 'dictionary': {
      const { codes, dictionary, sorted } = vector as DictionaryVector
      const out = region.u32(count)
      gatherWords(wordsOf(codes), vector.length, list, count, 1, wordsOf(out))
      return new DictionaryVector(vector.type, count, validity, out, dictionary, sorted)
    }
    case 'list':
      return takeList(vector as ListVector, list, count, validity, region)
    case 'struct':
      return new StructVector(
        vector.type,
        count,
        validity,
        (vector as StructVector).children.map((child) => takeVector(child, list, count, region)),
      )
  }
}

function hasMissing(rows: Uint32Array, count: number): boolean {
  for (let k = 0; k < count; k++) if (rows[k] === NO_ROW) return true
  return false
}

function presentBits(validity: Uint8Array | null, rows: Uint32Array, count: number, region: Region): Uint8Array {
  const out = region.bitmap(count, false)
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    if (row === NO_ROW) continue
    const bit = validity === null ? 1 : (validity[row >>> 3]! >>> (row & 7)) & 1
    out[k >>> 3]! |= bit << (k & 7)
  }
  return out
}

function takeConstant(
  vector: ConstantVector,
  rows: Uint32Array,
  count: number,
  missing: boolean,
  region: Region,
): Vector {
  const value = takeVector(vector.value, null, 1, region)
  if (!missing) return new ConstantVector(value, count)
  const zeros = region.u32(count)
  for (let k = 0; k < count; k++) zeros[k] = rows[k] === NO_ROW ? NO_ROW : 0
  return takeVector(value, zeros, count, region)
}

function gatherValues(
  values: ArrayBufferView,
  length: number,
  rows: Uint32Array,
  count: number,
  out: ArrayBufferView,
): void {
  const width = count === 0 ? 0 : out.byteLength / count
  if (width === 1) gather8(asBytes(values), length, rows, count, asBytes(out))
  else if (width === 2) gather16(asHalves(values), length, rows, count, asHalves(out))
  else if (width > 2) gatherWords(wordsOf(values), length, rows, count, (width >> 2) as 1 | 2 | 4, wordsOf(out))
}

function asBytes(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength)
}

function asHalves(view: ArrayBufferView): Uint16Array {
  return new Uint16Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength >>> 1)
}

function gather8(values: Uint8Array, length: number, rows: Uint32Array, count: number, out: Uint8Array): void {
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    out[k] = row < length ? values[row]! : 0
  }
}

function gather16(values: Uint16Array, length: number, rows: Uint32Array, count: number, out: Uint16Array): void {
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    out[k] = row < length ? values[row]! : 0
  }
}

function takeBytes(
  vector: BytesVector,
  offsets: Int32Array,
  bytes: Uint8Array,
  rows: Uint32Array,
  count: number,
  validity: Uint8Array | null,
  region: Region,
): BytesVector {
  const out = region.i32(count + 1)
  let end = 0
  for (let k = 0; k < count; k++) {
    out[k] = end
    // What a NULL row holds is undefined, so only present rows have bytes.
    if (validity === null || ((validity[k >>> 3]! >>> (k & 7)) & 1) === 1) {
      const row = rows[k]!
      end += offsets[row + 1]! - offsets[row]!
    }
  }
  out[count] = end
  const copied = gatherTexts(bytes, offsets, rows, count, out, region)
  return new BytesVector(vector.type, count, validity, out, copied)
}

/** Copies a short run of bytes; a call of `set` costs more than 32 bytes moved one by one. */
export function copyBytes(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): void {
  if (length > 32) {
    to.set(from.subarray(start, start + length), at)
    return
  }
  for (let i = 0; i < length; i++) to[at + i] = from[start + i]!
}

function takeList(
  vector: ListVector,
  rows: Uint32Array,
  count: number,
  validity: Uint8Array | null,
  region: Region,
): ListVector {
  const { offsets, child } = vector
  const out = region.i32(count + 1)
  let total = 0
  for (let k = 0; k < count; k++) {
    out[k] = total
    if (validity === null || ((validity[k >>> 3]! >>> (k & 7)) & 1) === 1) {
      total += offsets[rows[k]! + 1]! - offsets[rows[k]!]!
    }
  }
  out[count] = total
  const childRows = region.u32(total)
  for (let k = 0; k < count; k++) {
    const shift = offsets[rows[k]!]! - out[k]!
    for (let i = out[k]!; i < out[k + 1]!; i++) childRows[i] = i + shift
  }
  return new ListVector(vector.type, count, validity, out, takeVector(child, childRows, total, region))
}
