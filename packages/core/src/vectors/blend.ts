import type { DataType } from 'apache-arrow'
import { gatherTexts, type Region } from '@volley/kernels'
import { internalError } from '../errors.ts'
import { allocValues, constantVector } from './build.ts'
import { compareBytes } from './bytes-kernels.ts'
import { concatVectors } from './concat.ts'
import { Operand, wordsOf } from './operand.ts'
import type { Selection } from './record-batch.ts'
import { copyBytes, NO_ROW, takeVector } from './take.ts'
import {
  BoolVector,
  BytesVector,
  DictionaryVector,
  PrimitiveVector,
  type DictionaryVector as Dictionary,
  type ListVector,
  type Vector,
} from './vector.ts'

/** A vector, and the rows of the result that it gives; row numbers are the same on both sides. */
export interface BlendPart {
  readonly rows: Selection
  readonly vector: Vector
}

/** One vector of several: each row from the part that lists it; NULL where none does. Parts are disjoint. */
export function blendVectors(type: DataType, length: number, parts: readonly BlendPart[], region: Region): Vector {
  if (parts.length === 0) return constantVector(type, null, length, region)
  if (parts.length === 1 && parts[0]!.rows.length === length) return parts[0]!.vector
  const operands = parts.map((part) => new Operand(part.vector))
  const validity = allPresent(length, parts, operands) ? null : blendValidity(length, parts, operands, region)
  const first = operands.find((operand) => operand.data.encoding !== 'null')
  if (first === undefined) return constantVector(type, null, length, region)
  switch (first.data.encoding) {
    case 'bool': {
      const bits = region.bitmap(length, false)
      parts.forEach((part, p) => {
        if (operands[p]!.data.encoding === 'bool') blendBits(operands[p]!, part.rows, bits)
      })
      return new BoolVector(type, length, validity, bits)
    }
    case 'primitive': {
      const values = allocValues(type, length, region)
      parts.forEach((part, p) => {
        const operand = operands[p]!
        if (operand.data.encoding !== 'primitive') return
        const from = (operand.data as PrimitiveVector).values
        const width = values.byteLength / length
        if (width < 4) blendSmall(from as Uint8Array, operand.mask, part.rows, values as Uint8Array)
        else blendWords(wordsOf(from), operand.mask, part.rows, width >>> 2, wordsOf(values))
      })
      return new PrimitiveVector(type, length, validity, values)
    }
    case 'bytes':
      return (
        blendCodes(type, length, parts, operands, validity, region) ??
        blendBytes(type, length, parts, operands, validity, region)
      )
    case 'list':
    case 'struct':
      return blendByTaking(length, parts, region)
    default:
      throw internalError(`blending ${type}`)
  }
}

function blendValidity(
  length: number,
  parts: readonly BlendPart[],
  operands: readonly Operand[],
  region: Region,
): Uint8Array {
  const bits = region.bitmap(length, false)
  parts.forEach((part, p) => {
    const operand = operands[p]!
    for (let k = 0; k < part.rows.length; k++) {
      const row = part.rows[k]!
      bits[row >>> 3]! |= +operand.isValid(row) << (row & 7)
    }
  })
  return bits
}

function blendBits(operand: Operand, rows: Selection, out: Uint8Array): void {
  const { bits } = operand.data as BoolVector
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const at = row & operand.mask
    out[row >>> 3]! |= ((bits[at >>> 3]! >>> (at & 7)) & 1) << (row & 7)
  }
}

function blendSmall(from: Uint8Array, mask: number, rows: Selection, out: Uint8Array): void {
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    out[row] = from[row & mask]!
  }
}

function blendWords(from: Int32Array, mask: number, rows: Selection, words: number, out: Int32Array): void {
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const at = (row & mask) * words
    for (let w = 0; w < words; w++) out[row * words + w] = from[at + w]!
  }
}

/** Codes of the dictionary that all parts share but for constants that it has, or that are empty; null for other parts. */
function blendCodes(
  type: DataType,
  length: number,
  parts: readonly BlendPart[],
  operands: readonly Operand[],
  validity: Uint8Array | null,
  region: Region,
): DictionaryVector | null {
  const first = operands.find(({ codes, isConstant }) => codes !== null && !isConstant)
  if (first === undefined) return null
  const { dictionary, sorted, use } = parts[operands.indexOf(first)]!.vector as Dictionary
  // Rows of other parts may be the only ones of an entry.
  const used = use === 'some' ? 'some' : 'most'
  const constants: (number | null)[] = []
  let extended = false
  for (const operand of operands) {
    if (!operand.isConstant && !operand.isAlwaysNull) {
      if (operand.codes === null || operand.bytes !== dictionary) return null
      constants.push(null)
      continue
    }
    const code = operand.isAlwaysNull ? 0 : codeOf(operand, dictionary, sorted)
    if (code === null) return null
    extended ||= code === dictionary.length
    constants.push(code)
  }
  const codes = region.u32(length).fill(0)
  for (const [p, { rows }] of parts.entries()) {
    const from = operands[p]!.codes
    const constant = constants[p]
    if (constant !== null) for (let k = 0; k < rows.length; k++) codes[rows[k]!] = constant!
    else for (let k = 0; k < rows.length; k++) codes[rows[k]!] = from![rows[k]!]!
  }
  if (!extended) return new DictionaryVector(type, length, validity, codes, dictionary, sorted, used)
  return new DictionaryVector(type, length, validity, codes, withEmpty(dictionary, region), false, used)
}

/** Where a dictionary has a constant, or, for the empty text, would have it behind its last entry; null where it has not. */
function codeOf(operand: Operand, { length, offsets, bytes }: BytesVector, sorted: boolean): number | null {
  const at = operand.at(0)
  const own = operand.bytes
  const [start, end] = [own.offsets[at]!, own.offsets[at + 1]!]
  if (!sorted) return start === end ? length : null
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareBytes(bytes, offsets[middle]!, offsets[middle + 1]!, own.bytes, start, end) < 0) low = middle + 1
    else high = middle
  }
  if (low < length && compareBytes(bytes, offsets[low]!, offsets[low + 1]!, own.bytes, start, end) === 0) return low
  return start === end ? length : null
}

/** What dictionaries with an empty text behind them are of, by what they are of. */
const extendedContents = new WeakMap<object, object>()

function withEmpty(dictionary: BytesVector, region: Region): BytesVector {
  const { type, length, bytes, content } = dictionary
  const offsets = region.i32(length + 2)
  offsets.set(dictionary.offsets.subarray(0, length + 1))
  offsets[length + 1] = offsets[length]!
  let extended = extendedContents.get(content)
  if (extended === undefined) extendedContents.set(content, (extended = {}))
  return new BytesVector(type, length + 1, null, offsets, bytes, extended)
}

function allPresent(length: number, parts: readonly BlendPart[], operands: readonly Operand[]): boolean {
  let rows = 0
  for (const [p, operand] of operands.entries()) {
    if (operand.isAlwaysNull || (!operand.isConstant && operand.validity !== null)) return false
    rows += parts[p]!.rows.length
  }
  return rows === length
}

function blendBytes(
  type: DataType,
  length: number,
  parts: readonly BlendPart[],
  operands: readonly Operand[],
  validity: Uint8Array | null,
  region: Region,
): BytesVector {
  const part = region.i32(length).fill(-1)
  parts.forEach(({ rows }, p) => {
    for (let k = 0; k < rows.length; k++) part[rows[k]!] = p
  })
  const offsets = region.i32(length + 1)
  const places = region.u32(length).fill(0)
  let end = 0
  // The operand that all texts are of that are not empty; null before the first.
  let source: Operand | null = null
  let isMixed = false
  for (let row = 0; row < length; row++) {
    offsets[row] = end
    if (validity !== null && ((validity[row >>> 3]! >>> (row & 7)) & 1) === 0) continue
    const operand = operands[part[row]!]!
    const at = operand.at(row)
    const size = operand.bytes.offsets[at + 1]! - operand.bytes.offsets[at]!
    if (size === 0) continue
    places[row] = at
    end += size
    isMixed ||= source !== null && source !== operand
    source = operand
  }
  offsets[length] = end
  if (source !== null && !isMixed) {
    const { bytes, offsets: from } = source.bytes
    return new BytesVector(type, length, validity, offsets, gatherTexts(bytes, from, places, length, offsets, region))
  }
  const bytes = region.u8(end)
  for (let row = 0; row < length; row++) {
    const size = offsets[row + 1]! - offsets[row]!
    if (size === 0) continue
    const operand = operands[part[row]!]!
    copyBytes(operand.bytes.bytes, operand.bytes.offsets[operand.at(row)]!, size, bytes, offsets[row]!)
  }
  return new BytesVector(type, length, validity, offsets, bytes)
}

function blendByTaking(length: number, parts: readonly BlendPart[], region: Region): Vector {
  const lists = parts.filter((part) => new Operand(part.vector).data.encoding !== 'null')
  const rows = region.u32(length).fill(NO_ROW)
  let base = 0
  const taken = lists.map((part) => {
    for (let k = 0; k < part.rows.length; k++) rows[part.rows[k]!] = base + k
    base += part.rows.length
    return takeVector(part.vector, part.rows, part.rows.length, region)
  })
  return takeVector(concatVectors(taken, region), rows, length, region) as ListVector
}
