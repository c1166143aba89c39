import {
  ArithmeticExpr,
  CaseExpr,
  ComparisonExpr,
  type Expr,
  InListExpr,
  internalError,
  INTERVAL,
  IsNullExpr,
  isNumeric,
  isMap,
  IsTruthExpr,
  isText,
  LikeExpr,
  listType,
  LiteralExpr,
  LogicalExpr,
  NegateExpr,
  NotExpr,
  NULL,
  type ScalarValue,
  SqlState,
  TimeUnit,
  timestampType,
  timezoneOf,
  typeName,
  unitOf,
  UTF8,
} from '@volley/core'
import { ColumnRef, OuterRef } from '@volley/planner'
import type { AstBinaryOperator, AstExpr, AstName } from '../parser/ast.ts'
import { call } from '../parser/plain-call.ts'
import { bindCall, callScalar } from './calls.ts'
import { asBoolean, castTo, comparable, inSessionZone, unify } from './coerce.ts'
import { sqlError, sqlTypeName, unsupportedAt } from './errors.ts'
import type { ExprContext } from './expr-context.ts'
import { bindLiteral } from './literals.ts'
import { fold, foldPath } from './names.ts'
import { bindOperator } from './operators.ts'
import type { ScopeColumn } from './scope.ts'
import { bindExists, bindInQuery, bindQuantified, bindScalarQuery } from './subqueries.ts'
import { bindTextQuery } from './text-search.ts'

/**
 * Binds an expression: names to columns, operators and functions to typed expressions.
 *
 * @throws VolleyError with the position of what is wrong
 */
export function bindExpr(env: ExprContext, ast: AstExpr): Expr {
  return env.ctx.locate(bind(env, ast), ast.at)
}

/** Binds a condition. */
export function bindCondition(env: ExprContext, ast: AstExpr): Expr {
  return asBoolean(env.ctx, bindExpr(env, ast), env.clause)
}

function bind(env: ExprContext, ast: AstExpr): Expr {
  const { ctx } = env
  const literal = bindLiteral(ctx, ast)
  if (literal !== null) return literal
  switch (ast.kind) {
    case 'name':
      return bindName(env, ast.parts)
    case 'unary':
      return bindUnary(env, ast)
    case 'binary':
      return bindBinary(env, ast)
    case 'is': {
      const operand = bindExpr(env, ast.operand)
      if (ast.test === 'null') return new IsNullExpr(operand, ast.negated)
      const value = ast.test === 'unknown' ? null : ast.test === 'true'
      return new IsTruthExpr(asBoolean(ctx, operand, `IS ${ast.test.toUpperCase()}`), value, ast.negated)
    }
    case 'between': {
      const within = (low: AstExpr, high: AstExpr): Expr =>
        new LogicalExpr('AND', [
          bindComparison(env, '>=', ast.operand, low),
          bindComparison(env, '<=', ast.operand, high),
        ])
      const ordered = within(ast.low, ast.high)
      const both = ast.symmetric ? new LogicalExpr('OR', [ordered, within(ast.high, ast.low)]) : ordered
      return ast.negated ? new NotExpr(both) : both
    }
    case 'in_list':
      return bindInList(env, ast)
    case 'in_query':
      return bindInQuery(env, ast)
    case 'like':
      return bindLike(env, ast)
    case 'quantified':
      return bindQuantified(env, ast)
    case 'exists':
      return bindExists(env, ast)
    case 'subquery':
      return bindScalarQuery(env, ast.query)
    case 'cast':
      return bindCast(env, ast)
    case 'case':
      return bindCase(env, ast)
    case 'call':
      return bindCall(env, ast)
    case 'array':
      return bindArray(env, ast.elements)
    case 'tuple':
      throw unsupportedAt('a row as a value', ast.at)
    case 'subscript': {
      const operand = bindExpr(env, ast.operand)
      const index = bindExpr(env, ast.index)
      const kind = typeName(operand.type)
      const name =
        kind === 'Json'
          ? 'json_get'
          : kind === 'Struct'
            ? 'get_field'
            : isMap(operand.type)
              ? 'map_value'
              : 'array_subscript'
      return callScalar(env, name, [operand, index], ast.at)
    }
    case 'slice': {
      const low = ast.low === null ? new LiteralExpr(NULL, null) : bindExpr(env, ast.low)
      const high = ast.high === null ? new LiteralExpr(NULL, null) : bindExpr(env, ast.high)
      return callScalar(env, 'array_section', [bindExpr(env, ast.operand), low, high], ast.at)
    }
  }
  throw internalError(`no binding for ${ast.kind}`)
}

/**
 * A written cast. Numbers become timestamps as nanoseconds since 1970 (PostgreSQL does not cast them at all), with a
 * number of digits as that unit; a timestamp
 * with fewer digits of a second is the nearest; zones are the session's.
 */
function bindCast(env: ExprContext, ast: Extract<AstExpr, { kind: 'cast' }>): Expr {
  const { ctx } = env
  const operand = bindExpr(env, ast.operand)
  const type = inSessionZone(ctx.planning, ast.type)
  if (typeName(type) !== 'Timestamp') return castTo(ctx, operand, type, ast.safe)
  if (
    typeName(operand.type) === 'Timestamp' &&
    unitOf(type) < TimeUnit.MICROSECOND &&
    unitOf(operand.type) > unitOf(type)
  ) {
    const half: ScalarValue = { months: 0, days: 0, nanos: 500_000_000n / 1000n ** BigInt(unitOf(type)) }
    const nearest = new ArithmeticExpr('+', operand, new LiteralExpr(INTERVAL, half), operand.type)
    return castTo(ctx, nearest, type, ast.safe)
  }
  if (ast.bareTimestamp !== true || !isNumeric(operand.type)) return castTo(ctx, operand, type, ast.safe)
  return castTo(ctx, operand, timestampType(TimeUnit.NANOSECOND, timezoneOf(type)), ast.safe)
}

/** A column, of this query or of one around it; or a name of the SELECT list. */
function bindName(env: ExprContext, parts: readonly AstName[]): Expr {
  const { ctx, scope } = env
  const at = parts[0]?.at ?? null
  const own = scope.find(parts)
  if (own !== null) return ctx.locate(columnValue(own, parts), at)
  const alias = parts.length === 1 ? env.aliases?.get(fold(parts[0]!)) : undefined
  if (alias !== undefined) return alias
  for (const outer of scope.enclosing) {
    const column = outer.find(parts)
    if (column !== null) return ctx.locate(new OuterRef(columnValue(column, parts)), at)
  }
  const field = parts.length > 1 ? bindField(env, parts) : null
  if (field !== null) return field
  const constant = parts.length === 1 ? (bindBareFunction(env, parts[0]!) ?? null) : null
  if (constant !== null) return constant
  throw scope.undefinedColumn(parts, env.aliases?.keys() ?? [])
}

/** A field of a column that is a struct: `s.a`, `t.s.a.b`. */
function bindField(env: ExprContext, parts: readonly AstName[]): Expr | null {
  for (let k = parts.length - 1; k > 0; k--) {
    const column = env.scope.find(parts.slice(0, k))
    if (column?.column === undefined || column.column === null || typeName(column.column.type) !== 'Struct') continue
    return parts
      .slice(k)
      .reduce<Expr>(
        (value, part) => callScalar(env, 'get_field', [value, new LiteralExpr(UTF8, fold(part))], part.at),
        env.ctx.locate(columnValue(column, parts), parts[0]?.at ?? null),
      )
  }
  return null
}

/** CURRENT_DATE and the like, where the parser leaves them as names. */
function bindBareFunction(env: ExprContext, name: AstName): Expr | null {
  if (name.quoted || !/^(current_date|current_time|current_timestamp|localtime|localtimestamp)$/i.test(name.value))
    return null
  return bindCall(env, call(name.value, [], name.at))
}

function columnValue(found: ScopeColumn, parts: readonly AstName[]): ColumnRef {
  if (found.column === null) {
    throw sqlError(
      SqlState.featureNotSupported,
      `column "${foldPath(parts)}" is only indexed: it can be searched with match, not selected`,
      parts[0]?.at ?? null,
    )
  }
  const { id, type, nullable } = found.column
  return new ColumnRef(id, found.name, type, nullable)
}

function bindUnary(env: ExprContext, ast: Extract<AstExpr, { kind: 'unary' }>): Expr {
  const { ctx } = env
  if (ast.op === 'NOT') {
    if (ast.operand.kind === 'exists') return bindExists(env, { ...ast.operand, negated: !ast.operand.negated })
    return new NotExpr(asBoolean(ctx, bindExpr(env, ast.operand), 'NOT'))
  }
  const operand = bindExpr(env, ast.operand)
  if (ast.op === '~') return callScalar(env, 'bit_not', [operand], ast.at)
  const name = typeName(operand.type)
  if (name === 'Null') return operand
  if (/^(Int|Float|Decimal|Interval)/.test(name)) return ast.op === '+' ? operand : new NegateExpr(operand)
  if (name === 'Uint64')
    return ast.op === '+'
      ? operand
      : bindOperator(env, '-', ctx.locate(new LiteralExpr(operand.type, 0n), ast.at), operand, ast.at)
  if (name.startsWith('Uint'))
    return ast.op === '+'
      ? operand
      : bindOperator(env, '-', ctx.locate(new LiteralExpr(operand.type, 0), ast.at), operand, ast.at)
  throw sqlError(SqlState.undefinedFunction, `operator does not exist: ${ast.op} ${sqlTypeName(operand.type)}`, ast.at)
}

const COMPARISONS: ReadonlySet<AstBinaryOperator> = new Set([
  '=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'IS DISTINCT FROM',
  'IS NOT DISTINCT FROM',
])

export function isComparison(op: AstBinaryOperator): op is ComparisonExpr['op'] {
  return COMPARISONS.has(op)
}

function bindBinary(env: ExprContext, ast: Extract<AstExpr, { kind: 'binary' }>): Expr {
  if (ast.op === 'AND' || ast.op === 'OR') return bindLogical(env, ast, ast.op)
  if (ast.op === '@@') return bindTextQuery(env, ast)
  if (isComparison(ast.op)) return bindComparison(env, ast.op, ast.left, ast.right)
  return bindOperator(env, ast.op, bindExpr(env, ast.left), bindExpr(env, ast.right), ast.at)
}

/** Chains are flat: `a AND b AND c` is one expression of three operands. */
function bindLogical(env: ExprContext, ast: AstExpr, op: 'AND' | 'OR'): Expr {
  const operands: Expr[] = []
  const pending: AstExpr[] = [ast]
  while (pending.length > 0) {
    const next = pending.pop()!
    if (next.kind === 'binary' && next.op === op) pending.push(next.right, next.left)
    else operands.push(asBoolean(env.ctx, bindExpr(env, next), op))
  }
  return new LogicalExpr(op, operands)
}

function bindComparison(env: ExprContext, op: ComparisonExpr['op'], left: AstExpr, right: AstExpr): Expr {
  if (left.kind === 'tuple' || right.kind === 'tuple') return bindRowComparison(env, op, left, right)
  return compare(env, op, bindExpr(env, left), bindExpr(env, right))
}

export function compare(env: ExprContext, op: ComparisonExpr['op'], left: Expr, right: Expr): Expr {
  const [l, r] = comparable(env.ctx, op, left, right)
  return new ComparisonExpr(op, l, r)
}

/** Rows compare left to right: `(a, b) < (c, d)` is `a < c OR (a = c AND b < d)`. */
function bindRowComparison(env: ExprContext, op: ComparisonExpr['op'], left: AstExpr, right: AstExpr): Expr {
  if (
    left.kind !== 'tuple' ||
    right.kind !== 'tuple' ||
    left.elements.length !== right.elements.length ||
    left.elements.length === 0
  ) {
    throw sqlError(SqlState.syntaxError, 'rows of different lengths cannot be compared', left.at)
  }
  const pairs = left.elements.map((element, i) => [bindExpr(env, element), bindExpr(env, right.elements[i]!)] as const)
  const each = (by: ComparisonExpr['op']): Expr[] => pairs.map(([l, r]) => compare(env, by, l, r))
  const all = (exprs: readonly Expr[], how: 'AND' | 'OR'): Expr =>
    exprs.length === 1 ? exprs[0]! : new LogicalExpr(how, exprs)
  switch (op) {
    case '=':
    case 'IS NOT DISTINCT FROM':
      return all(each(op), 'AND')
    case '<>':
    case 'IS DISTINCT FROM':
      return all(each(op), 'OR')
    default: {
      const strict = op === '<' || op === '<=' ? '<' : '>'
      const alternatives = pairs.map(([l, r], i) => {
        const last = i === pairs.length - 1
        const before = pairs.slice(0, i).map(([a, b]) => compare(env, '=', a, b))
        return all([...before, compare(env, last ? op : strict, l, r)], 'AND')
      })
      return all(alternatives, 'OR')
    }
  }
}

function bindInList(env: ExprContext, ast: Extract<AstExpr, { kind: 'in_list' }>): Expr {
  if (ast.operand.kind === 'tuple') {
    const alternatives = ast.list.map((row) => bindRowComparison(env, '=', ast.operand, row))
    const any = alternatives.length === 1 ? alternatives[0]! : new LogicalExpr('OR', alternatives)
    return ast.negated ? new NotExpr(any) : any
  }
  if (ast.list.length === 0) throw sqlError(SqlState.syntaxError, 'syntax error: IN takes at least one value', ast.at)
  return inList(
    env,
    bindExpr(env, ast.operand),
    ast.list.map((element) => bindExpr(env, element)),
    ast.negated,
  )
}

/** `operand IN (elements)`; elements that keep the operand's type leave it uncast. */
export function inList(env: ExprContext, operand: Expr, elements: readonly Expr[], negated: boolean): Expr {
  const { ctx } = env
  if (typeName(operand.type) === 'Null') {
    const values = unify(ctx, [operand, ...elements], 'IN').exprs
    return new InListExpr(values[0]!, values.slice(1), negated)
  }
  const pairs = elements.map((element) => comparable(ctx, '=', operand, element))
  const { type } = unify(
    ctx,
    pairs.map(([left]) => left),
    'IN',
  )
  if (pairs.some(([left]) => left.type !== type)) {
    const values = unify(ctx, [castTo(ctx, operand, type), ...pairs.map(([, element]) => element)], 'IN').exprs
    return new InListExpr(values[0]!, values.slice(1), negated)
  }
  return new InListExpr(
    pairs[0]![0],
    pairs.map(([, element]) => element),
    negated,
  )
}

function bindLike(env: ExprContext, ast: Extract<AstExpr, { kind: 'like' }>): Expr {
  const { ctx } = env
  const sides = [bindExpr(env, ast.operand), bindExpr(env, ast.pattern)].map((side) => {
    if (!isText(side.type) && typeName(side.type) !== 'Null') {
      throw sqlError(
        SqlState.undefinedFunction,
        `operator does not exist: ${sqlTypeName(side.type)} ${ast.form.toUpperCase()} text`,
        ctx.positionOf(side),
        'cast it: CAST(x AS text)',
      )
    }
    return castTo(ctx, side, UTF8)
  })
  if (ast.form === 'similar') {
    const escape = ast.escape === null ? [] : [new LiteralExpr(UTF8, ast.escape)]
    const found = callScalar(env, 'similar_to', [...sides, ...escape], ast.at)
    return ast.negated ? new NotExpr(found) : found
  }
  if (ast.escape !== null && [...ast.escape].length > 1) {
    throw sqlError(SqlState.invalidParameterValue, 'an escape is one character or none', ast.at)
  }
  return new LikeExpr(sides[0]!, sides[1]!, {
    negated: ast.negated,
    caseInsensitive: ast.form === 'ilike',
    escape: ast.escape,
  })
}

function bindCase(env: ExprContext, ast: Extract<AstExpr, { kind: 'case' }>): Expr {
  const { ctx } = env
  const operand = ast.operand === null ? null : bindExpr(env, ast.operand)
  const whens = ast.branches.map(({ when }) => {
    const bound = bindExpr(env, when)
    return operand === null ? asBoolean(ctx, bound, 'CASE WHEN') : compare(env, '=', operand, bound)
  })
  const results = ast.branches.map(({ then }) => bindExpr(env, then))
  if (ast.otherwise !== null) results.push(bindExpr(env, ast.otherwise))
  const { type, exprs } = unify(ctx, results, 'CASE')
  const otherwise = ast.otherwise === null ? null : exprs.at(-1)!
  return new CaseExpr(
    whens.map((when, i) => ({ when, then: exprs[i]! })),
    otherwise,
    type,
  )
}

function bindArray(env: ExprContext, elements: readonly AstExpr[]): Expr {
  const { type, exprs } = unify(
    env.ctx,
    elements.map((element) => bindExpr(env, element)),
    'ARRAY',
  )
  if (exprs.every((expr) => expr instanceof LiteralExpr)) {
    return new LiteralExpr(
      listType(type),
      exprs.map((expr) => expr.value),
    )
  }
  return callScalar(env, 'make_array', exprs, null)
}
