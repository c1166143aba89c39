import { type Expr, LiteralExpr, SqlState, typeName, UTF8 } from '@volley/core'
import { ColumnRef } from '@volley/planner'
import type { AstName, AstSelectItem } from '../parser/ast.ts'
import { bindExpr } from './bind-expr.ts'
import { callScalar } from './calls.ts'
import { columnName } from './column-name.ts'
import { sqlError } from './errors.ts'
import type { ExprContext } from './expr-context.ts'
import { didYouMean, fold, foldPath } from './names.ts'
import type { ScopeColumn } from './scope.ts'

/** One column of the SELECT list. */
export interface SelectItem {
  readonly expr: Expr
  readonly name: string
  /** Whether the name was given with AS. */
  readonly aliased: boolean
}

/** Binds the SELECT list; `*` becomes the columns that it stands for. */
export function bindItems(env: ExprContext, items: readonly AstSelectItem[]): SelectItem[] {
  return items.flatMap((item) => {
    if (item.kind === 'wildcard') return expand(env, item)
    const fields = unnestedStruct(env, item)
    if (fields !== null) return fields
    const name = item.alias === null ? itemName(env, item) : fold(item.alias)
    return [{ expr: bindExpr(env, item.expr), name, aliased: item.alias !== null }]
  })
}

/** `unnest(struct)` becomes the struct's fields; null for anything else. */
function unnestedStruct(env: ExprContext, item: Extract<AstSelectItem, { kind: 'expr' }>): SelectItem[] | null {
  const { expr } = item
  if (expr.kind !== 'call' || expr.name.length !== 1 || !/^unnest(?:_outer)?$/i.test(expr.name[0]!.value)) return null
  const [arg] = expr.args
  if (arg === undefined || arg.kind === 'star' || expr.args.length !== 1) return null
  const value = bindExpr(env, arg)
  if (typeName(value.type) !== 'Struct') return null
  return value.type.children!.map((field) => ({
    expr: callScalar(env, 'get_field', [value, new LiteralExpr(UTF8, field.name)], expr.at),
    name: field.name,
    aliased: false,
  }))
}

/** A column found by a path, such as `o.inner.level`, keeps its whole name. */
function itemName(env: ExprContext, item: Extract<AstSelectItem, { kind: 'expr' }>): string {
  if (item.expr.kind === 'name' && item.expr.parts.length > 1)
    return env.scope.find(item.expr.parts)?.name ?? columnName(item.expr)
  return columnName(item.expr)
}

function expand(env: ExprContext, item: Extract<AstSelectItem, { kind: 'wildcard' }>): SelectItem[] {
  const columns = starColumns(env, item)
  const replaced = new Map(item.replace.map((replacement) => [fold(replacement.name), replacement]))
  const excluded = new Set(item.exclude.map(fold))
  const renamed = new Map(item.rename.map(({ from, to }) => [fold(from), fold(to)]))
  for (const name of [
    ...item.exclude,
    ...item.replace.map((replacement) => replacement.name),
    ...item.rename.map(({ from }) => from),
  ]) {
    requireColumn(columns, name)
  }
  const items = columns
    .filter((column) => !excluded.has(column.name))
    .map((column): SelectItem => {
      const replacement = replaced.get(column.name)
      const { id, type, nullable } = column.column!
      const expr =
        replacement === undefined
          ? env.ctx.locate(new ColumnRef(id, column.name, type, nullable), item.at)
          : bindExpr(env, replacement.expr)
      return { expr, name: renamed.get(column.name) ?? column.name, aliased: false }
    })
  return items
}

function starColumns(env: ExprContext, item: Extract<AstSelectItem, { kind: 'wildcard' }>): ScopeColumn[] {
  const { scope } = env
  if (item.qualifier.length === 0) {
    if (scope.relations.length === 0)
      throw sqlError(SqlState.syntaxError, 'SELECT * with no tables specified is not valid', item.at)
    return scope.star
  }
  const name = foldPath(item.qualifier)
  const relation = scope.relation(name)
  if (relation === null) {
    const known = scope.relations.map((candidate) => candidate.name)
    throw sqlError(
      SqlState.undefinedTable,
      `missing FROM-clause entry for table "${name}"${didYouMean(name, known)}`,
      item.at,
    )
  }
  return relation.columns.filter((column) => column.inStar)
}

function requireColumn(columns: readonly ScopeColumn[], name: AstName): void {
  const folded = fold(name)
  if (columns.some((column) => column.name === folded)) return
  const known = columns.map((column) => column.name)
  throw sqlError(
    SqlState.undefinedColumn,
    `column "${folded}" does not exist in *${didYouMean(folded, known)}`,
    name.at,
  )
}
