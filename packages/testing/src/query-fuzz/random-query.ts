import { RandomExpression, type Subqueries, type Visible } from './random-expression.ts'
import type { RandomTable, SqlType } from './random-tables.ts'
import type { Random } from './random.ts'

export interface RandomQuery {
  readonly sql: string
  /** Whether the order of its rows is given, each key being unique in all. */
  readonly ordered: boolean
}

interface Relation {
  readonly sql: string
  readonly columns: readonly Visible[]
  readonly ids: readonly string[]
}

interface Select {
  readonly sql: string
  readonly columns: readonly Visible[]
}

const ADDABLE: readonly SqlType[] = ['INTEGER', 'DECIMAL(12,2)', 'DOUBLE']

/** Queries that PostgreSQL and DuckDB give the same answer to. */
export class RandomQueries {
  readonly #random: Random
  readonly #tables: readonly RandomTable[]
  #aliases = 0

  constructor(random: Random, tables: readonly RandomTable[]) {
    this.#random = random
    this.#tables = tables
  }

  query(): RandomQuery {
    this.#aliases = 0
    const random = this.#random
    const common = random.chance(15) ? this.#select(1) : null
    const named = common === null ? [] : [{ name: 'w', columns: common.columns.map(nameOnly) }]
    const prefix = common === null ? '' : `WITH w AS (${common.sql}) `
    const select = random.chance(20) ? this.#setOperation(named) : this.#select(2, named)
    if (!random.chance(40)) return { sql: prefix + select.sql, ordered: false }
    // Ordered by every column, rows that tie are alike.
    const keys = select.columns.map(
      (_, i) => `${i + 1} ${random.pick(['ASC', 'DESC'])} NULLS ${random.pick(['FIRST', 'LAST'])}`,
    )
    const limit = random.chance(60) ? ` LIMIT ${random.below(12)}` : ''
    const offset = limit !== '' && random.chance(30) ? ` OFFSET ${random.below(5)}` : ''
    return { sql: `${prefix}${select.sql} ORDER BY ${keys.join(', ')}${limit}${offset}`, ordered: true }
  }

  #setOperation(named: readonly NamedRelation[]): Select {
    const random = this.#random
    const relation = this.#from(1, named)
    const types = random.list(1, 3, () => random.pick(relation.columns).type)
    const side = (): string => {
      const from = this.#from(1, named)
      const expressions = new RandomExpression(random, from.columns, this.#subqueries(0))
      const items = types.map((type, i) => `${expressions.of(type, 1)} AS c${i}`)
      return `SELECT ${items.join(', ')} FROM ${from.sql}${this.#where(expressions, 60)}`
    }
    const operator = random.pick(['UNION', 'INTERSECT', 'EXCEPT']) + random.pick(['', ' ALL'])
    return { sql: `${side()} ${operator} ${side()}`, columns: types.map((type, i) => ({ sql: `c${i}`, type })) }
  }

  #select(depth: number, named: readonly NamedRelation[] = []): Select {
    const random = this.#random
    const from = this.#from(depth, named)
    const expressions = new RandomExpression(random, from.columns, this.#subqueries(depth - 1))
    const where = this.#where(expressions, 60)
    const roll = random.below(100)
    if (roll < 40) return this.#grouped(from, expressions, where)
    const items = random.list(1, 4, () => expressions.any(2))
    if (roll < 55) items.push(this.#window(from, expressions))
    const distinct = roll >= 85 ? 'DISTINCT ' : ''
    return { sql: `SELECT ${distinct}${selectList(items)} FROM ${from.sql}${where}`, columns: columnsOf(items) }
  }

  #grouped(from: Relation, expressions: RandomExpression, where: string): Select {
    const random = this.#random
    const plain = new RandomExpression(random, from.columns)
    const keys = random.list(0, 3, () => plain.any(1))
    const aggregates = random.list(1, 4, () => this.#aggregate(expressions))
    // A key that is a literal would be the position of a column.
    const grouped = keys.filter(({ sql }) => from.columns.some((column) => sql.includes(column.sql)))
    const by = grouped.map(({ sql }) => sql)
    let clause = by.length === 0 ? '' : ` GROUP BY ${by.join(', ')}`
    if (by.length > 1 && random.chance(20)) clause = ` GROUP BY ${random.pick(['ROLLUP', 'CUBE'])} (${by.join(', ')})`
    const having = random.chance(25) ? ` HAVING count(*) ${random.pick(['>', '<', '<>'])} ${random.below(4)}` : ''
    const items = [...grouped, ...aggregates]
    return { sql: `SELECT ${selectList(items)} FROM ${from.sql}${where}${clause}${having}`, columns: columnsOf(items) }
  }

  #aggregate(expressions: RandomExpression): Visible {
    const random = this.#random
    const filter = random.chance(20) ? ` FILTER (WHERE ${expressions.predicate(1)})` : ''
    const distinct = random.chance(20) ? 'DISTINCT ' : ''
    const roll = random.below(100)
    if (roll < 15) return { sql: `count(*)${filter}`, type: 'BIGINT' }
    const any = expressions.any(1)
    if (roll < 35) return { sql: `count(${distinct}${any.sql})${filter}`, type: 'BIGINT' }
    if (roll < 60 && any.type !== 'BOOLEAN') {
      return { sql: `${random.pick(['min', 'max'])}(${any.sql})${filter}`, type: any.type }
    }
    if (roll < 68) {
      return {
        sql: `${random.pick(['bool_and', 'bool_or'])}(${expressions.of('BOOLEAN', 1)})${filter}`,
        type: 'BOOLEAN',
      }
    }
    if (roll < 75) {
      const text = expressions.of('VARCHAR', 1)
      return { sql: `string_agg(${text}, ',' ORDER BY ${text})${filter}`, type: 'VARCHAR' }
    }
    const type = random.pick(ADDABLE)
    const name = random.pick(['sum', 'avg'])
    // Sums of integers and decimals are wider than what they add up: no query uses them further.
    return { sql: `${name}(${distinct}${expressions.of(type, 1)})${filter}`, type: 'DOUBLE' }
  }

  #window(from: Relation, expressions: RandomExpression): Visible {
    const random = this.#random
    const partition = random.chance(60) ? `PARTITION BY ${expressions.any(1).sql} ` : ''
    const order = `ORDER BY ${random.pick(from.columns).sql} NULLS LAST, ${from.ids.join(', ')}`
    const frame = random.pick([
      '',
      ' ROWS BETWEEN 2 PRECEDING AND CURRENT ROW',
      ' ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING',
    ])
    return random.pick([
      () => ({ sql: `row_number() OVER (${partition}${order})`, type: 'BIGINT' as const }),
      () => ({
        sql: `rank() OVER (${partition}ORDER BY ${expressions.any(1).sql} NULLS LAST)`,
        type: 'BIGINT' as const,
      }),
      () => ({ sql: `dense_rank() OVER (ORDER BY ${expressions.any(1).sql} NULLS FIRST)`, type: 'BIGINT' as const }),
      () => ({ sql: `count(*) OVER (${partition}${order}${frame})`, type: 'BIGINT' as const }),
      () => ({
        sql: `max(${expressions.of('INTEGER', 1)}) OVER (${partition}${order}${frame})`,
        type: 'INTEGER' as const,
      }),
      () => ({ sql: `lag(${expressions.of('VARCHAR', 1)}) OVER (${partition}${order})`, type: 'VARCHAR' as const }),
    ])()
  }

  #where(expressions: RandomExpression, percent: number): string {
    return this.#random.chance(percent) ? ` WHERE ${expressions.predicate(2)}` : ''
  }

  #from(depth: number, named: readonly NamedRelation[]): Relation {
    const random = this.#random
    let left = this.#leaf(depth, named)
    for (let joins = random.pick([0, 0, 1, 1, 2]); joins > 0; joins--) {
      const right = this.#leaf(depth, named)
      const columns = [...left.columns, ...right.columns]
      const ids = [...left.ids, ...right.ids]
      const kind = random.pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'CROSS JOIN'])
      const on = kind === 'CROSS JOIN' ? '' : ` ON ${this.#joinCondition(left, right, kind === 'FULL JOIN')}`
      left = { sql: `${left.sql} ${kind} ${right.sql}${on}`, columns, ids }
    }
    return left
  }

  #joinCondition(left: Relation, right: Relation, equalityOnly: boolean): string {
    const random = this.#random
    const pairs = left.columns.flatMap((a) =>
      right.columns.filter((b) => b.type === a.type).map((b) => `${a.sql} = ${b.sql}`),
    )
    const equal = random.pick(pairs.length === 0 ? ['TRUE'] : pairs)
    if (equalityOnly || random.chance(60)) return equal
    const expressions = new RandomExpression(random, [...left.columns, ...right.columns])
    return random.chance(70) ? `${equal} AND ${expressions.predicate(1)}` : expressions.predicate(1)
  }

  #leaf(depth: number, named: readonly NamedRelation[]): Relation {
    const random = this.#random
    const alias = `r${this.#aliases++}`
    if (depth > 1 && random.chance(15)) {
      const inner = this.#select(1)
      return {
        sql: `(${inner.sql}) AS ${alias}`,
        columns: qualified(inner.columns, alias),
        ids: inner.columns.map(({ sql }) => `${alias}.${sql}`),
      }
    }
    const use = named.length > 0 && random.chance(50) ? random.pick(named) : null
    if (use !== null) {
      const columns = qualified(use.columns, alias)
      return { sql: `${use.name} AS ${alias}`, columns, ids: columns.map(({ sql }) => sql) }
    }
    const table = random.pick(this.#tables)
    const columns = table.columns.map(({ name, type }) => ({ sql: `${alias}.${name}`, type }))
    return { sql: `${table.name} AS ${alias}`, columns, ids: [`${alias}.id`] }
  }

  #subqueries(depth: number): Subqueries | null {
    if (depth < 0) return null
    const random = this.#random
    const inner = (outer: readonly Visible[]): { from: Relation; condition: string; expressions: RandomExpression } => {
      const from = this.#leaf(0, [])
      const expressions = new RandomExpression(random, from.columns)
      const pairs = outer.flatMap((a) =>
        from.columns
          .filter((b) => b.type === a.type)
          .map((b) => `${b.sql} ${random.pick(['=', '=', '=', '<'])} ${a.sql}`),
      )
      const parts: string[] = []
      if (pairs.length > 0 && random.chance(60)) parts.push(random.pick(pairs))
      if (random.chance(50)) parts.push(expressions.predicate(1))
      return { from, condition: parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`, expressions }
    }
    return {
      scalar: (type, outer) => {
        const { from, condition, expressions } = inner(outer)
        const name = type === 'BOOLEAN' ? 'bool_or' : random.pick(['min', 'max'])
        return `(SELECT ${name}(${expressions.of(type, 1)}) FROM ${from.sql}${condition})`
      },
      predicate: (outer) => {
        const { from, condition, expressions } = inner(outer)
        const not = random.pick(['', 'NOT '])
        if (random.chance(50)) return `(${not}EXISTS (SELECT 1 FROM ${from.sql}${condition}))`
        const column = random.pick(outer)
        return `(${column.sql} ${not}IN (SELECT ${expressions.of(column.type, 1)} FROM ${from.sql}${condition}))`
      },
    }
  }
}

interface NamedRelation {
  readonly name: string
  readonly columns: readonly Visible[]
}

const nameOnly = ({ type }: Visible, i: number): Visible => ({ sql: `c${i}`, type })
const columnsOf = (items: readonly Visible[]): Visible[] => items.map(nameOnly)
const selectList = (items: readonly Visible[]): string => items.map(({ sql }, i) => `${sql} AS c${i}`).join(', ')
const qualified = (columns: readonly Visible[], alias: string): Visible[] =>
  columns.map(({ sql, type }) => ({ sql: `${alias}.${sql}`, type }))
