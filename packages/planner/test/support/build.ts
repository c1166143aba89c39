import {
  AggregateCall,
  ComparisonExpr,
  defaultFunctions,
  literal,
  type ComparisonOperator,
  type Expr,
  type FunctionRegistry,
  type ScalarValue,
  type SortKey,
} from '@volley/core'
import {
  Aggregate,
  ColumnRef,
  Filter,
  Join,
  Limit,
  OuterRef,
  Projection,
  SessionSettings,
  Sort,
  SubqueryExpr,
  TableScan,
  Union,
  type LogicalColumn,
  type LogicalJoinType,
  type LogicalPlan,
  type PlanningContext,
} from '@volley/planner'
import { Int32 } from 'apache-arrow'
import type { FakeTable } from './fake-table.ts'

export const functions: FunctionRegistry = defaultFunctions()
const INT = new Int32()

export function planning(settings: SessionSettings = new SessionSettings()): PlanningContext {
  const catalog = { table: async () => null, tableFunction: async () => null, tableNames: async () => [] }
  return { catalog, functions, settings, now: 0n }
}

/** Makes logical plans by hand; ids count up. */
export class Builder {
  #next = 1

  column(name: string, like: { type: LogicalColumn['type']; nullable: boolean }): LogicalColumn {
    return { id: this.#next++, name, type: like.type, nullable: like.nullable, qualifier: null }
  }

  scan(table: FakeTable, names?: readonly string[]): TableScan {
    const columns = table.columns.filter((column) => names?.includes(column.name) ?? !column.name.startsWith('_'))
    const outputs = columns.map((column) => ({
      column: { ...this.column(column.name, column), qualifier: table.name },
      source: { kind: 'column' as const, name: column.name },
    }))
    return new TableScan(table, outputs, [], [], null)
  }

  project(input: LogicalPlan, exprs: Readonly<Record<string, Expr>>): Projection {
    return new Projection(
      input,
      Object.entries(exprs).map(([name, expr]) => ({
        column:
          expr instanceof ColumnRef && expr.name === name
            ? input.columns.find((c) => c.id === expr.id)!
            : this.column(name, expr),
        expr,
      })),
    )
  }

  aggregate(
    input: LogicalPlan,
    groups: Readonly<Record<string, Expr>>,
    calls: Readonly<Record<string, readonly [name: string, arg: Expr | null, distinct?: boolean]>>,
  ): Aggregate {
    const groupExprs = Object.entries(groups).map(([name, expr]) => ({ column: this.column(name, expr), expr }))
    const aggregates = Object.entries(calls).map(([name, [fnName, arg, distinct]]) => {
      const fn = functions.aggregate(fnName)!
      const args = arg === null ? [] : [arg]
      const resolved = fn.resolve(args.map((each) => each.type))!
      const nullable = fn.neverNull !== true
      const call = new AggregateCall(fn, args, {
        distinct: distinct ?? false,
        filter: null,
        orderBy: [],
        type: resolved.returnType,
        nullable,
        argTypes: resolved.argTypes,
      })
      return { column: this.column(name, { type: resolved.returnType, nullable }), call }
    })
    return new Aggregate(input, groupExprs, null, null, aggregates)
  }

  union(...inputs: LogicalPlan[]): Union {
    const columns = inputs[0]!.columns.map((column, i) =>
      this.column(column.name, { type: column.type, nullable: inputs.some((input) => input.columns[i]!.nullable) }),
    )
    return new Union(inputs, columns)
  }
}

export function ref(plan: LogicalPlan, name: string, nth = 0): ColumnRef {
  const column = plan.columns.filter((candidate) => candidate.name === name)[nth]
  if (column === undefined) throw new Error(`no column ${name} in [${plan.columns.map((c) => c.name).join(', ')}]`)
  return new ColumnRef(column.id, column.name, column.type, column.nullable)
}

export function outer(plan: LogicalPlan, name: string): Expr {
  return new OuterRef(ref(plan, name))
}

export function int(value: number | null): Expr {
  return literal(value, INT)
}

export function cmp(op: ComparisonOperator, left: Expr, right: Expr): Expr {
  return new ComparisonExpr(op, left, right)
}

export function eq(left: Expr, right: Expr): Expr {
  return cmp('=', left, right)
}

export function where(input: LogicalPlan, predicate: Expr): Filter {
  return new Filter(input, predicate)
}

export function join(left: LogicalPlan, right: LogicalPlan, type: LogicalJoinType, on: Expr | null): Join {
  return new Join(left, right, type, on)
}

export function exists(plan: LogicalPlan, negated = false): Expr {
  return new SubqueryExpr('exists', plan, [], negated)
}

export function inQuery(child: Expr, plan: LogicalPlan, negated = false): Expr {
  return new SubqueryExpr('in', plan, [child], negated)
}

export function scalar(plan: LogicalPlan): Expr {
  return new SubqueryExpr('scalar', plan)
}

export function orderBy(input: LogicalPlan, ...keys: (Expr | SortKey)[]): Sort {
  return new Sort(
    input,
    keys.map((key) => ('expr' in key ? key : { expr: key, descending: false, nullsFirst: false })),
  )
}

export function limit(input: LogicalPlan, fetch: number | null, skip = 0): Limit {
  return new Limit(input, skip, fetch)
}

export type Row = readonly ScalarValue[]
