import type { Region } from '@volley/kernels'
import type { DataType } from 'apache-arrow'
import { compareBytes } from '../vectors/bytes-kernels.ts'
import type { Operand } from '../vectors/operand.ts'
import { copyBytes } from '../vectors/take.ts'
import { BytesVector, type Vector } from '../vectors/vector.ts'
import type { GroupedRows } from './accumulator-rows.ts'
import { GroupFloats, GroupWords } from './group-memory.ts'

const FIRST_BYTES = 256

/** The best text of each group, all in one buffer: a better one takes the place of the one before, or comes behind all. */
export class BestBytes {
  readonly #sign: 1 | -1
  readonly #starts = new GroupFloats(null)
  readonly #lengths = new GroupWords(null)
  /** By group: one more than the best code of the dictionary in use that was offered; 0 for none. */
  readonly #codes = new GroupWords(null)
  /** What the dictionary in use is of, once rows of it came twice in a row. */
  #content: object | null = null
  #keepsCodes = false
  #bytes = new Uint8Array(FIRST_BYTES)
  #end = 0
  /** Bytes below the end that no group has. */
  #lost = 0

  /** `sign` is 1 for the first in order, -1 for the last. */
  constructor(sign: 1 | -1) {
    this.#sign = sign
  }

  get bytes(): number {
    return this.#bytes.length + this.#starts.bytes + this.#lengths.bytes + this.#codes.bytes
  }

  release(): void {
    this.#starts.release()
    this.#lengths.release()
    this.#codes.release()
    this.#content = null
    this.#bytes = new Uint8Array(0)
    this.#end = this.#lost = 0
  }

  ensure(groupCount: number): void {
    this.#starts.ensure(groupCount)
    this.#lengths.ensure(groupCount)
    if (this.#keepsCodes) this.#codes.ensure(groupCount)
  }

  offer(operand: Operand, rows: GroupedRows, seen: Uint8Array): void {
    const content = operand.sorted ? operand.bytes.content : null
    const isSame = content !== null && content === this.#content
    if (isSame && !this.#keepsCodes) {
      this.#keepsCodes = true
      this.#codes.ensure(this.#lengths.values.length)
      this.#codes.values.fill(0)
    } else if (!isSame) this.#keepsCodes = false
    this.#content = content
    if (isSame) this.#offerCodes(operand, operand.codes!, rows, seen)
    else this.#offerTexts(operand, rows, seen)
  }

  /** Codes order as their texts do: those that are no better than one before need not be compared. */
  #offerCodes(operand: Operand, codes: Uint32Array, { groups, rows, count }: GroupedRows, seen: Uint8Array): void {
    const { offsets, bytes } = operand.bytes
    const { mask } = operand
    const best = this.#codes.values
    const sign = this.#sign
    for (let k = 0; k < count; k++) {
      const code = codes[rows[k]! & mask]!
      const group = groups[k]!
      const before = best[group]!
      if (before !== 0 && seen[group] === 1 && sign * (code + 1 - before) >= 0) continue
      best[group] = code + 1
      this.#take(bytes, offsets[code]!, offsets[code + 1]!, group, seen)
    }
  }

  #offerTexts(operand: Operand, { groups, rows, count }: GroupedRows, seen: Uint8Array): void {
    const { offsets, bytes } = operand.bytes
    for (let k = 0; k < count; k++) {
      const at = operand.at(rows[k]!)
      this.#take(bytes, offsets[at]!, offsets[at + 1]!, groups[k]!, seen)
    }
  }

  copy(into: number, from: number, seen: Uint8Array): void {
    const start = this.#starts.values[from]!
    if (this.#keepsCodes) this.#codes.values[into] = 0
    this.#take(this.#bytes, start, start + this.#lengths.values[from]!, into, seen)
  }

  #take(bytes: Uint8Array, start: number, end: number, group: number, seen: Uint8Array): void {
    const place = this.#starts.values[group]!
    const before = this.#lengths.values[group]!
    if (seen[group] === 1) {
      if (this.#sign * compareBytes(bytes, start, end, this.#bytes, place, place + before) >= 0) return
    }
    seen[group] = 1
    const length = end - start
    const fits = length <= before
    this.#lost += fits ? before - length : before
    this.#lengths.values[group] = fits ? length : 0
    const to = fits ? place : this.#append(length)
    copyBytes(bytes, start, length, this.#bytes, to)
    this.#starts.values[group] = to
    this.#lengths.values[group] = length
  }

  /** Room behind all. */
  #append(length: number): number {
    if (this.#end + length > this.#bytes.length) this.#grow(length)
    const start = this.#end
    this.#end += length
    return start
  }

  /** Another buffer, without what is lost: the one before may be what is copied from. */
  #grow(length: number): void {
    const from = this.#bytes
    const used = this.#end - this.#lost + length
    this.#bytes = new Uint8Array(Math.max(2 * used, FIRST_BYTES))
    if (this.#lost === 0) {
      this.#bytes.set(from.subarray(0, this.#end))
      return
    }
    const [starts, lengths] = [this.#starts.values, this.#lengths.values]
    let end = 0
    for (let g = 0; g < lengths.length; g++) {
      if (lengths[g] === 0) continue
      copyBytes(from, starts[g]!, lengths[g]!, this.#bytes, end)
      starts[g] = end
      end += lengths[g]!
    }
    this.#end = end
    this.#lost = 0
  }

  vector(type: DataType, groupCount: number, validity: Uint8Array | null, region: Region): Vector {
    const offsets = region.i32(groupCount + 1)
    const [starts, lengths] = [this.#starts.values, this.#lengths.values]
    offsets[0] = 0
    for (let g = 0; g < groupCount; g++) offsets[g + 1] = offsets[g]! + lengths[g]!
    const bytes = region.u8(offsets[groupCount]!)
    for (let g = 0; g < groupCount; g++) copyBytes(this.#bytes, starts[g]!, lengths[g]!, bytes, offsets[g]!)
    return new BytesVector(type, groupCount, validity, offsets, bytes)
  }
}
