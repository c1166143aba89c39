import { ArithmeticExpr, CaseExpr, CastExpr, IsNullExpr, LogicalExpr, NotExpr, type Expr } from '@volley/core'
import { OuterRef, type ColumnRef, type LogicalJoinType, type LogicalPlan } from '@volley/planner'
import { Int32 } from 'apache-arrow'
import { Builder, cmp, eq, exists, inQuery, int, join, limit, orderBy, ref, scalar, where } from './build.ts'
import { FakeTable } from './fake-table.ts'

const INT = new Int32()

/** A small deterministic generator (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % n
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }
}

export interface Tables {
  readonly r: FakeTable
  readonly s: FakeTable
  readonly ddl: readonly string[]
}

/** Two tables of small integers with NULLs, in random splits; some take filters into their scans. */
export function randomTables(random: Random): Tables {
  const make = (name: string, columns: readonly string[]): { table: FakeTable; ddl: string[] } => {
    const all = Array.from({ length: random.below(14) }, () =>
      columns.map((_, i) => (i > 0 && random.chance(20) ? null : random.below(5))),
    )
    const splits = Array.from({ length: 1 + random.below(3) }, (_, i) => ({
      id: `${name}${i}`,
      rows: [] as (number | null)[][],
    }))
    for (const row of all) random.pick(splits).rows.push(row)
    const fields = columns.map((column, i) => ({ name: column, type: INT, nullable: i > 0 }))
    const values = all.map((row) => `(${row.map((value) => value ?? 'NULL').join(', ')})`)
    const ddl = [`CREATE OR REPLACE TABLE ${name} (${columns.map((column) => `${column} INTEGER`).join(', ')})`]
    if (values.length > 0) ddl.push(`INSERT INTO ${name} VALUES ${values.join(', ')}`)
    return { table: new FakeTable(name, fields, splits, { filters: random.chance(50) }), ddl }
  }
  const r = make('r', ['a', 'b', 'c'])
  const s = make('s', ['a', 'd', 'e'])
  return { r: r.table, s: s.table, ddl: [...r.ddl, ...s.ddl] }
}

export interface RandomQuery {
  readonly sql: string
  readonly plan: LogicalPlan
}

interface Scope {
  readonly plan: LogicalPlan
  /** SQL name of each column and its expression. */
  readonly columns: readonly { readonly sql: string; readonly expr: Expr }[]
}

interface Sql {
  readonly sql: string
  readonly expr: Expr
}

/** A query as SQL and as the logical plan that a binder would make of it. */
export function randomQuery(random: Random, tables: Tables): RandomQuery {
  const generator = new Generator(random, tables)
  return generator.query()
}

function outside(expr: Expr): Expr {
  return new OuterRef(expr as ColumnRef)
}

const JOINS: readonly (readonly [string, LogicalJoinType])[] = [
  ['JOIN', 'inner'],
  ['LEFT JOIN', 'left'],
  ['RIGHT JOIN', 'right'],
  ['FULL JOIN', 'full'],
  ['SEMI JOIN', 'left_semi'],
  ['ANTI JOIN', 'left_anti'],
]

class Generator {
  readonly #random: Random
  readonly #tables: Tables
  readonly #builder = new Builder()
  #aliases = 0

  constructor(random: Random, tables: Tables) {
    this.#random = random
    this.#tables = tables
  }

  #scan(): Scope & { from: string } {
    const table = this.#random.chance(50) ? this.#tables.r : this.#tables.s
    const alias = `t${this.#aliases++}`
    const plan = this.#builder.scan(table)
    const columns = plan.columns.map((column) => ({
      sql: `${alias}.${column.name}`,
      expr: ref(plan, column.name) as Expr,
    }))
    return { plan, columns, from: `${table.name} ${alias}` }
  }

  #from(): Scope & { from: string } {
    let left = this.#scan()
    for (let joins = this.#random.below(3); joins > 0; joins--) {
      const right = this.#scan()
      const both = [...left.columns, ...right.columns]
      if (this.#random.chance(20)) {
        left = {
          plan: join(left.plan, right.plan, 'inner', null),
          columns: both,
          from: `${left.from} CROSS JOIN ${right.from}`,
        }
        continue
      }
      const [word, type] = this.#random.pick(JOINS)
      const key = this.#equality(left.columns, right.columns)
      const on = this.#random.chance(30) ? this.#and(key, this.#comparison(both)) : key
      const plan = join(left.plan, right.plan, type, on.expr)
      const kept = type === 'left_semi' || type === 'left_anti' ? left.columns : both
      const byId = new Map(plan.columns.map((column) => [column.id, column]))
      const columns = kept.map(({ sql, expr }) => {
        const column = byId.get((expr as ColumnRef).id)!
        return { sql, expr: ref({ columns: [column] } as unknown as LogicalPlan, column.name) as Expr }
      })
      left = { plan, columns, from: `${left.from} ${word} ${right.from} ON ${on.sql}` }
    }
    return left
  }

  #and(a: Sql, b: Sql): Sql {
    return { sql: `(${a.sql} AND ${b.sql})`, expr: new LogicalExpr('AND', [a.expr, b.expr]) }
  }

  #equality(left: Scope['columns'], right: Scope['columns']): Sql {
    const [l, r] = [this.#random.pick(left), this.#random.pick(right)]
    return { sql: `${l.sql} = ${r.sql}`, expr: eq(l.expr, r.expr) }
  }

  #comparison(columns: Scope['columns']): Sql {
    const column = this.#random.pick(columns)
    const other = this.#random.chance(30) ? this.#random.pick(columns) : this.#int()
    const op = this.#random.pick(['=', '<>', '<', '<=', '>', '>=', 'IS DISTINCT FROM', 'IS NOT DISTINCT FROM'] as const)
    return { sql: `${column.sql} ${op} ${other.sql}`, expr: cmp(op, column.expr, other.expr) }
  }

  #int(): Sql {
    const value = this.#random.chance(8) ? null : this.#random.below(5)
    return { sql: value === null ? 'NULL::INTEGER' : String(value), expr: int(value) }
  }

  /** A subquery's FROM and WHERE, correlated with `scope` or not, and perhaps with a subquery that reads both. */
  #inner(scope: Scope, depth = 1): Scope & { body: string } {
    const inner = this.#scan()
    const conditions: Sql[] = []
    if (this.#random.chance(65)) {
      const own = this.#random.pick(inner.columns)
      const theirs = this.#random.pick(scope.columns)
      const op = this.#random.chance(70) ? '=' : this.#random.pick(['<', '<>', 'IS NOT DISTINCT FROM'] as const)
      conditions.push({ sql: `${own.sql} ${op} ${theirs.sql}`, expr: cmp(op, own.expr, outside(theirs.expr)) })
    }
    if (this.#random.chance(40)) conditions.push(this.#comparison(inner.columns))
    if (depth > 0 && this.#random.chance(20)) {
      const own = this.#random.pick(inner.columns)
      const theirs = this.#random.pick(scope.columns)
      const below = this.#inner({ ...inner, columns: [own, theirs] }, depth - 1)
      conditions.push({ sql: `EXISTS (SELECT 1 FROM ${below.body})`, expr: exists(below.plan) })
    }
    const predicate = conditions.reduce<Sql | null>((all, one) => (all === null ? one : this.#and(all, one)), null)
    return {
      plan: predicate === null ? inner.plan : where(inner.plan, predicate.expr),
      columns: inner.columns,
      from: inner.from,
      body: `${inner.from}${predicate === null ? '' : ` WHERE ${predicate.sql}`}`,
    } as Scope & { body: string }
  }

  #subquery(scope: Scope): Sql {
    const inner = this.#inner(scope)
    const column = this.#random.pick(inner.columns)
    const mine = this.#random.pick(scope.columns)
    const negated = this.#random.chance(50)
    switch (this.#random.below(6)) {
      case 2: {
        const keys = inner.columns.map((each) => each.expr)
        const plan = this.#builder.project(limit(orderBy(inner.plan, column.expr, ...keys), 1), { v: column.expr })
        const order = [column, ...inner.columns].map((each) => each.sql).join(', ')
        const sql = `${mine.sql} >= (SELECT ${column.sql} FROM ${inner.body} ORDER BY ${order} LIMIT 1)`
        return { sql, expr: cmp('>=', mine.expr, scalar(plan)) }
      }
      case 3: {
        const added = new ArithmeticExpr('+', column.expr, outside(mine.expr), INT)
        const plan = this.#builder.aggregate(inner.plan, {}, { v: ['max', added] })
        const sql = `${mine.sql} < (SELECT max(${column.sql} + ${mine.sql}) FROM ${inner.body})`
        return { sql, expr: cmp('<', mine.expr, scalar(plan)) }
      }
      case 0:
        return {
          sql: `${negated ? 'NOT ' : ''}EXISTS (SELECT 1 FROM ${inner.body})`,
          expr: exists(inner.plan, negated),
        }
      case 1: {
        const plan = this.#builder.project(inner.plan, { v: column.expr })
        const sql = `${mine.sql} ${negated ? 'NOT IN' : 'IN'} (SELECT ${column.sql} FROM ${inner.body})`
        return { sql, expr: inQuery(mine.expr, plan, negated) }
      }
      default: {
        const count = this.#random.chance(50)
        const plan = this.#builder.aggregate(
          inner.plan,
          {},
          { v: count ? ['count', column.expr] : ['max', column.expr] },
        )
        const sql = `${mine.sql} ${negated ? '<' : '>='} (SELECT ${count ? 'count' : 'max'}(${column.sql}) FROM ${inner.body})`
        const value = scalar(plan)
        const left = count ? new CastExpr(mine.expr, value.type, false) : mine.expr
        return { sql, expr: cmp(negated ? '<' : '>=', left, value) }
      }
    }
  }

  #condition(scope: Scope, depth: number): Sql {
    if (depth > 0 && this.#random.chance(35)) {
      const [a, b] = [this.#condition(scope, depth - 1), this.#condition(scope, depth - 1)]
      const op = this.#random.pick(['AND', 'OR'] as const)
      return { sql: `(${a.sql} ${op} ${b.sql})`, expr: new LogicalExpr(op, [a.expr, b.expr]) }
    }
    switch (this.#random.below(7)) {
      case 0: {
        const inner = this.#condition(scope, 0)
        return { sql: `NOT (${inner.sql})`, expr: new NotExpr(inner.expr) }
      }
      case 1: {
        const column = this.#random.pick(scope.columns)
        const negated = this.#random.chance(50)
        return { sql: `${column.sql} IS ${negated ? 'NOT ' : ''}NULL`, expr: new IsNullExpr(column.expr, negated) }
      }
      case 2:
      case 3:
        return this.#subquery(scope)
      default:
        return this.#comparison(scope.columns)
    }
  }

  query(): RandomQuery {
    const from = this.#from()
    let plan: LogicalPlan = from.plan
    let tail = ` FROM ${from.from}`
    const scope: Scope = { plan, columns: from.columns }
    if (this.#random.chance(80)) {
      const condition = this.#condition(scope, 2)
      plan = where(plan, condition.expr)
      tail += ` WHERE ${condition.sql}`
    }
    if (this.#random.chance(35)) return this.#grouped(scope, plan, tail)
    const outputs: Sql[] = Array.from({ length: 1 + this.#random.below(3) }, () => this.#random.pick(from.columns))
    if (this.#random.chance(35)) {
      const when = this.#condition(scope, 1)
      // oxlint-disable-next-line unicorn/no-thenable -- an expression is not awaited
      const expr = new CaseExpr([{ when: when.expr, then: int(1) }], int(0), INT)
      outputs.push({ sql: `CASE WHEN ${when.sql} THEN 1 ELSE 0 END`, expr })
    }
    const named = Object.fromEntries(outputs.map(({ expr }, i) => [`o${i}`, expr]))
    let projected: LogicalPlan = this.#builder.project(plan, named)
    let sql = `SELECT ${outputs.map(({ sql }, i) => `${sql} AS o${i}`).join(', ')}${tail}`
    if (this.#random.chance(20)) {
      projected = this.#builder.aggregate(
        projected,
        Object.fromEntries(outputs.map((_, i) => [`o${i}`, ref(projected, `o${i}`)])),
        {},
      )
      sql = sql.replace('SELECT', 'SELECT DISTINCT')
    }
    if (this.#random.chance(20)) {
      const twin = this.#scan()
      const other = this.#builder.project(
        twin.plan,
        Object.fromEntries(
          outputs.map((_, i) => [`u${i}`, i === outputs.length - 1 ? int(3) : twin.columns[i % 3]!.expr]),
        ),
      )
      sql = `SELECT * FROM (${sql}) UNION ALL SELECT ${outputs.map((_, i) => (i === outputs.length - 1 ? '3' : twin.columns[i % 3]!.sql)).join(', ')} FROM ${twin.from}`
      projected = this.#builder.union(projected, other)
    }
    if (this.#random.chance(30)) {
      const keys = outputs.map((_, i) => ref(projected, `o${i}`))
      const [fetch, skip] = [this.#random.below(6), this.#random.below(3)]
      projected = limit(orderBy(projected, ...keys), fetch, skip)
      sql = `SELECT * FROM (${sql}) ORDER BY ${outputs.map((_, i) => `o${i}`).join(', ')} LIMIT ${fetch} OFFSET ${skip}`
    }
    return { sql, plan: projected }
  }

  #grouped(scope: Scope, plan: LogicalPlan, tail: string): RandomQuery {
    const [key, value] = [this.#random.pick(scope.columns), this.#random.pick(scope.columns)]
    const distinct = this.#random.chance(40)
    const plain = !distinct || this.#random.chance(50)
    const grouped = this.#random.chance(75)
    const calls: Record<string, readonly [string, Expr | null, boolean?]> = {
      n: ['count', value.expr, distinct],
      ...(plain ? { s: ['sum', value.expr] as const, m: ['min', value.expr] as const } : {}),
    }
    const aggregate = this.#builder.aggregate(plan, grouped ? { k: key.expr } : {}, calls)
    const outputs = [
      ...(grouped ? [`${key.sql} AS k`] : []),
      `count(${distinct ? 'DISTINCT ' : ''}${value.sql}) AS n`,
      ...(plain ? [`sum(${value.sql}) AS s`, `min(${value.sql}) AS m`] : []),
    ]
    let sql = `SELECT ${outputs.join(', ')}${tail}${grouped ? ` GROUP BY ${key.sql}` : ''}`
    if (!grouped || this.#random.chance(50)) return { sql, plan: aggregate }
    const bound = this.#random.below(5)
    sql = `SELECT * FROM (${sql}) WHERE k >= ${bound}`
    return { sql, plan: where(aggregate, cmp('>=', ref(aggregate, 'k'), int(bound))) }
  }
}
