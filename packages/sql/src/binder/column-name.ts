import { typeName } from '@volley/core'
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
      return inner === UNNAMED ? typeName(ast.type).toLowerCase() : inner
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
      return typeName(ast.type).toLowerCase()
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
