import type { DataType } from 'apache-arrow'
import type { SortKey } from '../plan/execution-plan.ts'
import { finishSteps, type Steps } from '../runtime/run-steps.ts'
import { typeName } from '../types/data-types.ts'
import { Operand } from '../vectors/operand.ts'
import type { BoolVector, PrimitiveVector, Vector } from '../vectors/vector.ts'

/** How one key is ordered. */
export type SortOrder = Pick<SortKey, 'descending' | 'nullsFirst'>

/** Sort keys as unsigned words: rows compare as their words do, the first word counting most. */
export interface SortWords {
  /** `words[w][row]`. */
  readonly words: readonly Uint32Array[]
  /** Rows with equal words may still differ in the keys. */
  readonly exact: boolean
}

const SIGN = 0x80000000
/** Rows that are counted and put in their places without giving way. */
const AT_ONCE = 131_072

/** The words of the leading keys, up to one whose order words do not hold whole (text: its first 8 bytes). */
export function sortWords(columns: readonly Vector[], keys: readonly SortOrder[], length: number): SortWords {
  return finishSteps(sortWordSteps(columns, keys, length))
}

/** The same, in steps. */
export function* sortWordSteps(
  columns: readonly Vector[],
  keys: readonly SortOrder[],
  length: number,
): Steps<SortWords> {
  const words: Uint32Array[] = []
  for (const [k, column] of columns.entries()) {
    const operand = new Operand(column)
    if (operand.isAlwaysNull) continue
    const { descending, nullsFirst } = keys[k]!
    const nulls = nullWord(operand, nullsFirst, length)
    yield
    const values = yield* valueWords(operand, column.type, length)
    yield
    if (values === null) return { words, exact: false }
    if (nulls !== null) words.push(nulls)
    for (const word of values.words) {
      if (descending) for (let i = 0; i < length; i++) word[i] = ~word[i]!
      if (nulls !== null) clearNulls(word, operand, length)
      words.push(word)
      yield
    }
    if (!values.exact) return { words, exact: false }
  }
  return { words, exact: true }
}

function nullWord(operand: Operand, nullsFirst: boolean, length: number): Uint32Array | null {
  if (operand.isConstant || operand.validity === null) return null
  const word = new Uint32Array(length)
  const present = nullsFirst ? 1 : 0
  for (let i = 0; i < length; i++) word[i] = operand.isValid(i) ? present : 1 - present
  return word
}

function clearNulls(word: Uint32Array, operand: Operand, length: number): void {
  for (let i = 0; i < length; i++) if (!operand.isValid(i)) word[i] = 0
}

function* valueWords(operand: Operand, type: DataType, length: number): Steps<SortWords | null> {
  const { data } = operand
  if (operand.isConstant) return { words: [], exact: true }
  switch (data.encoding) {
    case 'bool': {
      const { bits } = data as BoolVector
      const word = new Uint32Array(length)
      for (let i = 0; i < length; i++) word[i] = (bits[i >>> 3]! >>> (i & 7)) & 1
      return { words: [word], exact: true }
    }
    case 'bytes':
      if (operand.sorted) return { words: [operand.codes!.slice(0, length)], exact: true }
      return { words: yield* prefixWords(operand, length), exact: false }
    case 'primitive':
      return yield* primitiveWords(data as PrimitiveVector, type, length)
    default:
      return null
  }
}

function* primitiveWords(vector: PrimitiveVector, type: DataType, length: number): Steps<SortWords | null> {
  switch (typeName(type)) {
    case 'Float64':
    case 'Float32':
      return { words: yield* floatWords(vector.values as Float64Array, length), exact: true }
    case 'Int64':
    case 'Time':
    case 'Timestamp':
      return { words: wideWords(vector, 2, SIGN, length), exact: true }
    case 'Uint64':
      return { words: wideWords(vector, 2, 0, length), exact: true }
    case 'Decimal':
      return { words: wideWords(vector, 4, SIGN, length), exact: true }
    case 'Interval':
      return null
    default: {
      // Unsigned values below 2^31 keep their order when the sign is flipped; Uint32 needs no flip.
      const flip = vector.values instanceof Uint32Array ? 0 : SIGN
      const values = vector.values as Int32Array
      const word = new Uint32Array(length)
      for (let i = 0; i < length; i++) word[i] = values[i]! ^ flip
      return { words: [word], exact: true }
    }
  }
}

/** Words of a multi-word integer, highest first. */
function wideWords(vector: PrimitiveVector, width: number, flip: number, length: number): Uint32Array[] {
  const source = new Operand(vector).words
  return Array.from({ length: width }, (_, w) => {
    const word = new Uint32Array(length)
    const from = width - 1 - w
    const change = w === 0 ? flip : 0
    for (let i = 0; i < length; i++) word[i] = source[i * width + from]! ^ change
    return word
  })
}

/** Bits of doubles with the sign made the highest order: negative ones are inverted, NaN is above all. */
function* floatWords(values: Float64Array | Float32Array, length: number): Steps<Uint32Array[]> {
  const doubles = new Float64Array(Math.min(length, AT_ONCE))
  const bits = new Int32Array(doubles.buffer)
  const high = new Uint32Array(length)
  const low = new Uint32Array(length)
  for (let start = 0; start < length; start += AT_ONCE) {
    const count = Math.min(AT_ONCE, length - start)
    for (let i = 0; i < count; i++) doubles[i] = values[start + i]! + 0
    for (let i = 0; i < count; i++) {
      const h = bits[2 * i + 1]!
      const l = bits[2 * i]!
      const none = doubles[i] !== doubles[i]
      high[start + i] = none ? 0xffffffff : h < 0 ? ~h : h ^ SIGN
      low[start + i] = none ? 0xffffffff : h < 0 ? ~l : l
    }
    yield
  }
  return [high, low]
}

/** The first 8 bytes of each text, high to low; what is missing is 0. */
function* prefixWords(operand: Operand, length: number): Steps<Uint32Array[]> {
  const high = new Uint32Array(length)
  const low = new Uint32Array(length)
  for (let start = 0; start < length; start += AT_ONCE) {
    writePrefixes(operand, start, Math.min(length, start + AT_ONCE), high, low)
    yield
  }
  return [high, low]
}

function writePrefixes(operand: Operand, from: number, to: number, high: Uint32Array, low: Uint32Array): void {
  const { offsets, bytes } = operand.bytes
  const present = operand.validity === null
  for (let i = from; i < to; i++) {
    if (!present && !operand.isValid(i)) continue
    const at = operand.at(i)
    const start = offsets[at]!
    const size = offsets[at + 1]! - start
    let a = 0
    let b = 0
    for (let k = 0; k < 4 && k < size; k++) a |= bytes[start + k]! << (24 - 8 * k)
    for (let k = 4; k < 8 && k < size; k++) b |= bytes[start + k]! << (56 - 8 * k)
    high[i] = a
    low[i] = b
  }
}

/** Row numbers 0 to length - 1 sorted by their words, stable. */
export function rowsByWords(words: readonly Uint32Array[], length: number): Uint32Array {
  return finishSteps(radixSteps(words, length))
}

/** Row numbers 0 to length - 1 sorted by their words, stable: least significant byte first, bytes that are all alike skipped. Pass by pass. */
export function* radixSteps(words: readonly Uint32Array[], length: number): Steps<Uint32Array> {
  let rows = new Uint32Array(length)
  for (let i = 0; i < length; i++) rows[i] = i
  let other = new Uint32Array(length)
  const counts = new Uint32Array(1024)
  for (let w = words.length - 1; w >= 0; w--) {
    const word = words[w]!
    counts.fill(0)
    for (let start = 0; start < length; start += AT_ONCE) {
      countBytes(word, start, Math.min(length, start + AT_ONCE), counts)
      yield
    }
    for (let byte = 0; byte < 4; byte++) {
      const from = counts.subarray(byte * 256, byte * 256 + 256)
      if (from[(word[0]! >>> (byte * 8)) & 255] === length) continue
      countsToPlaces(from)
      for (let start = 0; start < length; start += AT_ONCE) {
        scatter(word, byte * 8, rows, start, Math.min(length, start + AT_ONCE), from, other)
        yield
      }
      const swapped = rows
      rows = other
      other = swapped
    }
  }
  return rows
}

/** Adds how often each value of each of the four bytes occurs from `start` to `end`. */
function countBytes(word: Uint32Array, start: number, end: number, counts: Uint32Array): void {
  for (let i = start; i < end; i++) {
    const value = word[i]!
    counts[value & 255]!++
    counts[256 + ((value >>> 8) & 255)]!++
    counts[512 + ((value >>> 16) & 255)]!++
    counts[768 + (value >>> 24)]!++
  }
}

/** Numbers of the values of a byte become the places where the rows with each value begin. */
function countsToPlaces(counts: Uint32Array): void {
  let end = 0
  for (let value = 0; value < 256; value++) {
    const size = counts[value]!
    counts[value] = end
    end += size
  }
}

/** Puts rows `start` to `end` where those with their byte go, which is `places[byte]`. */
function scatter(
  word: Uint32Array,
  shift: number,
  rows: Uint32Array,
  start: number,
  end: number,
  places: Uint32Array,
  out: Uint32Array,
): void {
  for (let k = start; k < end; k++) {
    const row = rows[k]!
    out[places[(word[row]! >>> shift) & 255]!++] = row
  }
}
