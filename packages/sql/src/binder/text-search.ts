import { type Expr, FLOAT64, LiteralExpr, SqlState, typeName, VolleyError } from '@volley/core'
import { type ColumnId, ScoreExpr, type TableProvider, TextPredicate, TextPredicateExpr } from '@volley/planner'
import type { AstExpr, Position } from '../parser/ast.ts'
import type { ScanField } from './bind-context.ts'
import { bindLiteral } from './literals.ts'
import { sqlError, unsupportedAt } from './errors.ts'
import type { ExprContext } from './expr-context.ts'
import { foldPath } from './names.ts'
import type { Relation, Scope, ScopeColumn } from './scope.ts'

interface ScanRef {
  readonly provider: TableProvider
  readonly scan: ColumnId
}

/** `match(column, 'words')` and `phrase(column, 'words in order')`. */
export function bindMatch(
  env: ExprContext,
  form: 'match' | 'phrase',
  args: readonly AstExpr[],
  at: Position | null,
): Expr {
  if (args.length !== 2) {
    throw sqlError(SqlState.undefinedFunction, `${form} takes a column and a text: ${form}(message, 'words')`, at)
  }
  const text = constantText(env, args[1]!, `the second argument of ${form}`)
  const { field, path } = searchedField(env, args[0]!, form)
  return predicate(field, new TextPredicate(form, field.column.name, path, text), at)
}

/** `column @@ 'query'`, `table @@ 'query'`: the index's query language. */
export function bindTextQuery(env: ExprContext, ast: Extract<AstExpr, { kind: 'binary' }>): Expr {
  const text = constantText(env, ast.right, 'the right side of @@')
  if (ast.left.kind === 'name' && env.scope.find(ast.left.parts) === null) {
    const relation = env.scope.relation(foldPath(ast.left.parts))
    if (relation !== null) {
      const scan = scanOf(env, relation)
      if (scan === null)
        throw sqlError(SqlState.featureNotSupported, `"${relation.name}" is not a table with a text index`, ast.at)
      return predicate(scan, new TextPredicate('query', null, [], text), ast.at)
    }
  }
  const { field, path } = searchedField(env, ast.left, '@@')
  return predicate(field, new TextPredicate('query', field.column.name, path, text), ast.at)
}

function predicate(scan: ScanRef, what: TextPredicate, at: Position | null): Expr {
  if (!scan.provider.supportsText) {
    throw sqlError(SqlState.featureNotSupported, `table "${scan.provider.name}" has no text index`, at)
  }
  try {
    scan.provider.checkText(what)
  } catch (error) {
    throw error instanceof VolleyError && at !== null ? error.about({ position: at }) : error
  }
  return new TextPredicateExpr(scan.scan, what)
}

function constantText(env: ExprContext, ast: AstExpr, what: string): string {
  const bound = ast.kind === 'cast' ? bindLiteral(env.ctx, ast.operand) : bindLiteral(env.ctx, ast)
  if (bound instanceof LiteralExpr && typeof bound.value === 'string' && typeName(bound.type) === 'Utf8')
    return bound.value
  throw sqlError(SqlState.featureNotSupported, `${what} must be a text constant`, ast.at)
}

/** The field of a base table that a column or a JSON path means, through derived tables and CTEs that pass it on. */
function searchedField(env: ExprContext, ast: AstExpr, form: string): { field: ScanField; path: readonly string[] } {
  const path: string[] = []
  let base = ast
  while (base.kind === 'binary' && (base.op === '->' || base.op === '->>')) {
    const step = base.right
    if (step.kind !== 'string')
      throw sqlError(SqlState.featureNotSupported, `a path in ${form} is made of names: body->>'message'`, step.at)
    path.unshift(step.text)
    base = base.left
  }
  if (base.kind === 'cast' && typeName(base.type) === 'Utf8') base = base.operand
  if (base.kind !== 'name') {
    throw sqlError(
      SqlState.featureNotSupported,
      `${form} searches a column of a table or a path of one, not an expression`,
      ast.at,
    )
  }
  const column = env.scope.find(base.parts)
  if (column === null) {
    for (const outer of env.scope.enclosing) {
      if (outer.find(base.parts) !== null) throw unsupportedAt(`${form} on a column of an enclosing query`, ast.at)
    }
    throw env.scope.undefinedColumn(base.parts)
  }
  const field = fieldOf(env, column)
  const name = foldPath(base.parts)
  if (field === null) {
    throw sqlError(SqlState.featureNotSupported, `${form} searches a column of a table: "${name}" is computed`, ast.at)
  }
  if (!field.column.searchable) {
    throw sqlError(
      SqlState.featureNotSupported,
      `column "${name}" is not indexed: it cannot be searched with ${form}`,
      ast.at,
    )
  }
  if (path.length > 0 && typeName(field.column.type) !== 'Json') {
    throw sqlError(
      SqlState.datatypeMismatch,
      `column "${name}" is not json: it has no path ${path.map((step) => `->'${step}'`).join('')}`,
      ast.at,
    )
  }
  return { field, path }
}

function fieldOf(env: ExprContext, column: ScopeColumn): ScanField | null {
  return column.field ?? (column.column === null ? null : (env.ctx.fields.get(column.column.id) ?? null))
}

/** The one scan behind a relation; null when there is none, or more than one. */
function scanOf(env: ExprContext, relation: Relation): ScanRef | null {
  if (relation.scan !== null) return relation.scan
  const scans = new Map<ColumnId, ScanRef>()
  for (const column of relation.columns) {
    const field = fieldOf(env, column)
    if (field !== null) scans.set(field.scan, field)
  }
  return scans.size === 1 ? [...scans.values()][0]! : null
}

/** `score()` of the only text table of FROM, or `score(alias)`. */
export function bindScore(env: ExprContext, args: readonly AstExpr[], at: Position | null): Expr {
  if (args.length > 1) throw sqlError(SqlState.undefinedFunction, 'score takes one table or none: score(l)', at)
  const only = args[0]
  if (only !== undefined) {
    if (only.kind !== 'name')
      throw sqlError(SqlState.undefinedFunction, 'score takes the name of a table: score(l)', at)
    const relation = env.scope.relation(foldPath(only.parts))
    if (relation === null) {
      throw sqlError(SqlState.undefinedTable, `missing FROM-clause entry for table "${foldPath(only.parts)}"`, only.at)
    }
    return scoreOf(scanOf(env, relation), at)
  }
  const scans = textScans(env, env.scope)
  if (scans.length > 1) {
    const names = env.scope.relations.map((relation) => `score(${relation.name})`).join(' or ')
    throw sqlError(SqlState.ambiguousColumn, `score() is ambiguous: name the table, ${names}`, at)
  }
  return scoreOf(scans[0] ?? null, at)
}

function textScans(env: ExprContext, scope: Scope): ScanRef[] {
  const scans = new Map<ColumnId, ScanRef>()
  for (const relation of scope.relations) {
    const scan = scanOf(env, relation)
    if (scan !== null && scan.provider.supportsText) scans.set(scan.scan, scan)
  }
  return [...scans.values()]
}

function scoreOf(scan: ScanRef | null, at: Position | null): Expr {
  if (scan === null || !scan.provider.supportsText) {
    throw sqlError(SqlState.featureNotSupported, 'score() needs a table with a text index in FROM', at)
  }
  return new ScoreExpr(scan.scan, FLOAT64)
}
