import { typeName } from '@volley/core'
import type { DataType } from 'apache-arrow'
import type { AstExpr } from '../parser/ast.ts'
import { fold } from './names.ts'

/** The name of a column that has no alias, as PostgreSQL gives it. */
export function columnName(ast: AstExpr): string {
  switch (ast.kind) {
    case 'name':
      return fold(ast.parts.at(-1)!)
    case 'call':
      return fold(ast.name.at(-1)!)
    case 'cast': {
      const inner = columnName(ast.operand)
      return inner === UNNAMED ? typeLabel(ast.type) : inner
    }
    case 'case': {
      const otherwise = ast.otherwise === null ? UNNAMED : columnName(ast.otherwise)
      return otherwise === UNNAMED ? 'case' : otherwise
    }
    case 'subquery': {
      const { body } = ast.query
      const item = body.kind === 'select' ? body.items[0] : undefined
      if (item?.kind !== 'expr') return UNNAMED
      return item.alias === null ? columnName(item.expr) : fold(item.alias)
    }
    case 'typed':
      return typeLabel(ast.type)
    case 'exists':
    case 'array':
    case 'interval':
      return ast.kind
    case 'boolean':
      return 'bool'
    case 'subscript':
      return columnName(ast.operand)
    default:
      return UNNAMED
  }
}

const UNNAMED = '?column?'

const LABELS: Readonly<Record<string, string>> = {
  Int16: 'int2',
  Int32: 'int4',
  Int64: 'int8',
  Float32: 'float4',
  Float64: 'float8',
  Utf8: 'text',
  Decimal: 'numeric',
  Binary: 'bytea',
  List: 'array',
}

function typeLabel(type: DataType): string {
  const name = typeName(type)
  return LABELS[name] ?? name.toLowerCase()
}
