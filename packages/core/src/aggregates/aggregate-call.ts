import type { DataType } from 'apache-arrow'
import type { Arena } from '@volley/kernels'
import type { Expr } from '../expressions/expr.ts'
import type { SortKey } from '../plan/execution-plan.ts'
import { formatSortKeys } from '../plan/format-sort-keys.ts'
import { BINARY, listType } from '../types/type-factory.ts'
import type { AggregateFunction, GroupsAccumulator } from './aggregate-function.ts'
import { CollectedAccumulator } from './collected-accumulator.ts'
import { DistinctAccumulator } from './distinct-accumulator.ts'

export interface AggregateCallOptions {
  readonly distinct: boolean
  /** Rows that count: where it is TRUE. */
  readonly filter: Expr | null
  readonly orderBy: readonly SortKey[]
  readonly type: DataType
  readonly nullable: boolean
  /** Types that the arguments have, which are those that the function asked for. */
  readonly argTypes: readonly DataType[]
}

/** An aggregate function with its arguments, as GROUP BY and window frames evaluate it. */
export class AggregateCall {
  readonly fn: AggregateFunction
  readonly args: readonly Expr[]
  readonly distinct: boolean
  readonly filter: Expr | null
  readonly orderBy: readonly SortKey[]
  readonly type: DataType
  readonly nullable: boolean
  readonly argTypes: readonly DataType[]

  constructor(fn: AggregateFunction, args: readonly Expr[], options: AggregateCallOptions) {
    this.fn = fn
    this.args = args
    this.distinct = options.distinct
    this.filter = options.filter
    this.orderBy = options.orderBy
    this.type = options.type
    this.nullable = options.nullable
    this.argTypes = options.argTypes
  }

  withExprs(args: readonly Expr[], filter: Expr | null, orderBy: readonly SortKey[]): AggregateCall {
    const { distinct, type, nullable, argTypes } = this
    return new AggregateCall(this.fn, args, { distinct, filter, orderBy, type, nullable, argTypes })
  }

  /** Every expression: arguments, then filter, then sort keys. */
  get exprs(): readonly Expr[] {
    return [...this.args, ...(this.filter === null ? [] : [this.filter]), ...this.orderBy.map((key) => key.expr)]
  }

  toString(): string {
    const distinct = this.distinct ? 'DISTINCT ' : ''
    const args = this.args.length === 0 && this.fn.name === 'count' ? '*' : this.args.join(', ')
    const order = this.orderBy.length === 0 ? '' : ` ORDER BY ${formatSortKeys(this.orderBy)}`
    const filter = this.filter === null ? '' : ` FILTER (WHERE ${this.filter})`
    return `${this.fn.name}(${distinct}${args}${order})${filter}`
  }

  /** DISTINCT where it matters. */
  get #distinct(): boolean {
    return this.distinct && this.fn.ignoresDuplicates !== true
  }

  get #orderBy(): readonly SortKey[] {
    return this.fn.ordered === true ? this.orderBy : []
  }

  /** Whether its accumulators hold all rows, for DISTINCT or ORDER BY. */
  get holdsRows(): boolean {
    return this.#distinct || this.#orderBy.length > 0
  }

  /** Types of the values that are told apart, where they are and come in any order; else null. */
  get distinctTypes(): readonly DataType[] | null {
    if (!this.#distinct || this.#orderBy.length > 0 || this.inputs.length === 0) return null
    return this.inputs.map((expr) => expr.type)
  }

  /** What the accumulator is updated with: arguments, then sort keys where the order matters. */
  get inputs(): readonly Expr[] {
    return [...this.args, ...this.#orderBy.map((key) => key.expr)]
  }

  /** Columns of a partial state. DISTINCT and ORDER BY need all rows: their state is a list of encoded rows. */
  get stateTypes(): readonly DataType[] {
    return this.holdsRows ? [listType(BINARY)] : this.fn.resolve(this.argTypes)!.stateTypes
  }

  /** With an arena, an accumulator may hold what it has of groups in it. */
  createAccumulator(arena: Arena | null = null): GroupsAccumulator {
    const make = (own: Arena | null = null): GroupsAccumulator =>
      this.fn.createAccumulator(this.argTypes, this.type, own)
    if (!this.holdsRows) return make(arena)
    const { distinctTypes } = this
    if (arena !== null && distinctTypes !== null) return new DistinctAccumulator(make(arena), distinctTypes, arena)
    const types = this.inputs.map((expr) => expr.type)
    return new CollectedAccumulator(make, types, this.args.length, this.#distinct, this.#orderBy)
  }
}
