import type { DataType } from 'apache-arrow'
import type { Arena, Region } from '@volley/kernels'
import type { FunctionExample } from '../functions/scalar-function.ts'
import type { Steps } from '../runtime/run-steps.ts'
import type { Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'

/** What an aggregate makes of its argument types. */
export interface ResolvedAggregate {
  /** What the arguments are cast to. */
  readonly argTypes: readonly DataType[]
  readonly returnType: DataType
  /** Columns of one partial state. */
  readonly stateTypes: readonly DataType[]
}

/** A function of the values of a group. NULL of no rows, unless it says otherwise. */
export interface AggregateFunction {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly description: string
  readonly examples: readonly FunctionExample[]
  /** The result depends on the order of the rows; for the others an ORDER BY inside the call is dropped. */
  readonly ordered?: boolean
  /**
   * Called as `f(direct arguments) WITHIN GROUP (ORDER BY key)`: the call's arguments are the direct ones and then the
   * key's expression, and its `orderBy` is the key.
   */
  readonly orderedSet?: boolean
  /** DISTINCT changes nothing, as for min. */
  readonly ignoresDuplicates?: boolean
  /** Never NULL, as for count. */
  readonly neverNull?: boolean
  /** Chooses the overload; null when there is none. */
  resolve(argTypes: readonly DataType[]): ResolvedAggregate | null
  /** With an arena, what it holds of groups may be there, where kernels reach it. */
  createAccumulator(argTypes: readonly DataType[], returnType: DataType, arena?: Arena | null): GroupsAccumulator
}

/**
 * The states of one aggregate for groups 0 to groupCount - 1. Groups appear as they are first counted in; a group without
 * rows has the state of no rows.
 */
export interface GroupsAccumulator {
  /** Adds `count` rows: the k-th is row `rows[k]` of the arguments (row k, when `rows` is null), of group `groups[k]`. */
  update(groupCount: number, groups: Uint32Array, args: readonly Vector[], rows: Selection | null, count: number): void
  /** The same where group 0 is the only one: rows `rows`, or rows 0 to `count - 1`. */
  updateAll?(args: readonly Vector[], rows: Selection | null, count: number): void
  /** The same with partial states in place of arguments. */
  merge(groupCount: number, groups: Uint32Array, states: readonly Vector[], rows: Selection | null, count: number): void
  /** Adds the state of group `from` to that of group `into`, as if its rows had come before those of `into`. */
  mergeGroup(groupCount: number, into: number, from: number): void
  /** One row per group, in the function's state types. */
  state(groupCount: number, region: Region): Vector[]
  /** One row per group. */
  evaluate(groupCount: number, region: Region): Vector
  /** `state` and `evaluate` in steps, of those that take long over many rows. */
  stateSteps?(groupCount: number, region: Region): Steps<Vector[]>
  evaluateSteps?(groupCount: number, region: Region): Steps<Vector>
  /** Bytes held. */
  readonly bytes: number
  release(): void
}
