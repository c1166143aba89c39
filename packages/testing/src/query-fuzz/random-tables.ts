import type { Random } from './random.ts'

/** Types whose meaning PostgreSQL and DuckDB share, by their names in SQL. */
export const TYPES = [
  'INTEGER',
  'BIGINT',
  'DOUBLE',
  'DECIMAL(12,2)',
  'VARCHAR',
  'BOOLEAN',
  'DATE',
  'TIMESTAMP',
] as const
export type SqlType = (typeof TYPES)[number]

export interface RandomColumn {
  readonly name: string
  readonly type: SqlType
}

export interface RandomTable {
  readonly name: string
  /** The first, `id`, is distinct and never NULL. */
  readonly columns: readonly RandomColumn[]
}

const TEXTS = ['', 'a', 'b', 'ab', 'abc', 'B', 'zebra', 'ä', '\u{1F600}', 'a%b', 'x_y', ' pad ', '10']

/** A literal of a type, few different ones, so that joins and groups meet. */
export function randomLiteral(random: Random, type: SqlType): string {
  switch (type) {
    case 'INTEGER':
      return String(random.below(9) - 3)
    case 'BIGINT':
      return random.chance(10) ? random.pick(['9007199254740993', '-9007199254740993']) : String(random.below(7))
    case 'DOUBLE':
      return `CAST(${random.pick(['0', '1.5', '-2.25', '3', '1000.125', '0.5'])} AS DOUBLE)`
    case 'DECIMAL(12,2)':
      return `CAST(${random.pick(['0', '1.25', '-1.50', '99999.99', '2'])} AS DECIMAL(12,2))`
    case 'VARCHAR':
      return `'${random.pick(TEXTS)}'`
    case 'BOOLEAN':
      return random.pick(['TRUE', 'FALSE'])
    case 'DATE':
      return `DATE '2024-0${1 + random.below(3)}-0${1 + random.below(5)}'`
    case 'TIMESTAMP':
      return `TIMESTAMP '2024-02-2${random.below(9)} 0${random.below(9)}:30:00.${random.pick(['000001', '5', '0'])}'`
  }
}

/** Tables with NULLs and their statements; one may be empty. */
export function randomTables(random: Random): {
  readonly tables: readonly RandomTable[]
  readonly ddl: readonly string[]
} {
  const ddl: string[] = []
  const tables = ['t', 'u', 'v'].map((name): RandomTable => {
    const kinds = random.list(4, 7, () => random.pick(TYPES))
    const columns = [
      { name: 'id', type: 'INTEGER' as const },
      ...kinds.map((type, i) => ({ name: `${name}${i}`, type })),
    ]
    ddl.push(`CREATE TABLE ${name} (${columns.map((column) => `${column.name} ${column.type}`).join(', ')})`)
    const rows = random.list(random.chance(10) ? 0 : 3, random.chance(10) ? 3 : 24, (id) => {
      const values = columns
        .slice(1)
        .map(({ type }) => (random.chance(20) ? `CAST(NULL AS ${type})` : randomLiteral(random, type)))
      return `(${[id, ...values].join(', ')})`
    })
    if (rows.length > 0) ddl.push(`INSERT INTO ${name} VALUES ${rows.join(', ')}`)
    return { name, columns }
  })
  return { tables, ddl }
}
