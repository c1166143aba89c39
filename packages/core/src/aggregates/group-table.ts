import type { DataType } from 'apache-arrow'
import type { Arena, Region } from '@volley/kernels'
import { RowCodec } from '../runtime/row-codec.ts'
import { typeName } from '../types/data-types.ts'
import { Operand } from '../vectors/operand.ts'
import { BytesVector, type Vector } from '../vectors/vector.ts'
import { BytesTable } from './bytes-table.ts'
import { CombinedKeyTable } from './combined-key-table.ts'
import { allBut, WordKeyTable } from './word-key-table.ts'

/** Numbers distinct keys by first appearance; NULLs are equal, -0 is 0, NaN is itself. */
export interface GroupTable {
  readonly count: number
  readonly bytes: number
  /** `out[k]` is the group of row `rows[k]` of the key columns. */
  assign(keys: readonly Vector[], rows: Uint32Array, count: number, out: Uint32Array): void
  /** One row per group. */
  keys(region: Region): Vector[]
  release(): void
}

/** The table for keys of these types: of each by value where it has a fixed width, by dictionary code where it is text. */
export function createGroupTable(types: readonly DataType[], arena: Arena): GroupTable {
  if (types.length === 0) return new SingleGroup()
  if (types.length === 1) {
    switch (typeName(types[0]!)) {
      case 'Utf8':
      case 'Json':
      case 'Binary':
        return new TextKeyTable(types[0]!, arena)
      case 'Null':
      case 'List':
      case 'Decimal':
      case 'Interval':
      case 'Struct':
        break
      default:
        return new WordKeyTable(types[0]!, arena)
    }
  }
  if (types.length === 1) return new RowKeyTable(types, arena)
  return new CombinedKeyTable(
    types.map((type) => createGroupTable([type], arena)),
    arena,
  )
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

class TextKeyTable implements GroupTable {
  readonly #type: DataType
  readonly #table: BytesTable
  /** Number of the group in order of appearance, for each entry of the table: NULL takes a number among them. */
  #nullGroup = NO_GROUP
  #dictionary: Vector | null = null
  #byCode = new Uint32Array(0)

  constructor(type: DataType, arena: Arena) {
    this.#type = type
    this.#table = new BytesTable(arena)
  }

  get count(): number {
    return this.#table.count + (this.#nullGroup === NO_GROUP ? 0 : 1)
  }

  get bytes(): number {
    return this.#table.bytes + this.#byCode.byteLength
  }

  assign(keys: readonly Vector[], rows: Uint32Array, count: number, out: Uint32Array): void {
    const operand = new Operand(keys[0]!)
    if (operand.isAlwaysNull) out.fill(this.#groupOfNull(), 0, count)
    else if (operand.codes !== null) this.#assignCodes(operand, operand.codes, rows, count, out)
    else this.#assignText(operand, rows, count, out)
  }

  #assignText(operand: Operand, rows: Uint32Array, count: number, out: Uint32Array): void {
    const { offsets, bytes } = operand.bytes
    for (let k = 0; k < count; k++) {
      const row = rows[k]!
      if (!operand.isValid(row)) {
        out[k] = this.#groupOfNull()
        continue
      }
      const at = row & operand.mask
      out[k] = this.#group(bytes, offsets[at]!, offsets[at + 1]!)
    }
  }

  /** Each code is looked up once per dictionary. */
  #assignCodes(operand: Operand, codes: Uint32Array, rows: Uint32Array, count: number, out: Uint32Array): void {
    const dictionary = operand.bytes
    if (this.#dictionary !== dictionary) {
      this.#dictionary = dictionary
      if (this.#byCode.length < dictionary.length) this.#byCode = new Uint32Array(dictionary.length)
      this.#byCode.fill(NO_GROUP, 0, dictionary.length)
    }
    const byCode = this.#byCode
    for (let k = 0; k < count; k++) {
      const row = rows[k]!
      if (!operand.isValid(row)) {
        out[k] = this.#groupOfNull()
        continue
      }
      const code = codes[row & operand.mask]!
      let group = byCode[code]!
      if (group === NO_GROUP) {
        group = this.#group(dictionary.bytes, dictionary.offsets[code]!, dictionary.offsets[code + 1]!)
        byCode[code] = group
      }
      out[k] = group
    }
  }

  #group(bytes: Uint8Array, start: number, end: number): number {
    const entry = this.#table.findOrAdd(bytes, start, end)
    return entry < this.#nullGroup ? entry : entry + 1
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
    this.#dictionary = null
    this.#table.release()
  }
}

class RowKeyTable implements GroupTable {
  readonly #codec: RowCodec
  readonly #table: BytesTable

  constructor(types: readonly DataType[], arena: Arena) {
    this.#codec = new RowCodec(types, true)
    this.#table = new BytesTable(arena)
  }

  get count(): number {
    return this.#table.count
  }

  get bytes(): number {
    return this.#table.bytes
  }

  assign(keys: readonly Vector[], rows: Uint32Array, count: number, out: Uint32Array): void {
    const { offsets, bytes } = this.#codec.encode(keys, rows, count)
    for (let k = 0; k < count; k++) out[k] = this.#table.findOrAdd(bytes, offsets[k]!, offsets[k + 1]!)
  }

  keys(region: Region): Vector[] {
    return this.#codec.decode(this.#table.heap, this.#table.offsets.slice(), this.count, region)
  }

  release(): void {
    this.#table.release()
  }
}
