import fc from 'fast-check'
import type { RowValue } from '../../src/index.ts'
import {
  columnName,
  JSON_PATHS,
  texts,
  type Cell,
  type FieldSpec,
  type GeneratedIndex,
  type Precision,
} from './generated-index.ts'

const PER_UNIT: Readonly<Record<Precision, bigint>> = {
  seconds: 1_000_000_000n,
  milliseconds: 1_000_000n,
  microseconds: 1000n,
  nanoseconds: 1n,
}
const UNIT_NAMES: Readonly<Record<Precision, string>> = {
  seconds: 'Second',
  milliseconds: 'Millisecond',
  microseconds: 'Microsecond',
  nanoseconds: 'Nanosecond',
}

const unitOf = ({ fast, precision }: FieldSpec): Precision => (fast ? precision : 'nanoseconds')
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A cell as a session gives it. */
export function rowValue(cell: Cell, field: FieldSpec): RowValue {
  if (cell === null) return null
  if (Array.isArray(cell)) return (cell as Cell[]).map((item) => rowValue(item, field))
  return field.kind === 'datetime' ? (cell as bigint) / PER_UNIT[unitOf(field)] : cell
}

/** A cell as a constant. */
export function literalOf(cell: Cell, field: FieldSpec): string {
  if (cell === null) return 'NULL'
  if (Array.isArray(cell)) return `ARRAY[${(cell as Cell[]).map((item) => literalOf(item, field)).join(', ')}]`
  switch (field.kind) {
    case 'u64':
      return `arrow_cast('${String(cell)}', 'UInt64')`
    case 'i64':
      return `CAST('${String(cell)}' AS bigint)`
    case 'f64':
      return `CAST('${Object.is(cell, -0) ? '-0' : String(cell)}' AS double precision)`
    case 'bool':
      return String(cell)
    case 'datetime':
      return `arrow_cast(${timestampOf(cell as bigint)}, 'Timestamp(${UNIT_NAMES[unitOf(field)]}, None)')`
    case 'json':
      return `CAST(${quoted(String(cell))} AS json)`
    default:
      return quoted(String(cell))
  }
}

function timestampOf(nanos: bigint): string {
  const rest = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  const iso = new Date(Number((nanos - rest) / 1_000_000n)).toISOString().slice(0, 19).replace('T', ' ')
  return `TIMESTAMP '${iso}.${String(rest).padStart(9, '0')}'`
}

/** A search, and which rows of the index it finds. */
export interface Search {
  readonly sql: string
  readonly finds: readonly boolean[]
}

/** Searches of the texts of an index by one word each. */
export function searchesOf({ fields, rows }: GeneratedIndex): Search[] {
  return fields.flatMap((field, f) =>
    field.kind !== 'text' || !field.indexed
      ? []
      : ['alpha', 'beta'].map((word): Search => ({
          sql: `match(${columnName(field)}, '${word}')`,
          finds: rows.map(({ searched }) => searched[f]!.includes(word)),
        })),
  )
}

/** Statements that fill the table `promoted` with what the table of the index holds, and a column for each search. */
export function promotedTable(index: GeneratedIndex, table: string, searches: readonly Search[]): string[] {
  const selectable = index.fields
  const marks = searches.map((_, i) => `, TRUE AS m${i}`).join('')
  const rows = index.rows.map(({ id, cells }, r) => {
    const values = selectable.map((field, f) => literalOf(cells[f]!, field))
    return `(${[id, ...values, ...searches.map(({ finds }) => finds[r])].join(', ')})`
  })
  return [
    'DROP TABLE IF EXISTS promoted',
    `CREATE TABLE promoted AS SELECT id, ${selectable.map(columnName).join(', ')}${marks} FROM "${table}" LIMIT 0`,
    ...(rows.length === 0 ? [] : [`INSERT INTO promoted VALUES ${rows.join(', ')}`]),
  ]
}

/** Draws parts of queries, so that a query is a function of an index and a list of numbers. */
export class Draw {
  readonly #next: () => number

  constructor(next: () => number) {
    this.#next = next
  }

  below(count: number): number {
    return this.#next() % count
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  chance(one: number): boolean {
    return this.below(one) === 0
  }
}

export const draws: fc.Arbitrary<Draw> = fc.array(fc.nat(10_000), { minLength: 64, maxLength: 64 }).map((list) => {
  let at = 0
  return new Draw(() => list[at++ % list.length]! + Math.floor(at / list.length))
})

/** SQL over a table `$t`, whose searches stand as `$m0`, `$m1`. */
export interface GeneratedQuery {
  readonly kind: string
  readonly sql: string
}

export class QueryMaker {
  readonly #index: GeneratedIndex
  readonly #searches: readonly Search[]
  readonly #draw: Draw

  constructor(index: GeneratedIndex, searches: readonly Search[], draw: Draw) {
    this.#index = index
    this.#searches = searches
    this.#draw = draw
  }

  query(): GeneratedQuery {
    const draw = this.#draw
    const where = draw.chance(5) ? '' : ` WHERE ${this.predicate(2)}`
    const kind = draw.of([
      'select',
      'select',
      'project',
      'group',
      'group',
      'top',
      'top',
      'join',
      'distinct',
      'window',
      'count',
    ])
    switch (kind) {
      case 'project':
        return { kind, sql: `SELECT id, ${this.predicate(1)} AS p FROM $t${where}` }
      case 'group':
        return { kind, sql: this.#grouped(where) }
      case 'top': {
        const keys = Array.from(
          { length: 1 + draw.below(2) },
          () => `${this.#key()}${draw.of(['', ' DESC'])}${draw.of(['', ' NULLS FIRST', ' NULLS LAST'])}`,
        )
        return {
          kind,
          sql: `SELECT id, ${this.#columns()} FROM $t${where} ORDER BY ${keys.join(', ')}, id LIMIT ${1 + draw.below(9)}`,
        }
      }
      case 'join':
        return { kind, sql: this.#joined() }
      case 'distinct':
        return { kind, sql: `SELECT DISTINCT ${this.#key()}, ${this.#key()} FROM $t${where}` }
      case 'window':
        return {
          kind,
          sql: `SELECT id, row_number() OVER (PARTITION BY ${this.#key()} ORDER BY ${this.#key()}, id) AS r, count(*) OVER (PARTITION BY ${this.#key()}) AS c FROM $t${where}`,
        }
      case 'count':
        return {
          kind,
          sql: `SELECT count(*)${this.#scalars.map((field) => `, count(${columnName(field)}), min(${columnName(field)}), max(${columnName(field)})`).join('')} FROM $t${draw.chance(2) ? where : ''}`,
        }
      default:
        return { kind: 'select', sql: `SELECT id, ${this.#columns()} FROM $t${where}` }
    }
  }

  get #scalars(): FieldSpec[] {
    return this.#index.fields.filter(({ array, kind }) => !array && kind !== 'json' && kind !== 'bool')
  }

  #columns(): string {
    return this.#index.fields
      .filter(() => !this.#draw.chance(3))
      .map(columnName)
      .concat('id')
      .join(', ')
  }

  /** An expression that can be grouped, ordered and joined by. */
  #key(): string {
    const draw = this.#draw
    const fields = this.#index.fields.filter(({ array, kind }) => !array && kind !== 'json')
    const jsons = this.#index.fields.filter(({ array, kind }) => !array && kind === 'json')
    if (fields.length === 0 || (jsons.length > 0 && draw.chance(5)))
      return jsons.length === 0 ? 'id % 3' : `(${columnName(draw.of(jsons))}${draw.of(JSON_PATHS)})`
    const field = draw.of(fields)
    const name = columnName(field)
    if (!draw.chance(3)) return name
    switch (field.kind) {
      case 'datetime':
        return draw.of([
          `date_trunc('${draw.of(['hour', 'day', 'week', 'month', 'year'])}', ${name})`,
          `CAST(${name} AS date)`,
          `extract(hour FROM ${name})`,
        ])
      case 'text':
      case 'ip':
      case 'bytes':
        return draw.of([`lower(${name})`, `length(${name})`, `left(${name}, 2)`])
      case 'u64':
      case 'i64':
        return draw.of([`${name} % 3`, `CAST(${name} AS double precision)`, `CAST(${name} AS text)`])
      default:
        return name
    }
  }

  #grouped(where: string): string {
    const draw = this.#draw
    const keys = Array.from({ length: 1 + draw.below(2) }, () => this.#key())
    const calls = ['count(*)']
    for (const field of this.#scalars) {
      const name = columnName(field)
      calls.push(draw.of([`count(${name})`, `min(${name})`, `max(${name})`, `count(DISTINCT ${name})`]))
      if (field.kind === 'i64' || field.kind === 'u64')
        calls.push(
          draw.of([`sum(${name})`, `sum(DISTINCT ${name})`, `count(${name}) FILTER (WHERE ${this.predicate(0)})`]),
        )
    }
    if (draw.chance(3)) calls.push(`count(*) FILTER (WHERE ${this.predicate(1)})`)
    const having = draw.chance(4) ? ` HAVING count(*) > 1 OR bool_or(${this.predicate(0)})` : ''
    const list = keys.map((key, i) => `${key} AS g${i}`)
    return `SELECT ${[...list, ...calls].join(', ')} FROM $t${where} GROUP BY ${keys.map((_, i) => i + 1).join(', ')}${having}`
  }

  #joined(): string {
    const draw = this.#draw
    const key = this.#key()
    const side = (alias: string) =>
      `(SELECT id AS i${alias}, ${key} AS k${alias} FROM $t WHERE ${this.predicate(1)}) ${alias}`
    const [a, b] = [side('a'), side('b')]
    const on = `a.ka = b.kb${draw.chance(3) ? ' AND a.ia <> b.ib' : ''}`
    const form = draw.of(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN', 'EXISTS', 'NOT EXISTS', 'IN', 'NOT IN'])
    if (form.endsWith('EXISTS')) return `SELECT a.ia FROM ${a} WHERE ${form} (SELECT 1 FROM ${b} WHERE ${on})`
    if (form === 'IN' || form === 'NOT IN') return `SELECT a.ia FROM ${a} WHERE a.ka ${form} (SELECT b.kb FROM ${b})`
    return `SELECT a.ia, b.ib FROM ${a} ${form} ${b} ON ${on}`
  }

  /** A condition of about `depth` levels. */
  predicate(depth: number): string {
    const draw = this.#draw
    if (depth > 0 && draw.chance(2)) {
      const part = (): string => this.predicate(depth - 1)
      return draw.of([
        () => `(${part()}) AND (${part()})`,
        () => `(${part()}) OR (${part()})`,
        () => `NOT (${part()})`,
        () => `CASE WHEN ${part()} THEN ${part()} ELSE ${part()} END`,
        () => `(${part()}) IS NOT TRUE`,
        () => `coalesce(${part()}, ${part()})`,
      ])()
    }
    if (this.#searches.length > 0 && draw.chance(5)) return `$m${draw.below(this.#searches.length)}`
    return this.#leaf(draw.below(this.#index.fields.length))
  }

  /** A constant of a field: mostly one that some row has. */
  #constant(f: number): string {
    const field = this.#index.fields[f]!
    const cells = this.#index.rows.flatMap(({ cells: row }) => row[f] ?? []).filter((cell) => cell !== null)
    const known = cells.length === 0 ? null : (this.#draw.of(cells) as Cell)
    const scalar: FieldSpec = { ...field, array: false }
    if (field.kind === 'text' && (known === null || this.#draw.chance(3))) return quoted(this.#draw.of(texts))
    if (field.kind === 'datetime' && known !== null && this.#draw.chance(3))
      return timestampOf((known as bigint) + 500n)
    if (field.kind === 'i64' || field.kind === 'u64') return known === null ? '2' : String(known)
    if (field.kind === 'f64' && this.#draw.chance(3)) return this.#draw.of(['0', '0.5', '-1', '2'])
    if (known !== null) return literalOf(known, scalar)
    return { bool: 'true', datetime: "TIMESTAMP '1970-01-01'", f64: '0.5', json: 'NULL' }[field.kind as string] ?? "'a'"
  }

  #leaf(f: number): string {
    const draw = this.#draw
    const field = this.#index.fields[f]!
    const name = columnName(field)
    if (draw.chance(6)) return `${name} IS ${draw.of(['', 'NOT '])}NULL`
    if (field.kind === 'json') return field.array ? `${name} IS NOT NULL` : this.#jsonLeaf(name)
    const constant = (): string => this.#constant(f)
    if (field.array) {
      return draw.of([
        () => `array_contains(${name}, ${constant()})`,
        () => `array_length(${name}) > 1`,
        () => `${constant()} = ANY(${name})`,
        () => `${name}[1] = ${constant()}`,
      ])()
    }
    const negated = draw.of(['', 'NOT '])
    const general = [
      () => `${name} ${draw.of(['=', '<>', '<', '<=', '>', '>='])} ${constant()}`,
      () => `${constant()} ${draw.of(['=', '<', '>='])} ${name}`,
      () => `${name} ${negated}IN (${constant()}, ${constant()}${draw.chance(4) ? ', NULL' : ''})`,
      () => `${name} ${negated}BETWEEN ${constant()} AND ${constant()}`,
      () => `${name} IS ${negated}DISTINCT FROM ${draw.chance(4) ? 'NULL' : constant()}`,
    ]
    const special = this.#special(field, name, constant, negated)
    return draw.of(special.length > 0 && draw.chance(2) ? special : general)()
  }

  #special(field: FieldSpec, name: string, constant: () => string, negated: string): (() => string)[] {
    const draw = this.#draw
    const compared = (): string => draw.of(['=', '<>', '<', '<=', '>', '>='])
    switch (field.kind) {
      case 'text':
      case 'ip':
      case 'bytes':
        return [
          () =>
            `${name} ${negated}${draw.of(['LIKE', 'ILIKE'])} ${draw.of(["'a%'", "'%a%'", "'%b'", "'a_b'", "'a\\_b'", "'%\\%%'", "'_'", "''", "'%'", "'ä%'", "'1%.%'", "'a!_b' ESCAPE '!'", "'al%a'"])}`,
          () =>
            `${name} ${draw.of(['~', '~*', '!~', '!~*'])} ${draw.of(["'^a'", "'b$'", "'l.*a'", "'^a.b$'", "'[0-9]'", "'ä|x'", "'^$'", "'a\\sb'"])}`,
          () => `lower(${name}) ${compared()} ${draw.of(["'alpha'", "'b'"])}`,
          () => `length(${name}) ${compared()} 5`,
          () => `starts_with(${name}, 'al')`,
          () => `TRY_CAST(${name} AS bigint) ${compared()} 7`,
        ]
      case 'u64':
      case 'i64':
        return [
          () => `CAST(${name} AS double precision) ${compared()} ${draw.of(['1.5', '2', '9007199254740992', '-1'])}`,
          () =>
            `${name} ${compared()} ${draw.of(['1.5', '2.0', '-0.5', '9223372036854775807.5', '18446744073709551616'])}`,
          () => `CAST(${name} AS text) LIKE '${draw.of(['1%', '%3%', '-%'])}'`,
          () => `CAST(${name} AS numeric(30, 2)) ${compared()} 2.50`,
          () => `TRY_CAST(${name} AS integer) ${compared()} 2`,
        ]
      case 'f64':
        return [
          () => `${name} ${compared()} CAST('${draw.of(['NaN', 'Infinity', '-Infinity', '-0'])}' AS double precision)`,
          () => `${name} IN (0, CAST('NaN' AS double precision))`,
          () => `CAST(${name} AS text) LIKE '%1%'`,
          () => `CAST(${name} AS real) ${compared()} 0.5`,
        ]
      case 'bool':
        return [
          () => name,
          () => `NOT ${name}`,
          () => `${name} IS ${negated}TRUE`,
          () => `${name} IS ${negated}UNKNOWN`,
        ]
      case 'datetime':
        return [
          () =>
            `date_trunc('${draw.of(['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'millisecond'])}', ${name}) ${compared()} ${constant()}`,
          () =>
            `date_trunc('day', ${name}) ${compared()} TIMESTAMP '${draw.of(['1970-01-01', '1969-12-31', '2024-03-23', '2024-10-04'])}'`,
          () => `CAST(${name} AS date) ${compared()} DATE '${draw.of(['1970-01-01', '1969-12-31', '2024-10-04'])}'`,
          () => `extract(${draw.of(['hour', 'dow', 'year', 'epoch'])} FROM ${name}) ${compared()} 0`,
          () => `${name} AT TIME ZONE 'Europe/Berlin' ${compared()} TIMESTAMPTZ '1970-01-01 00:00:00+01'`,
          () =>
            `date_trunc('day', ${name} AT TIME ZONE 'America/New_York') ${compared()} TIMESTAMPTZ '1970-01-01 00:00:00-05'`,
          () =>
            `${name} ${compared()} ${draw.of(["DATE '1970-01-01'", "TIMESTAMP '1969-12-31 23:59:59.9985'", "TIMESTAMPTZ '1970-01-01 00:00:00Z'"])}`,
          () => `CAST(${name} AS timestamp(0)) ${compared()} TIMESTAMP '1970-01-01 00:00:01'`,
          () => `date_bin(INTERVAL '6 hours', ${name}) ${compared()} TIMESTAMP '1970-01-01'`,
        ]
      default:
        return []
    }
  }

  #jsonLeaf(name: string): string {
    const draw = this.#draw
    const path = `(${name}${draw.of(JSON_PATHS)})`
    return draw.of([
      () =>
        `${path} ${draw.of(['=', '<>', '<', '>='])} ${draw.of(["'alpha'", "'3'", "'true'", "''", "'a_b'", "'[]'", "'-1'"])}`,
      () => `${path} ${draw.of(['', 'NOT '])}IN ('alpha', 'beta'${draw.of(['', ', NULL', ", '3'"])})`,
      () => `${path} IS ${draw.of(['', 'NOT '])}NULL`,
      () => `${path} ${draw.of(['', 'NOT '])}LIKE ${draw.of(["'a%'", "'%t%'", "'_'"])}`,
      () => `TRY_CAST(${path} AS bigint) > 0`,
      () => `TRY_CAST(${path} AS double precision) BETWEEN 0 AND 3`,
      () => `${path} IS ${draw.of(['', 'NOT '])}DISTINCT FROM 'alpha'`,
    ])()
  }
}

/** The query over the table of an index. */
export function overIndex({ sql }: GeneratedQuery, table: string, searches: readonly Search[]): string {
  return sql.replaceAll('$t', `"${table}"`).replaceAll(/\$m(\d+)/g, (_, i: string) => searches[Number(i)]!.sql)
}

/** The query over the table `promoted`. */
export function overPromoted({ sql }: GeneratedQuery): string {
  return sql.replaceAll('$t', 'promoted').replaceAll(/\$m(\d+)/g, 'm$1')
}
