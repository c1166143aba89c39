import { GrowingBytes, type Region } from '@volley/kernels'
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
  #texts = new GrowingBytes(FIRST_BYTES)
  /** Bytes of them that no group has. */
  #lost = 0

  /** `sign` is 1 for the first in order, -1 for the last. */
  constructor(sign: 1 | -1) {
    this.#sign = sign
  }

  get bytes(): number {
    return this.#texts.bytes.length + this.#starts.bytes + this.#lengths.bytes + this.#codes.bytes
  }

  release(): void {
    this.#starts.release()
    this.#lengths.release()
    this.#codes.release()
    this.#content = null
    this.#texts = new GrowingBytes(0)
    this.#lost = 0
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
    this.#take(this.#texts.bytes, start, start + this.#lengths.values[from]!, into, seen)
  }

  #take(bytes: Uint8Array, start: number, end: number, group: number, seen: Uint8Array): void {
    const place = this.#starts.values[group]!
    const before = this.#lengths.values[group]!
    if (seen[group] === 1) {
      if (this.#sign * compareBytes(bytes, start, end, this.#texts.bytes, place, place + before) >= 0) return
    }
    seen[group] = 1
    const length = end - start
    const fits = length <= before
    this.#lost += fits ? before - length : before
    this.#lengths.values[group] = fits ? length : 0
    const to = fits ? place : this.#append(length)
    copyBytes(bytes, start, length, this.#texts.bytes, to)
    this.#starts.values[group] = to
    this.#lengths.values[group] = length
  }

  /** Room behind all; in another buffer, without what is lost, where there is none: the one before may be what is copied from. */
  #append(length: number): number {
    const from = this.#texts
    if (this.#lost === 0 || from.end + length <= from.bytes.length) return from.take(length)
    this.#texts = new GrowingBytes(Math.max(2 * (from.end - this.#lost + length), FIRST_BYTES))
    this.#lost = 0
    const [starts, lengths] = [this.#starts.values, this.#lengths.values]
    for (let g = 0; g < lengths.length; g++) {
      if (lengths[g] === 0) continue
      const start = this.#texts.take(lengths[g]!)
      copyBytes(from.bytes, starts[g]!, lengths[g]!, this.#texts.bytes, start)
      starts[g] = start
    }
    return this.#texts.take(length)
  }

  vector(type: DataType, groupCount: number, validity: Uint8Array | null, region: Region): Vector {
    const offsets = region.i32(groupCount + 1)
    const [starts, lengths] = [this.#starts.values, this.#lengths.values]
    offsets[0] = 0
    for (let g = 0; g < groupCount; g++) offsets[g + 1] = offsets[g]! + lengths[g]!
    const bytes = region.u8(offsets[groupCount]!)
    for (let g = 0; g < groupCount; g++) copyBytes(this.#texts.bytes, starts[g]!, lengths[g]!, bytes, offsets[g]!)
    return new BytesVector(type, groupCount, validity, offsets, bytes)
  }
}
