import type { AstColumnDefinition, AstName, AstStatement } from './ast.ts'
import { convertExpr } from './convert-expr.ts'
import { convertQuery } from './convert-query.ts'
import { convertType } from './convert-type.ts'
import { name, names, positionOf, unsupported, variant } from './raw.ts'
import type { Raw } from './sqlparser.ts'

/** Column definitions and the columns of the primary key. */
export function convertColumns(node: Raw): { columns: AstColumnDefinition[]; primaryKey: AstName[] } {
  let primaryKey: AstName[] = []
  const columns = (node.columns ?? []).map((raw: Raw): AstColumnDefinition => {
    let nullable = true
    let defaultValue = null
    for (const option of raw.options ?? []) {
      const [tag, payload] = variant(option.option)
      if (tag === 'NotNull') nullable = false
      else if (tag === 'Default') defaultValue = convertExpr(payload)
      else if (tag === 'PrimaryKey' || (tag === 'Unique' && payload?.is_primary === true)) {
        primaryKey = [name(raw.name)]
        nullable = false
      } else if (!['Null', 'Unique', 'Comment', 'ForeignKey'].includes(tag)) {
        throw unsupported(`the column option ${tag}`, raw)
      }
    }
    return { name: name(raw.name), type: convertType(raw.data_type), nullable, defaultValue }
  })
  for (const constraint of node.constraints ?? []) {
    const [tag, payload] = variant(constraint)
    if (tag === 'PrimaryKey') primaryKey = (payload.columns ?? []).map(keyColumn)
    else if (tag !== 'Unique' && tag !== 'ForeignKey') throw unsupported(`the constraint ${tag}`, constraint)
  }
  return { columns, primaryKey }
}

function keyColumn(raw: Raw): AstName {
  const expr = raw.column?.expr ?? raw
  if (expr.Identifier === undefined) throw unsupported('a key that is not a column', raw)
  return name(expr.Identifier)
}

export function convertCreateTable(node: Raw, raw: Raw): AstStatement {
  if (node.like !== undefined && node.like !== null) throw unsupported('CREATE TABLE ... LIKE', raw)
  const { columns, primaryKey } = convertColumns(node)
  return {
    kind: 'create_table',
    name: names(node.name),
    orReplace: node.or_replace === true,
    ifNotExists: node.if_not_exists === true,
    columns,
    primaryKey,
    query: node.query === undefined || node.query === null ? null : convertQuery(node.query),
    at: positionOf(node.name),
  }
}

export function convertCreateView(node: Raw, raw: Raw): AstStatement {
  if (node.materialized === true) throw unsupported('CREATE MATERIALIZED VIEW', raw)
  return {
    kind: 'create_view',
    name: names(node.name),
    orReplace: node.or_replace === true,
    ifNotExists: node.if_not_exists === true,
    columns: (node.columns ?? []).map((column: Raw) => name(column.name)),
    query: convertQuery(node.query),
    at: positionOf(node.name),
  }
}

export function convertInsert(node: Raw, raw: Raw): AstStatement {
  const [form, table] = variant(node.table)
  if (form !== 'TableName') throw unsupported('INSERT into what is not a table', raw)
  for (const [key, what] of [
    ['on', 'ON CONFLICT'],
    ['returning', 'RETURNING'],
    ['partitioned', 'PARTITION'],
    ['assignments', 'INSERT ... SET'],
  ] as const) {
    const clause = node[key]
    if (clause !== undefined && clause !== null && !(Array.isArray(clause) && clause.length === 0))
      throw unsupported(what, raw)
  }
  return {
    kind: 'insert',
    table: names(table),
    columns: (node.columns ?? []).map((column: Raw) => (Array.isArray(column) ? names(column).at(-1)! : name(column))),
    query: node.source === undefined || node.source === null ? null : convertQuery(node.source),
    overwrite: node.overwrite === true,
    at: positionOf(node.table),
  }
}
