import { randomLiteral, TYPES, type SqlType } from './random-tables.ts'
import type { Random } from './random.ts'

/** A column that an expression may name. */
export interface Visible {
  readonly sql: string
  readonly type: SqlType
}

/** A subquery's text, for the columns that it may name of what is around it. */
export type Subqueries = {
  readonly scalar: (type: SqlType, outer: readonly Visible[]) => string
  readonly predicate: (outer: readonly Visible[]) => string
}

const COMPARISONS = ['=', '<>', '<', '<=', '>', '>='] as const
const NUMBERS: readonly SqlType[] = ['INTEGER', 'BIGINT', 'DOUBLE', 'DECIMAL(12,2)']

/** Typed expressions over visible columns, of what PostgreSQL and DuckDB agree on. */
export class RandomExpression {
  readonly #random: Random
  readonly #columns: readonly Visible[]
  readonly #subqueries: Subqueries | null

  constructor(random: Random, columns: readonly Visible[], subqueries: Subqueries | null = null) {
    this.#random = random
    this.#columns = columns
    this.#subqueries = subqueries
  }

  any(depth: number): Visible {
    const type = this.#random.pick(TYPES)
    return { sql: this.of(type, depth), type }
  }

  of(type: SqlType, depth: number): string {
    const random = this.#random
    if (depth <= 0 || random.chance(25)) return this.#leaf(type)
    const roll = random.below(100)
    if (roll < 8) return this.#case(type, depth)
    if (roll < 14) return `coalesce(${this.of(type, depth - 1)}, ${this.of(type, depth - 1)})`
    if (roll < 17) return `nullif(${this.of(type, depth - 1)}, ${this.of(type, depth - 1)})`
    if (roll < 20 && type !== 'BOOLEAN') {
      return `${random.pick(['greatest', 'least'])}(${this.of(type, depth - 1)}, ${this.of(type, depth - 1)})`
    }
    if (roll < 23 && this.#subqueries !== null) return this.#subqueries.scalar(type, this.#columns)
    switch (type) {
      case 'INTEGER':
        return this.#integer(depth)
      case 'BIGINT':
        return `CAST(${this.of('INTEGER', depth - 1)} AS BIGINT)`
      case 'DOUBLE':
        return random.pick([
          () => `(${this.of('DOUBLE', depth - 1)} ${random.pick(['+', '-', '*'])} ${this.of('DOUBLE', depth - 1)})`,
          () => `(${this.of('DOUBLE', depth - 1)} / CAST(${random.pick(['2', '-4', '0.5'])} AS DOUBLE))`,
          () => `${random.pick(['floor', 'ceil', 'abs'])}(${this.of('DOUBLE', depth - 1)})`,
          () => `CAST(${this.of(random.pick(NUMBERS), depth - 1)} AS DOUBLE)`,
        ])()
      case 'DECIMAL(12,2)':
        return random.pick([
          () => `CAST(${this.of('INTEGER', depth - 1)} AS DECIMAL(12,2))`,
          () => `CAST(${this.#leaf(type)} ${random.pick(['+', '-'])} ${this.#leaf(type)} AS DECIMAL(12,2))`,
          () => `abs(${this.#leaf(type)})`,
        ])()
      case 'VARCHAR':
        return this.#text(depth)
      case 'BOOLEAN':
        return this.predicate(depth)
      case 'DATE':
        return random.pick([
          () => `(${this.#leaf('DATE')} + ${random.below(40)})`,
          () => `CAST(${this.of('TIMESTAMP', depth - 1)} AS DATE)`,
        ])()
      case 'TIMESTAMP':
        return random.pick([
          () => `date_trunc('${random.pick(['hour', 'day', 'month', 'minute'])}', ${this.#leaf('TIMESTAMP')})`,
          () => `CAST(${this.of('DATE', depth - 1)} AS TIMESTAMP)`,
          () => `(${this.#leaf('TIMESTAMP')} + INTERVAL '${random.below(50)} hours')`,
        ])()
    }
  }

  predicate(depth: number): string {
    const random = this.#random
    if (depth <= 0) return this.#comparison(0)
    const roll = random.below(100)
    if (roll < 30) return this.#comparison(depth)
    if (roll < 45) {
      const operator = random.pick(['AND', 'OR'])
      return `(${random.list(2, 3, () => this.predicate(depth - 1)).join(` ${operator} `)})`
    }
    if (roll < 53) return `(NOT ${this.predicate(depth - 1)})`
    if (roll < 61) return `(${this.any(depth - 1).sql} IS ${random.pick(['', 'NOT '])}NULL)`
    const type = random.pick(TYPES)
    if (roll < 69) {
      const list = random.list(1, 4, () => (random.chance(10) ? 'NULL' : randomLiteral(random, type)))
      return `(${this.of(type, depth - 1)} ${random.pick(['', 'NOT '])}IN (${list.join(', ')}))`
    }
    if (roll < 75) {
      const [from, to] = [randomLiteral(random, type), this.of(type, depth - 1)]
      return `(${this.of(type, depth - 1)} ${random.pick(['', 'NOT '])}BETWEEN ${from} AND ${to})`
    }
    if (roll < 81) {
      const pattern = random.pick(['a%', '%b', '%a%', '_', '', '%', 'a_c', 'x!_y'])
      const escape = pattern.includes('!') ? " ESCAPE '!'" : ''
      return `(${this.of('VARCHAR', depth - 1)} ${random.pick(['', 'NOT '])}LIKE '${pattern}'${escape})`
    }
    if (roll < 86) {
      return `(${this.of(type, depth - 1)} IS ${random.pick(['', 'NOT '])}DISTINCT FROM ${this.of(type, depth - 1)})`
    }
    if (roll < 90)
      return `(${this.of('BOOLEAN', depth - 1)} IS ${random.pick(['TRUE', 'FALSE', 'NOT TRUE', 'NOT FALSE'])})`
    return this.#subqueries === null ? this.#leaf('BOOLEAN') : this.#subqueries.predicate(this.#columns)
  }

  #leaf(type: SqlType): string {
    const fitting = this.#columns.filter((column) => column.type === type)
    if (fitting.length > 0 && this.#random.chance(80)) return this.#random.pick(fitting).sql
    return this.#random.chance(8) ? `CAST(NULL AS ${type})` : randomLiteral(this.#random, type)
  }

  #case(type: SqlType, depth: number): string {
    const branches = this.#random.list(1, 2, () => `WHEN ${this.predicate(depth - 1)} THEN ${this.of(type, depth - 1)}`)
    return `CASE ${branches.join(' ')}${this.#random.chance(70) ? ` ELSE ${this.of(type, depth - 1)}` : ''} END`
  }

  #comparison(depth: number): string {
    const random = this.#random
    const type = random.pick(TYPES)
    // Numbers of different types are compared exactly.
    const other = NUMBERS.includes(type) && type !== 'DOUBLE' ? random.pick(['INTEGER', 'BIGINT', type] as const) : type
    return `(${this.of(type, depth - 1)} ${random.pick(COMPARISONS)} ${this.of(other, depth - 1)})`
  }

  #integer(depth: number): string {
    const random = this.#random
    return random.pick([
      () => `(${this.#leaf('INTEGER')} ${random.pick(['+', '-', '*'])} ${this.of('INTEGER', depth - 1)})`,
      () => `(${this.of('INTEGER', depth - 1)} % ${random.pick(['2', '3', '-4'])})`,
      () => `abs(${this.of('INTEGER', depth - 1)})`,
      () => `(- ${this.of('INTEGER', depth - 1)})`,
      () => `CAST(length(${this.of('VARCHAR', depth - 1)}) AS INTEGER)`,
      () => `CAST(extract(${random.pick(['year', 'month', 'day'])} FROM ${this.of('DATE', depth - 1)}) AS INTEGER)`,
      () => `CAST(${this.of('BOOLEAN', depth - 1)} AS INTEGER)`,
    ])()
  }

  #text(depth: number): string {
    const random = this.#random
    return random.pick([
      () => `(${this.of('VARCHAR', depth - 1)} || ${this.of('VARCHAR', depth - 1)})`,
      () => `${random.pick(['upper', 'lower', 'trim', 'reverse'])}(${this.of('VARCHAR', depth - 1)})`,
      () => `substr(${this.of('VARCHAR', depth - 1)}, ${1 + random.below(3)}, ${random.below(4)})`,
      () => `replace(${this.of('VARCHAR', depth - 1)}, 'a', ${random.pick(["'xy'", "''"])})`,
      () => `CAST(${this.of(random.pick(['INTEGER', 'BIGINT', 'DATE', 'BOOLEAN'] as const), depth - 1)} AS VARCHAR)`,
    ])()
  }
}
