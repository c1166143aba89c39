import { internalError } from '../errors.ts'
import { typeName } from '../types/data-types.ts'
import { intervalLength } from './compare.ts'
import { Operand } from './operand.ts'
import type { Selection } from './record-batch.ts'
import { allRows } from './selection.ts'
import type { BoolVector, ListVector, PrimitiveArray, PrimitiveVector, StructVector, Vector } from './vector.ts'

const NULL_HASH = 0x6e756c6c

/**
 * Hashes the selected rows: `out[k]` is the hash of the k-th selected row (row k, when all are). With `combine`, it is
 * mixed into what `out[k]` held, for keys of several columns. Equal values hash alike whatever their encoding, on every
 * machine: -0 as 0, every NaN alike, NULL as one value; an integer alike in every width.
 */
export function hashVector(vector: Vector, selection: Selection | null, out: Uint32Array, combine: boolean): void {
  const rows = selection ?? allRows(vector.length)
  const operand = new Operand(vector)
  const hashes = combine ? new Uint32Array(rows.length) : out
  if (operand.data.encoding === 'null') hashes.fill(NULL_HASH, 0, rows.length)
  else if (operand.isConstant) hashes.fill(hashOne(operand), 0, rows.length)
  else if (operand.codes !== null) hashCodes(operand, rows, hashes)
  else hashRows(operand.data, rows, rows.length, hashes)
  if (!operand.isConstant && operand.validity !== null) hashNulls(operand.validity, rows, hashes)
  if (combine) for (let k = 0; k < rows.length; k++) out[k] = combineHashes(out[k]!, hashes[k]!)
}

/** Mixes the hash of one more column into a hash. */
export function combineHashes(hash: number, next: number): number {
  return finish(Math.imul(hash, 31) ^ next)
}

function hashOne(operand: Operand): number {
  if (!operand.isValid(0)) return NULL_HASH
  const out = new Uint32Array(1)
  hashRows(operand.data, Uint32Array.of(operand.at(0)), 1, out)
  return out[0]!
}

/** Hashes each dictionary entry once where there are few, else each row's bytes. */
function hashCodes(operand: Operand, rows: Uint32Array, out: Uint32Array): void {
  const codes = operand.codes!
  const entries = operand.data.length
  if (entries > 2 * rows.length) {
    const entryRows = new Uint32Array(rows.length)
    for (let k = 0; k < rows.length; k++) entryRows[k] = operand.isValid(rows[k]!) ? codes[rows[k]!]! : 0
    if (entries > 0) hashRows(operand.data, entryRows, rows.length, out)
    return
  }
  const hashes = new Uint32Array(entries)
  hashRows(operand.data, allRows(entries), entries, hashes)
  for (let k = 0; k < rows.length; k++) out[k] = hashes[codes[rows[k]!]!]!
}

function hashNulls(validity: Uint8Array, rows: Uint32Array, out: Uint32Array): void {
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    if (((validity[row >>> 3]! >>> (row & 7)) & 1) === 0) out[k] = NULL_HASH
  }
}

function hashRows(data: Vector, rows: Uint32Array, count: number, out: Uint32Array): void {
  switch (data.encoding) {
    case 'bool':
      return hashBits((data as BoolVector).bits, rows, count, out)
    case 'bytes': {
      const operand = new Operand(data)
      return hashBytesRows(operand.bytes.offsets, operand.bytes.bytes, rows, count, out)
    }
    case 'list':
      return hashLists(data as ListVector, rows, count, out)
    case 'struct':
      out.fill(0, 0, count)
      for (const child of (data as StructVector).children) hashVector(child, rows.subarray(0, count), out, true)
      return
    case 'primitive':
      return hashPrimitives(data as PrimitiveVector, rows, count, out)
    default:
      throw internalError(`hashing ${data.type}`)
  }
}

function hashPrimitives(data: PrimitiveVector, rows: Uint32Array, count: number, out: Uint32Array): void {
  switch (typeName(data.type)) {
    case 'Float32':
    case 'Float64':
      return hashFloats(data.values as Float64Array, rows, count, out)
    case 'Int64':
    case 'Uint64':
    case 'Time':
    case 'Timestamp':
      return hashInt64(new Operand(data).words, rows, count, out)
    case 'Decimal':
      return hashInt128(new Operand(data).words, rows, count, out)
    case 'Interval':
      return hashIntervals(new Operand(data).words, rows, count, out)
    default:
      return hashIntegers(data.values, rows, count, out)
  }
}

function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** MurmurHash3's step for one 32-bit word. */
function mix(h: number, word: number): number {
  word = Math.imul(word, 0xcc9e2d51)
  word = Math.imul((word << 15) | (word >>> 17), 0x1b873593)
  h ^= word
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

function hashWords(low: number, high: number): number {
  return finish(mix(mix(0, low), high))
}

function hashBits(bits: Uint8Array, rows: Uint32Array, count: number, out: Uint32Array): void {
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    out[k] = hashWords((bits[row >>> 3]! >>> (row & 7)) & 1, 0)
  }
}

function hashIntegers(values: PrimitiveArray, rows: Uint32Array, count: number, out: Uint32Array): void {
  const signed = values instanceof Int32Array || values instanceof Int16Array || values instanceof Int8Array
  for (let k = 0; k < count; k++) {
    const value = values[rows[k]!] as number
    out[k] = hashWords(value | 0, signed && value < 0 ? -1 : 0)
  }
}

function hashInt64(words: Int32Array, rows: Uint32Array, count: number, out: Uint32Array): void {
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    out[k] = hashWords(words[row << 1]!, words[(row << 1) + 1]!)
  }
}

function hashInt128(words: Int32Array, rows: Uint32Array, count: number, out: Uint32Array): void {
  for (let k = 0; k < count; k++) {
    const at = rows[k]! * 4
    out[k] = finish(mix(mix(mix(mix(0, words[at]!), words[at + 1]!), words[at + 2]!), words[at + 3]!))
  }
}

const floatScratch = new Float64Array(1)
const floatWords = new Int32Array(floatScratch.buffer)

function hashFloats(values: Float64Array, rows: Uint32Array, count: number, out: Uint32Array): void {
  for (let k = 0; k < count; k++) {
    const value = values[rows[k]!]!
    // Adding 0 turns -0 into 0; every NaN becomes the one that the constant is.
    floatScratch[0] = value === value ? value + 0 : Number.NaN
    out[k] = value === value ? hashWords(floatWords[0]!, floatWords[1]!) : hashWords(0, 0x7ff80000)
  }
}

function hashIntervals(words: Int32Array, rows: Uint32Array, count: number, out: Uint32Array): void {
  for (let k = 0; k < count; k++) {
    const length = intervalLength(words, rows[k]!)
    out[k] = hashWords(Number(BigInt.asIntN(32, length)), Number(BigInt.asIntN(32, length >> 32n)))
  }
}

function hashBytesRows(
  offsets: Int32Array,
  bytes: Uint8Array,
  rows: Uint32Array,
  count: number,
  out: Uint32Array,
): void {
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    out[k] = hashBytes(bytes, offsets[row]!, offsets[row + 1]!)
  }
}

/** MurmurHash3 (x86, 32 bits, seed 0) of a byte run. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let h = 0
  let i = start
  for (; i + 4 <= end; i += 4) {
    h = mix(h, bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
  }
  let tail = 0
  for (let j = end - 1; j >= i; j--) tail = (tail << 8) | bytes[j]!
  if (i < end) {
    tail = Math.imul(tail, 0xcc9e2d51)
    h ^= Math.imul((tail << 15) | (tail >>> 17), 0x1b873593)
  }
  return finish(h ^ (end - start))
}

function hashLists(vector: ListVector, rows: Uint32Array, count: number, out: Uint32Array): void {
  const { offsets, child } = vector
  const hashes = new Uint32Array(child.length)
  hashVector(child, null, hashes, false)
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    let h = offsets[row + 1]! - offsets[row]!
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) h = combineHashes(h, hashes[i]!)
    out[k] = h >>> 0
  }
}

/** Spreads a hash whose low bits may be alike (rows of one hash partition) over the slots of a table. */
export function spread(hash: number): number {
  return Math.imul(hash, 0x9e3779b1) >>> 0
}
