import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { RowCodec } from '../runtime/row-codec.ts'
import { resolveNull } from '../types/coercion.ts'
import { BINARY } from '../types/type-factory.ts'
import { Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { BytesVector, type Vector } from '../vectors/vector.ts'
import { presentRows, type GroupedRows } from './accumulator-rows.ts'
import type { AggregateFunction, GroupsAccumulator } from './aggregate-function.ts'

/** first_value(x ORDER BY ...): the value of the first row, NULL or not. */
export const firstAggregate: AggregateFunction = single(
  'first_value',
  ['first'],
  'Value of the first row.',
  'first',
  false,
)

/** last_value(x ORDER BY ...): the value of the last row, NULL or not. */
export const lastAggregate: AggregateFunction = single('last_value', ['last'], 'Value of the last row.', 'last', false)

/** any_value: some value that is not NULL. */
export const anyValue: AggregateFunction = single('any_value', [], 'Some value that is not NULL.', 'first', true)

type Which = 'first' | 'last'

function single(
  name: string,
  aliases: readonly string[],
  description: string,
  which: Which,
  skipsNulls: boolean,
): AggregateFunction {
  return {
    name,
    aliases,
    description,
    examples: [{ sql: `${name}(2)`, result: '2' }],
    ordered: !skipsNulls,
    ignoresDuplicates: true,
    resolve(argTypes) {
      if (argTypes.length !== 1) return null
      const type = resolveNull(argTypes[0]!)
      return { argTypes: [type], returnType: type, stateTypes: [BINARY] }
    },
    createAccumulator: (_argTypes, returnType) => new SingleAccumulator(returnType, which, skipsNulls),
  }
}

/** One encoded value per group; undefined for a group without a row. */
class SingleAccumulator implements GroupsAccumulator {
  readonly #codec: RowCodec
  readonly #which: Which
  readonly #skipsNulls: boolean
  readonly #values: (Uint8Array | undefined)[] = []
  #bytes = 0

  constructor(type: DataType, which: Which, skipsNulls: boolean) {
    this.#codec = new RowCodec([type], false)
    this.#which = which
    this.#skipsNulls = skipsNulls
  }

  get bytes(): number {
    return this.#bytes
  }

  update(
    _groupCount: number,
    groups: Uint32Array,
    args: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    const operands = this.#skipsNulls ? [new Operand(args[0]!)] : []
    const chosen = this.#choose(presentRows(operands, groups, rows, count))
    const { offsets, bytes } = this.#codec.encode(args, chosen.rows, chosen.count)
    for (let k = 0; k < chosen.count; k++) this.#set(chosen.groups[k]!, bytes.slice(offsets[k], offsets[k + 1]))
  }

  merge(
    _groupCount: number,
    groups: Uint32Array,
    states: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    const operand = new Operand(states[0]!)
    const chosen = this.#choose(presentRows([operand], groups, rows ?? allRows(count), count))
    for (let k = 0; k < chosen.count; k++) {
      const at = operand.at(chosen.rows[k]!)
      const { offsets, bytes } = operand.bytes
      this.#set(chosen.groups[k]!, bytes.slice(offsets[at], offsets[at + 1]))
    }
  }

  /** One row for each group that takes one. */
  #choose({ groups, rows, count }: GroupedRows): GroupedRows {
    const last = new Map<number, number>()
    for (let k = 0; k < count; k++) {
      const group = groups[k]!
      if (this.#which === 'last') last.set(group, rows[k]!)
      else if (this.#values[group] === undefined && !last.has(group)) last.set(group, rows[k]!)
    }
    return { groups: Uint32Array.from(last.keys()), rows: Uint32Array.from(last.values()), count: last.size }
  }

  #set(group: number, value: Uint8Array): void {
    this.#bytes += value.length - (this.#values[group]?.length ?? 0)
    this.#values[group] = value
  }

  mergeGroup(_groupCount: number, into: number, from: number): void {
    const before = this.#values[from]
    if (before === undefined) return
    if (this.#which === 'first' || this.#values[into] === undefined) this.#set(into, before)
  }

  state(groupCount: number, region: Region): Vector[] {
    const { offsets, bytes } = this.#joined(groupCount, new Uint8Array(0), region)
    const validity = region.bitmap(groupCount, false)
    for (let g = 0; g < groupCount; g++) if (this.#values[g] !== undefined) validity[g >>> 3]! |= 1 << (g & 7)
    return [new BytesVector(BINARY, groupCount, validity, offsets, bytes)]
  }

  evaluate(groupCount: number, region: Region): Vector {
    const { offsets, bytes } = this.#joined(groupCount, Uint8Array.of(0), region)
    return this.#codec.decode(bytes, Uint32Array.from(offsets.subarray(0, groupCount)), groupCount, region)[0]!
  }

  #joined(groupCount: number, missing: Uint8Array, region: Region): { offsets: Int32Array; bytes: Uint8Array } {
    const offsets = region.i32(groupCount + 1)
    let end = 0
    for (let g = 0; g < groupCount; g++) {
      offsets[g] = end
      end += (this.#values[g] ?? missing).length
    }
    offsets[groupCount] = end
    const bytes = region.u8(end)
    for (let g = 0; g < groupCount; g++) bytes.set(this.#values[g] ?? missing, offsets[g])
    return { offsets, bytes }
  }

  release(): void {}
}
