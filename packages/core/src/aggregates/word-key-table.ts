import type { DataType } from 'apache-arrow'
import { KeyTable, type Arena, type Region } from '@volley/kernels'
import type { Steps } from '../runtime/run-steps.ts'
import { Operand } from '../vectors/operand.ts'
import type { Vector } from '../vectors/vector.ts'
import type { GroupTable } from './group-table.ts'
import { allBut, presentPositions, readKeyWords, writeKeyWords } from './key-words.ts'

const NO_GROUP = 0xffffffff

/** Groups of one key of at most 8 bytes, by its two words. */
export class WordKeyTable implements GroupTable {
  readonly #type: DataType
  readonly #table: KeyTable
  /** Number of the group of NULL, among those of the values. */
  #nullGroup = NO_GROUP
  #present = new Uint32Array(0)

  constructor(type: DataType, arena: Arena) {
    this.#type = type
    this.#table = new KeyTable(arena, 1)
  }

  get count(): number {
    return this.#table.count + (this.#nullGroup === NO_GROUP ? 0 : 1)
  }

  get bytes(): number {
    return this.#table.bytes
  }

  makeRoom(rows: number): Steps<void> | null {
    return this.#table.makeRoom(rows)
  }

  assign(keys: readonly Vector[], rows: Uint32Array, count: number, out: Uint32Array): void {
    const operand = new Operand(keys[0]!)
    const { validity } = operand
    if (operand.isAlwaysNull) out.fill(this.#groupOfNull(), 0, count)
    else if (validity === null || operand.isConstant) this.#assignPresent(operand, rows, count, out)
    else {
      if (this.#present.length < count) this.#present = new Uint32Array(count)
      const positions = presentPositions(validity, rows, count)
      if (positions.length === count) return this.#assignPresent(operand, rows, count, out)
      const group = this.#groupOfNull()
      const present = this.#present
      for (let k = 0; k < positions.length; k++) present[k] = rows[positions[k]!]!
      const numbers = new Uint32Array(positions.length)
      this.#assignPresent(operand, present, positions.length, numbers)
      out.fill(group, 0, count)
      for (let k = 0; k < positions.length; k++) out[positions[k]!] = numbers[k]!
    }
  }

  #assignPresent(operand: Operand, rows: Uint32Array, count: number, out: Uint32Array): void {
    writeKeyWords(operand, rows, count, this.#table.space(count), 0, 2)
    this.#table.assign(count, out)
    const nullGroup = this.#nullGroup
    if (nullGroup !== NO_GROUP) for (let k = 0; k < count; k++) out[k]! += +(out[k]! >= nullGroup)
  }

  #groupOfNull(): number {
    if (this.#nullGroup === NO_GROUP) this.#nullGroup = this.#table.count
    return this.#nullGroup
  }

  keys(region: Region): Vector[] {
    const { count } = this
    const nullGroup = this.#nullGroup
    const validity = nullGroup === NO_GROUP ? null : allBut(nullGroup, count, region)
    const skipped = nullGroup === NO_GROUP ? Infinity : nullGroup
    return [readKeyWords(this.#type, count, validity, this.#table.words, { skipped, at: 0, stride: 2 }, region)]
  }

  release(): void {
    this.#table.release()
  }
}
