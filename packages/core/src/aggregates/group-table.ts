import type { DataType } from 'apache-arrow'
import { numbersOfCodes, PlaceTable, TextTable, type Arena, type Region } from '@volley/kernels'
import { RowCodec } from '../runtime/row-codec.ts'
import type { Steps } from '../runtime/run-steps.ts'
import { typeName } from '../types/data-types.ts'
import { Operand } from '../vectors/operand.ts'
import { kernelRows } from '../vectors/selection.ts'
import { BytesVector, type Vector } from '../vectors/vector.ts'
import { CombinedKeyTable } from './combined-key-table.ts'
import { DenseKeyTable, hasPlaces, type GroupTableHint } from './dense-key-table.ts'
import { GroupWords } from './group-memory.ts'
import { allBut, keyWordCount, presentPositions } from './key-words.ts'
import { WordKeyTable } from './word-key-table.ts'

/** Numbers distinct keys; NULLs are equal, -0 is 0, NaN is itself. */
export interface GroupTable {
  readonly count: number
  readonly bytes: number
  /** `out[k]` is the group of row `rows[k]` of the key columns. */
  assign(keys: readonly Vector[], rows: Uint32Array, count: number, out: Uint32Array): void
  /** Makes room for so many more keys, in steps; null where that is short. Nothing may be assigned between the steps. */
  makeRoom?(rows: number): Steps<void> | null
  /** One row per group. */
  keys(region: Region): Vector[]
  release(): void
}

const NO_HINT: GroupTableHint = { rows: 0, mostPlaces: 1 << 20 }

/** Numbers the values of one key among several; values that no row has may take numbers, too. */
export function createNumbering(type: DataType, arena: Arena): GroupTable {
  return createHashTable([type], arena, true)
}

/**
 * The table for keys of these types: by place where the keys' ranges are small, else of each by value where it has a fixed
 * width, by dictionary code where it is text. `hint` is null for no table of places.
 */
export function createGroupTable(
  types: readonly DataType[],
  arena: Arena,
  hint: GroupTableHint | null = NO_HINT,
): GroupTable {
  if (types.length === 0) return new SingleGroup()
  if (hint !== null && types.every(hasPlaces) && (types.length > 1 || keyWordCount(types[0]!) > 0)) {
    const places = PlaceTable.create(arena)
    const hashed = (): GroupTable => createHashTable(types, arena)
    if (places !== null) {
      return new DenseKeyTable(types, arena, places, hint, hashed, (type) => createHashTable([type], arena))
    }
  }
  return createHashTable(types, arena)
}

function createHashTable(types: readonly DataType[], arena: Arena, spare = false): GroupTable {
  if (types.length > 1) return new CombinedKeyTable(types, arena)
  if (keyWordCount(types[0]!) > 0) return new WordKeyTable(types[0]!, arena)
  return isText(types[0]!) ? new TextKeyTable(types[0]!, arena, spare) : new RowKeyTable(types, arena)
}

function isText(type: DataType): boolean {
  return ['Utf8', 'Json', 'Binary'].includes(typeName(type))
}

/** No key: all rows are in group 0, which is there without rows too. */
class SingleGroup implements GroupTable {
  readonly count = 1
  readonly bytes = 0

  assign(_keys: readonly Vector[], _rows: Uint32Array, count: number, out: Uint32Array): void {
    out.fill(0, 0, count)
  }

  keys(): Vector[] {
    return []
  }

  release(): void {}
}

const NO_GROUP = 0xffffffff

/** Entries that are numbered at a time, at most. */
const MOST_AHEAD = 1 << 18

class TextKeyTable implements GroupTable {
  readonly #type: DataType
  /** Whether there may be numbers that no row has. */
  readonly #spare: boolean
  readonly #table: TextTable
  /** Number of the group in order of appearance, for each entry of the table: NULL takes a number among them. */
  #nullGroup = NO_GROUP
  /** What the dictionary is of whose codes are known. */
  #content: object | null = null
  readonly #byCode: GroupWords
  #fresh = new Uint32Array(0)

  constructor(type: DataType, arena: Arena, spare: boolean) {
    this.#type = type
    this.#spare = spare
    this.#table = new TextTable(arena)
    this.#byCode = new GroupWords(arena)
  }

  get count(): number {
    return this.#table.count + (this.#nullGroup === NO_GROUP ? 0 : 1)
  }

  get bytes(): number {
    return this.#table.bytes + this.#byCode.bytes
  }

  makeRoom(rows: number): Steps<void> | null {
    return this.#table.makeRoom(rows)
  }

  assign(keys: readonly Vector[], rows: Uint32Array, count: number, out: Uint32Array): void {
    const operand = new Operand(keys[0]!)
    if (operand.isAlwaysNull) out.fill(this.#groupOfNull(), 0, count)
    else if (operand.codes !== null) this.#assignCodes(operand, operand.codes, rows, count, out)
    else this.#assignText(operand, rows, count, out)
  }

  #assignText(operand: Operand, rows: Uint32Array, count: number, out: Uint32Array): void {
    const { offsets, bytes } = operand.bytes
    const { validity } = operand
    if (operand.isConstant) {
      this.#table.assign(offsets, bytes, null, 1, out)
      out.fill(out[0]!, 0, count)
    } else if (validity === null) {
      const whole = count === operand.data.length && rows[0] === 0 && rows[count - 1] === count - 1
      this.#table.assign(offsets, bytes, whole ? null : rows, count, out)
    } else {
      const positions = presentPositions(validity, rows, count)
      if (positions.length < count) this.#groupOfNull()
      const present = new Uint32Array(positions.length)
      for (let k = 0; k < present.length; k++) present[k] = rows[positions[k]!]!
      const numbers = new Uint32Array(positions.length)
      this.#table.assign(offsets, bytes, present, present.length, numbers)
      // NULL's place is given at the end, when all others have theirs.
      out.fill(NO_GROUP, 0, count)
      for (let k = 0; k < positions.length; k++) out[positions[k]!] = numbers[k]!
    }
    this.#placeNull(count, out)
  }

  /** Numbers of the table as groups: those from the group of NULL on stand one further. */
  #placeNull(count: number, out: Uint32Array): void {
    const nullGroup = this.#nullGroup
    if (nullGroup === NO_GROUP) return
    for (let k = 0; k < count; k++) {
      const number = out[k]!
      out[k] = number === NO_GROUP ? nullGroup : number + +(number >= nullGroup)
    }
  }

  /** Each code is looked up once per dictionary. */
  #assignCodes(operand: Operand, codes: Uint32Array, rows: Uint32Array, count: number, out: Uint32Array): void {
    const dictionary = operand.bytes
    const byCode = unsigned(this.#byCode.ensure(dictionary.length))
    if (this.#content !== dictionary.content) {
      this.#content = dictionary.content
      if (this.#numbersAhead(operand))
        this.#table.assign(dictionary.offsets, dictionary.bytes, null, dictionary.length, byCode)
      else byCode.fill(NO_GROUP, 0, dictionary.length)
    }
    const { mask } = operand
    const validity = operand.isConstant ? null : operand.validity
    const lookUp = (): number | null =>
      operand.isConstant ? null : numbersOfCodes(codes, validity, kernelRows(rows), count, byCode, NO_GROUP, out)
    const missing = lookUp()
    if (missing === null) {
      this.#numberCodes(operand, rows, count, byCode, null)
      if (validity === null) for (let k = 0; k < count; k++) out[k] = byCode[codes[rows[k]! & mask]!]!
      else this.#codesOrNull(codes, validity, rows, count, byCode, out)
    } else {
      if (missing > 0) {
        this.#numberCodes(operand, rows, count, byCode, out)
        lookUp()
      }
      if (validity !== null && this.#isNew(out, count)) this.#groupOfNull()
    }
    this.#placeNull(count, out)
  }

  /** Whether to number a dictionary in its order, which reads it from start to end, as it was laid down by the one before. */
  #numbersAhead({ use, isConstant, bytes }: Operand): boolean {
    if (isConstant || bytes.validity !== null || bytes.length > MOST_AHEAD) return false
    return use === 'all' || (use === 'most' && this.#spare)
  }

  /** Numbers the codes of rows that have none yet, which are among those whose number in `known` is missing. */
  #numberCodes(
    operand: Operand,
    rows: Uint32Array,
    count: number,
    byCode: Uint32Array,
    known: Uint32Array | null,
  ): void {
    const { mask } = operand
    const codes = operand.codes!
    const validity = operand.isConstant ? null : operand.validity
    if (this.#fresh.length < count) this.#fresh = new Uint32Array(count)
    const fresh = this.#fresh
    let found = 0
    for (let k = 0; k < count; k++) {
      if (known !== null && known[k] !== NO_GROUP) continue
      const row = rows[k]! & mask
      if (validity !== null && ((validity[row >>> 3]! >>> (row & 7)) & 1) === 0) continue
      const code = codes[row]!
      if (byCode[code] !== NO_GROUP) continue
      byCode[code] = 0
      fresh[found++] = code
    }
    if (found === 0) return
    const { offsets, bytes } = operand.bytes
    const numbers = new Uint32Array(found)
    this.#table.assign(offsets, bytes, fresh, found, numbers)
    for (let f = 0; f < found; f++) byCode[fresh[f]!] = numbers[f]!
  }

  /** Whether there is a row of the group of NULL, which has no number yet. */
  #isNew(out: Uint32Array, count: number): boolean {
    return this.#nullGroup === NO_GROUP && out.subarray(0, count).includes(NO_GROUP)
  }

  #codesOrNull(
    codes: Uint32Array,
    validity: Uint8Array,
    rows: Uint32Array,
    count: number,
    byCode: Uint32Array,
    out: Uint32Array,
  ): void {
    for (let k = 0; k < count; k++) {
      const row = rows[k]!
      const present = ((validity[row >>> 3]! >>> (row & 7)) & 1) === 1
      if (!present) this.#groupOfNull()
      out[k] = present ? byCode[codes[row]!]! : NO_GROUP
    }
  }

  #groupOfNull(): number {
    if (this.#nullGroup === NO_GROUP) this.#nullGroup = this.#table.count
    return this.#nullGroup
  }

  keys(region: Region): Vector[] {
    const { count } = this
    const from = this.#table.offsets
    const offsets = region.i32(count + 1)
    const end = from[this.#table.count]!
    const bytes = region.u8(end)
    bytes.set(this.#table.heap.subarray(0, end))
    const hasNull = this.#nullGroup !== NO_GROUP
    for (let group = 0; group <= count; group++) {
      offsets[group] = from[hasNull && group > this.#nullGroup ? group - 1 : group]!
    }
    return [new BytesVector(this.#type, count, hasNull ? allBut(this.#nullGroup, count, region) : null, offsets, bytes)]
  }

  release(): void {
    this.#content = null
    this.#byCode.release()
    this.#table.release()
  }
}

function unsigned(words: Int32Array): Uint32Array {
  return new Uint32Array(words.buffer as ArrayBuffer, words.byteOffset, words.length)
}

class RowKeyTable implements GroupTable {
  readonly #codec: RowCodec
  readonly #table: TextTable

  constructor(types: readonly DataType[], arena: Arena) {
    this.#codec = new RowCodec(types, true)
    this.#table = new TextTable(arena)
  }

  get count(): number {
    return this.#table.count
  }

  get bytes(): number {
    return this.#table.bytes
  }

  makeRoom(rows: number): Steps<void> | null {
    return this.#table.makeRoom(rows)
  }

  assign(keys: readonly Vector[], rows: Uint32Array, count: number, out: Uint32Array): void {
    const { offsets, bytes } = this.#codec.encode(keys, rows, count)
    this.#table.assign(offsets, bytes, null, count, out)
  }

  keys(region: Region): Vector[] {
    return this.#codec.decode(this.#table.heap, this.#table.offsets.slice(), this.count, region)
  }

  release(): void {
    this.#table.release()
  }
}
