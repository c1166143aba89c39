import type { Region } from '@volley/kernels'
import { BINARY, INT64 } from '../types/type-factory.ts'
import { hashVector } from '../vectors/hash.ts'
import { Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { BytesVector, type Vector } from '../vectors/vector.ts'
import { presentRows } from './accumulator-rows.ts'
import type { AggregateFunction, GroupsAccumulator } from './aggregate-function.ts'
import { int64Vector } from './state-vectors.ts'

/** Registers are chosen by 12 bits of the hash: an error of about 1.6%. */
const BITS = 12
const REGISTERS = 1 << BITS

/** approx_distinct: the number of distinct values by HyperLogLog (Flajolet et al. 2007). */
export const approxDistinct: AggregateFunction = {
  name: 'approx_distinct',
  aliases: ['approx_count_distinct'],
  description: 'Approximate number of distinct values, within about 1.6%.',
  examples: [{ sql: 'approx_distinct(2)', result: '1' }],
  ignoresDuplicates: true,
  neverNull: true,
  resolve: (argTypes) => (argTypes.length === 1 ? { argTypes, returnType: INT64, stateTypes: [BINARY] } : null),
  createAccumulator: () => new DistinctSketch(),
}

class DistinctSketch implements GroupsAccumulator {
  readonly #registers: (Uint8Array | undefined)[] = []

  get bytes(): number {
    return this.#registers.length * REGISTERS
  }

  update(
    _groupCount: number,
    groups: Uint32Array,
    args: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    const present = presentRows([new Operand(args[0]!)], groups, rows, count)
    if (present.count === 0) return
    const hashes = new Uint32Array(present.count)
    hashVector(args[0]!, present.rows.subarray(0, present.count), hashes, false)
    for (let k = 0; k < present.count; k++) {
      const hash = hashes[k]!
      const registers = this.#of(present.groups[k]!)
      const index = hash >>> (32 - BITS)
      const rank = Math.min(Math.clz32(hash << BITS), 32 - BITS) + 1
      if (rank > registers[index]!) registers[index] = rank
    }
  }

  #of(group: number): Uint8Array {
    return (this.#registers[group] ??= new Uint8Array(REGISTERS))
  }

  merge(
    _groupCount: number,
    groups: Uint32Array,
    states: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    const operand = new Operand(states[0]!)
    const list = rows ?? allRows(count)
    for (let k = 0; k < count; k++) {
      if (!operand.isValid(list[k]!)) continue
      const at = operand.at(list[k]!)
      const { offsets, bytes } = operand.bytes
      raise(this.#of(groups[k]!), bytes.subarray(offsets[at], offsets[at + 1]))
    }
  }

  mergeGroup(_groupCount: number, into: number, from: number): void {
    const registers = this.#registers[from]
    if (registers !== undefined) raise(this.#of(into), registers)
  }

  state(groupCount: number, region: Region): Vector[] {
    const offsets = region.i32(groupCount + 1)
    const validity = region.bitmap(groupCount, false)
    let end = 0
    for (let g = 0; g < groupCount; g++) {
      offsets[g] = end
      if (this.#registers[g] === undefined) continue
      validity[g >>> 3]! |= 1 << (g & 7)
      end += REGISTERS
    }
    offsets[groupCount] = end
    const bytes = region.u8(end)
    for (let g = 0; g < groupCount; g++)
      if (this.#registers[g] !== undefined) bytes.set(this.#registers[g]!, offsets[g])
    return [new BytesVector(BINARY, groupCount, validity, offsets, bytes)]
  }

  evaluate(groupCount: number, region: Region): Vector {
    const counts = new Float64Array(groupCount)
    for (let g = 0; g < groupCount; g++) counts[g] = estimate(this.#registers[g])
    return int64Vector(counts, groupCount, region)
  }

  release(): void {}
}

function raise(registers: Uint8Array, other: Uint8Array): void {
  for (let i = 0; i < REGISTERS; i++) if (other[i]! > registers[i]!) registers[i] = other[i]!
}

function estimate(registers: Uint8Array | undefined): number {
  if (registers === undefined) return 0
  let sum = 0
  let zeros = 0
  for (let i = 0; i < REGISTERS; i++) {
    sum += 2 ** -registers[i]!
    zeros += +(registers[i] === 0)
  }
  const raw = ((0.7213 / (1 + 1.079 / REGISTERS)) * REGISTERS * REGISTERS) / sum
  if (raw <= 2.5 * REGISTERS && zeros > 0) return Math.round(REGISTERS * Math.log(REGISTERS / zeros))
  // Hashes of 32 bits collide.
  return Math.round(raw > 2 ** 32 / 30 ? -(2 ** 32) * Math.log(1 - raw / 2 ** 32) : raw)
}
