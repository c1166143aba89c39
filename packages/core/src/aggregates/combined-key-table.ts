import type { DataType } from 'apache-arrow'
import { KeyTable, writeKeys, type Arena, type Region } from '@volley/kernels'
import { Operand } from '../vectors/operand.ts'
import { takeVector } from '../vectors/take.ts'
import { BytesVector, DictionaryVector, type Vector } from '../vectors/vector.ts'
import { GroupWords } from './group-memory.ts'
import { createGroupTable, type GroupTable } from './group-table.ts'
import { keyWordCount, readKeyWords, writeKeyWords } from './key-words.ts'

/** Keys that one word of NULL bits has room for. */
const BITS = 32

/** Where a key stands among the words of all. */
interface Part {
  readonly type: DataType
  readonly at: number
  readonly words: 1 | 2
  /** Numbers the values of a key without a fixed width; its number is the word. */
  readonly table: GroupTable | null
  /** Bit of NULL and the word that it is in; for keys without a table. */
  readonly nullAt: number
  readonly nullBit: number
}

/**
 * Groups of several keys, of which each stands in one or two words: values of a fixed width as they are, with a bit for
 * NULL, others as the number that a table of their own gives them.
 */
export class CombinedKeyTable implements GroupTable {
  readonly #parts: readonly Part[]
  readonly #stride: number
  readonly #nullWords: readonly number[]
  readonly #table: KeyTable
  readonly #numbers: GroupWords

  constructor(types: readonly DataType[], arena: Arena) {
    const parts: Part[] = []
    const nullWords: number[] = []
    let at = 0
    let fixed = 0
    for (const type of types) {
      const words = keyWordCount(type)
      const table = words === 0 ? createGroupTable([type], arena, null) : null
      if (table === null && fixed % BITS === 0) nullWords.push(at++)
      parts.push({ type, at, words: words === 2 ? 2 : 1, table, nullAt: nullWords.at(-1) ?? 0, nullBit: fixed % BITS })
      if (table === null) fixed++
      at += words === 2 ? 2 : 1
    }
    this.#parts = parts
    this.#nullWords = nullWords
    this.#stride = at + (at & 1)
    this.#table = new KeyTable(arena, this.#stride / 2)
    this.#numbers = new GroupWords(arena)
  }

  get count(): number {
    return this.#table.count
  }

  get bytes(): number {
    return this.#parts.reduce(
      (sum, { table }) => sum + (table === null ? 0 : table.bytes),
      this.#table.bytes + this.#numbers.bytes,
    )
  }

  assign(keys: readonly Vector[], rows: Uint32Array, count: number, out: Uint32Array): void {
    const stride = this.#stride
    const space = this.#table.space(count)
    for (const at of this.#nullWords) fillWord(space, at, stride, count)
    const last = this.#parts.at(-1)!
    if (last.at + last.words < stride) fillWord(space, stride - 1, stride, count)
    for (const [i, part] of this.#parts.entries()) {
      if (part.table === null) writePart(part, new Operand(keys[i]!), rows, count, space, stride)
      else {
        const words = this.#numbers.ensure(count)
        const numbers = new Uint32Array(words.buffer as ArrayBuffer, words.byteOffset, count)
        part.table.assign([keys[i]!], rows, count, numbers)
        const column = { values: numbers, isBits: false, mask: -1, validity: null }
        if (!writeKeys(column, null, count, space, part.at, stride, 1)) {
          copyWord(numbers, space, part.at, stride, count)
        }
      }
    }
    this.#table.assign(count, out)
  }

  keys(region: Region): Vector[] {
    const { count } = this
    const { words } = this.#table
    const stride = this.#stride
    return this.#parts.map(({ type, at, table, nullAt, nullBit }) => {
      if (table === null) {
        const validity = presentBits(words, nullAt, nullBit, stride, count, region)
        return readKeyWords(type, count, validity, words, { skipped: Infinity, at, stride }, region)
      }
      const numbers = new Uint32Array(count)
      for (let g = 0; g < count; g++) numbers[g] = words[g * stride + at]!
      const distinct = table.keys(region)[0]!
      return distinct.encoding === 'bytes'
        ? byNumber(type, distinct as BytesVector, numbers, region)
        : takeVector(distinct, numbers, count, region)
    })
  }

  release(): void {
    for (const { table } of this.#parts) table?.release()
    this.#numbers.release()
    this.#table.release()
  }
}

/** Texts by their number. */
function byNumber(type: DataType, distinct: BytesVector, numbers: Uint32Array, region: Region): DictionaryVector {
  const codes = region.u32(numbers.length)
  codes.set(numbers)
  const dictionary = new BytesVector(type, distinct.length, null, distinct.offsets, distinct.bytes)
  let validity: Uint8Array | null = null
  if (distinct.validity !== null) {
    validity = region.bitmap(codes.length, false)
    for (let g = 0; g < codes.length; g++) validity[g >>> 3]! |= +distinct.isValid(codes[g]!) << (g & 7)
  }
  return new DictionaryVector(type, codes.length, validity, codes, dictionary, false)
}

function fillWord(space: Uint32Array, at: number, stride: number, count: number): void {
  for (let k = 0, to = at; k < count; k++, to += stride) space[to] = 0
}

function copyWord(from: Uint32Array, space: Uint32Array, at: number, stride: number, count: number): void {
  for (let k = 0, to = at; k < count; k++, to += stride) space[to] = from[k]!
}

function writePart(
  { at, words, nullAt, nullBit }: Part,
  operand: Operand,
  rows: Uint32Array,
  count: number,
  space: Uint32Array,
  stride: number,
): void {
  const { validity } = operand
  if (!operand.isAlwaysNull) writeKeyWords(operand, rows, count, space, at, stride, words)
  if (!operand.isAlwaysNull && (validity === null || operand.isConstant)) return
  for (let k = 0, to = 0; k < count; k++, to += stride) {
    const row = rows[k]!
    if (!operand.isAlwaysNull && ((validity![row >>> 3]! >>> (row & 7)) & 1) === 1) continue
    space[to + nullAt]! |= 1 << nullBit
    space[to + at] = 0
    if (words === 2) space[to + at + 1] = 0
  }
}

/** The bits of the groups whose key is not NULL; null when none is. */
function presentBits(
  words: Uint32Array,
  at: number,
  bit: number,
  stride: number,
  count: number,
  region: Region,
): Uint8Array | null {
  let missing = 0
  for (let g = 0; g < count; g++) missing |= (words[g * stride + at]! >>> bit) & 1
  if (missing === 0) return null
  const bits = region.bitmap(count, false)
  for (let g = 0; g < count; g++) bits[g >>> 3]! |= (((words[g * stride + at]! >>> bit) & 1) ^ 1) << (g & 7)
  return bits
}
