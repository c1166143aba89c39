import type { DataType } from 'apache-arrow'
import type { Arena, Region } from '@volley/kernels'
import type { Expr } from '../expressions/expr.ts'
import type { Steps } from '../runtime/run-steps.ts'
import { UINT32 } from '../types/type-factory.ts'
import { vectorOf } from '../vectors/build.ts'
import { RecordBatch, type Selection } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { ConstantVector, NullVector, type Vector } from '../vectors/vector.ts'
import { NULL } from '../types/type-factory.ts'
import { groupZero } from './accumulator-rows.ts'
import type { AggregateCall } from './aggregate-call.ts'
import type { GroupsAccumulator } from './aggregate-function.ts'
import type { DistinctAccumulator } from './distinct-accumulator.ts'
import type { GroupTableHint } from './dense-key-table.ts'
import { GroupWords } from './group-memory.ts'
import { createGroupTable, type GroupTable } from './group-table.ts'

/** The groups of an aggregation and the states of its calls. */
export class AggregateState {
  readonly #groups: readonly Expr[]
  readonly #calls: readonly AggregateCall[]
  readonly #table: GroupTable
  #accumulators: readonly GroupsAccumulator[]
  readonly #words: GroupWords

  /** `keyTypes` are those of the groups, and the grouping id's where there are grouping sets. */
  constructor(
    groups: readonly Expr[],
    keyTypes: readonly DataType[],
    calls: readonly AggregateCall[],
    arena: Arena,
    hint?: GroupTableHint | null,
  ) {
    this.#groups = groups
    this.#calls = calls
    this.#table = createGroupTable(keyTypes, arena, hint)
    this.#words = new GroupWords(arena)
    this.#accumulators = calls.map((call) => call.createAccumulator(arena))
  }

  get groupCount(): number {
    return this.#table.count
  }

  get bytes(): number {
    return this.#accumulators.reduce((sum, accumulator) => sum + accumulator.bytes, this.#table.bytes)
  }

  /** Makes room for the groups of so many rows, in steps; null where that is short. */
  makeRoom(rows: number): Steps<void> | null {
    return this.#table.makeRoom?.(rows) ?? null
  }

  /** Adds the rows of a batch; with `sets`, once for each grouping set. */
  update(batch: RecordBatch, sets: readonly (readonly number[])[] | null, region: Region): void {
    const rows = batch.selection ?? allRows(batch.length)
    const keys = this.#groups.map((group) => group.evaluate(batch, batch.selection, region))
    const inputs = this.#calls.map((call) => callInput(call, batch, rows, region))
    if (sets === null && this.#groups.length === 0) return this.#updateAll(batch, inputs)
    for (const [s, set] of (sets ?? [null]).entries()) {
      const setKeys = set === null ? keys : setColumns(keys, set, s, batch.length, region)
      const ids = this.#assign(setKeys, rows)
      for (const [i, { args, subset }] of inputs.entries()) {
        const groups = subset === null ? ids : pick(ids, rows, subset)
        const selected = subset ?? rows
        this.#accumulators[i]!.update(this.#table.count, groups, args, selected, selected.length)
      }
    }
  }

  #updateAll(batch: RecordBatch, inputs: readonly CallInput[]): void {
    for (const [i, { args, subset }] of inputs.entries()) {
      const accumulator = this.#accumulators[i]!
      const rows = subset ?? batch.selection
      const count = rows === null ? batch.length : rows.length
      if (accumulator.updateAll !== undefined) accumulator.updateAll(args, rows, count)
      else accumulator.update(1, groupZero(count), args, rows ?? allRows(count), count)
    }
  }

  /** Adds the partial states of a batch: key columns, then state columns. */
  merge(batch: RecordBatch, keys: readonly Vector[], firstState: number): void {
    const rows = batch.selection ?? allRows(batch.length)
    const ids = this.#assign(keys, rows)
    let at = firstState
    for (const [i, call] of this.#calls.entries()) {
      const count = call.stateTypes.length
      const states = batch.columns.slice(at, at + count)
      this.#accumulators[i]!.merge(this.#table.count, ids, states, rows, rows.length)
      at += count
    }
  }

  /**
   * Adds the states of a batch but for the values of DISTINCT calls, and gives the numbers of its rows' groups. Batches have
   * no selection.
   */
  mergeOthers(batch: RecordBatch, keys: readonly Vector[], firstState: number): Uint32Array {
    const rows = allRows(batch.length)
    const ids = this.#assign(keys, rows).slice(0, rows.length)
    let at = firstState
    for (const [i, call] of this.#calls.entries()) {
      const count = call.stateTypes.length
      const states = batch.columns.slice(at, at + count)
      if (call.distinctTypes === null) this.#accumulators[i]!.merge(this.#table.count, ids, states, rows, rows.length)
      else this.addDistinct(i, NONE, states, NONE, 0)
      at += count
    }
    return ids
  }

  /** Counts values of a DISTINCT call that its groups do not have yet. */
  addDistinct(
    call: number,
    groups: Uint32Array,
    columns: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    const accumulator = this.#accumulators[call] as DistinctAccumulator
    accumulator.addNew(this.#table.count, groups, columns, rows, count)
  }

  /** Makes the group of an empty grouping set, which is there without rows too. */
  addEmptySet(groupCount: number, id: number, region: Region): void {
    const keys = setColumns(
      Array.from({ length: groupCount }, () => new NullVector(NULL, 1, null)),
      [],
      id,
      1,
      region,
    )
    this.#assign(keys, allRows(1))
  }

  #assign(keys: readonly Vector[], rows: Selection): Uint32Array {
    const words = this.#words.ensure(rows.length)
    const ids = new Uint32Array(words.buffer as ArrayBuffer, words.byteOffset, words.length)
    this.#table.assign(keys, rows, rows.length, ids)
    return ids
  }

  keys(region: Region): Vector[] {
    return this.#table.keys(region)
  }

  /** The states of all calls, in steps. */
  *states(region: Region): Steps<Vector[]> {
    const states: Vector[] = []
    for (const accumulator of this.#accumulators) {
      const steps = accumulator.stateSteps?.(this.#table.count, region)
      states.push(...(steps === undefined ? accumulator.state(this.#table.count, region) : yield* steps))
      yield
    }
    return states
  }

  /** The results of all calls, in steps. */
  *results(region: Region): Steps<Vector[]> {
    const results: Vector[] = []
    for (const accumulator of this.#accumulators) {
      const steps = accumulator.evaluateSteps?.(this.#table.count, region)
      results.push(steps === undefined ? accumulator.evaluate(this.#table.count, region) : yield* steps)
      yield
    }
    return results
  }

  release(): void {
    this.#table.release()
    this.#words.release()
    for (const accumulator of this.#accumulators) accumulator.release()
    this.#accumulators = []
  }
}

const NONE = new Uint32Array(0)

interface CallInput {
  readonly args: readonly Vector[]
  /** Rows that pass the call's filter; null is all. */
  readonly subset: Selection | null
}

function callInput(call: AggregateCall, batch: RecordBatch, rows: Selection, region: Region): CallInput {
  const subset = call.filter === null ? null : call.filter.select(batch, batch.selection, region)
  const selection = subset === null ? batch.selection : subset
  const args = call.inputs.map((expr) => expr.evaluate(batch, selection, region))
  return { args, subset: subset === rows ? null : subset }
}

/** Elements of `ids` (one for each of `rows`) at the rows of `subset`; both ascending. */
function pick(ids: Uint32Array, rows: Selection, subset: Selection): Uint32Array {
  const out = new Uint32Array(subset.length)
  let k = 0
  for (let i = 0; i < subset.length; i++) {
    while (rows[k] !== subset[i]) k++
    out[i] = ids[k]!
  }
  return out
}

/** The keys of one grouping set: columns that are not in it are NULL, and its number stands behind them. */
function setColumns(
  keys: readonly Vector[],
  set: readonly number[],
  id: number,
  length: number,
  region: Region,
): Vector[] {
  const columns = keys.map((key, i) => (set.includes(i) ? key : new NullVector(key.type, length, null)))
  return [...columns, new ConstantVector(vectorOf(UINT32, [id], region), length)]
}
