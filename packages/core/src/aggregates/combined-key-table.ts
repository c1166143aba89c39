import type { DataType } from 'apache-arrow'
import { KeyTable, writeKeys, type Arena, type Region } from '@volley/kernels'
import type { Steps } from '../runtime/run-steps.ts'
import { Operand } from '../vectors/operand.ts'
import { takeVector } from '../vectors/take.ts'
import { BytesVector, DictionaryVector, type Vector } from '../vectors/vector.ts'
import { GroupWords } from './group-memory.ts'
import { createNumbering, type GroupTable } from './group-table.ts'
import { keyWordCount, readKeyWords, writeKeyWords } from './key-words.ts'

/** Keys that one word of NULL bits has room for. */
const BITS = 32
/** Keys that go to another table at a time. */
const MOVED = 1 << 14

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

/** Where keys stand in the words of one entry of a table. */
interface Placing {
  readonly parts: readonly Part[]
  /** Words that hold the bits of NULL. */
  readonly nullWords: readonly number[]
  readonly stride: number
}

/**
 * Groups of several keys, of which each stands in one or two words: values of a fixed width as they are, others as the
 * number that a table of their own gives them. From the first NULL on, each of a fixed width has a bit for it, too.
 */
export class CombinedKeyTable implements GroupTable {
  readonly #types: readonly DataType[]
  readonly #arena: Arena
  /** By key; null for those of a fixed width. */
  readonly #tables: readonly (GroupTable | null)[]
  readonly #numbers: GroupWords
  #placing: Placing
  #table: KeyTable

  constructor(types: readonly DataType[], arena: Arena) {
    this.#types = types
    this.#arena = arena
    this.#tables = types.map((type) => (keyWordCount(type) === 0 ? createNumbering(type, arena) : null))
    this.#placing = place(types, this.#tables, false)
    this.#table = new KeyTable(arena, this.#placing.stride / 2)
    this.#numbers = new GroupWords(arena)
  }

  get count(): number {
    return this.#table.count
  }

  get bytes(): number {
    return this.#tables.reduce((sum, table) => sum + (table?.bytes ?? 0), this.#table.bytes + this.#numbers.bytes)
  }

  makeRoom(rows: number): Steps<void> | null {
    const rooms = [...this.#tables.map((table) => table?.makeRoom?.(rows)), this.#table.makeRoom(rows)]
    const steps = rooms.filter((room) => room !== null && room !== undefined)
    return steps.length === 0 ? null : allOf(steps)
  }

  assign(keys: readonly Vector[], rows: Uint32Array, count: number, out: Uint32Array): void {
    if (this.#placing.nullWords.length === 0 && this.#haveNull(keys, rows, count)) this.#makeRoomForNull()
    const { parts, nullWords, stride } = this.#placing
    const space = this.#table.space(count)
    for (const at of nullWords) fillWord(space, at, stride, count)
    const last = parts.at(-1)!
    if (last.at + last.words < stride) fillWord(space, stride - 1, stride, count)
    for (const [i, part] of parts.entries()) {
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

  /** Whether a key of a fixed width is NULL in one of the rows. */
  #haveNull(keys: readonly Vector[], rows: Uint32Array, count: number): boolean {
    return this.#tables.some((table, i) => {
      if (table !== null || count === 0) return false
      const operand = new Operand(keys[i]!)
      if (operand.isAlwaysNull) return true
      const { validity } = operand
      if (validity === null || operand.isConstant) return false
      let present = 1
      for (let k = 0; k < count; k++) present &= validity[rows[k]! >>> 3]! >>> (rows[k]! & 7)
      return (present & 1) === 0
    })
  }

  /** Gives all keys, with the numbers that they have, to a table that has bits of NULL. */
  #makeRoomForNull(): void {
    const from = this.#placing
    const to = place(this.#types, this.#tables, true)
    const table = new KeyTable(this.#arena, to.stride / 2)
    try {
      const { count, words } = this.#table
      const numbers = new Uint32Array(Math.min(count, MOVED))
      for (let first = 0; first < count; first += MOVED) {
        const some = Math.min(MOVED, count - first)
        const space = table.space(some).fill(0)
        for (const [i, part] of to.parts.entries()) {
          for (let w = 0; w < part.words; w++) {
            const source = first * from.stride + from.parts[i]!.at + w
            for (let k = 0; k < some; k++) space[k * to.stride + part.at + w] = words[source + k * from.stride]!
          }
        }
        table.assign(some, numbers)
      }
    } catch (error) {
      table.release()
      throw error
    }
    this.#table.release()
    this.#table = table
    this.#placing = to
  }

  keys(region: Region): Vector[] {
    const { count } = this
    const { words } = this.#table
    const { parts, nullWords, stride } = this.#placing
    return parts.map(({ type, at, table, nullAt, nullBit }) => {
      if (table === null) {
        const validity = nullWords.length === 0 ? null : presentBits(words, nullAt, nullBit, stride, count, region)
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
    for (const table of this.#tables) table?.release()
    this.#numbers.release()
    this.#table.release()
  }
}

function* allOf(steps: readonly Steps<void>[]): Steps<void> {
  for (const step of steps) yield* step
}

function place(types: readonly DataType[], tables: readonly (GroupTable | null)[], nulls: boolean): Placing {
  const parts: Part[] = []
  const nullWords: number[] = []
  let at = 0
  let fixed = 0
  for (const [i, type] of types.entries()) {
    const table = tables[i]!
    const words = keyWordCount(type) === 2 ? 2 : 1
    if (table === null && nulls && fixed % BITS === 0) nullWords.push(at++)
    parts.push({ type, at, words, table, nullAt: nullWords.at(-1) ?? 0, nullBit: fixed % BITS })
    if (table === null) fixed++
    at += words
  }
  return { parts, nullWords, stride: at + (at & 1) }
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
