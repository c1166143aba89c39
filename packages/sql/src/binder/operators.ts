import {
  ArithmeticExpr,
  type ArithmeticOperator,
  arithmeticSignature,
  type Expr,
  BINARY,
  isText,
  LiteralExpr,
  NotExpr,
  SqlState,
  typeName,
  UTF8,
} from '@volley/core'
import type { AstBinaryOperator, Position } from '../parser/ast.ts'
import { callScalar } from './calls.ts'
import { adaptOperands, castTo, timestampLiteral } from './coerce.ts'
import { sqlError, sqlTypeName, unsupportedAt } from './errors.ts'
import type { ExprContext } from './expr-context.ts'

/** Functions that operators stand for. */
const FUNCTIONS: Readonly<Partial<Record<AstBinaryOperator, string>>> = {
  '^': 'power',
  '->': 'json_get',
  '->>': 'json_get_text',
  '#>': 'json_extract_path',
  '#>>': 'json_extract_path_text',
  '||': '||',
  '@>': 'array_has_all',
  '<@': 'array_has_all',
  '&&': 'array_has_any',
  '~': 'regexp_like',
  '~*': 'regexp_like',
  '!~': 'regexp_like',
  '!~*': 'regexp_like',
  '&': 'bit_and',
  '|': 'bit_or',
  '#': 'bit_xor',
  '<<': 'bit_shift_left',
  '>>': 'bit_shift_right',
  'AT TIME ZONE': 'timezone',
}

/** Binds an operator that is neither a comparison nor logical. */
export function bindOperator(
  env: ExprContext,
  op: AstBinaryOperator,
  left: Expr,
  right: Expr,
  at: Position | null,
): Expr {
  const { ctx } = env
  if (op === '+' || op === '-' || op === '*' || op === '/' || op === '%') return arithmetic(env, op, left, right, at)
  const name = FUNCTIONS[op]
  if (name === undefined || ctx.planning.functions.scalar(name) === undefined)
    throw unsupportedAt(`the operator ${op}`, at)
  const call = (...args: readonly Expr[]): Expr => callScalar(env, name, args, at)
  switch (op) {
    case '||':
      return call(...concatenated(env, left, right, at))
    case '->':
    case '->>':
      if (typeName(left.type) === 'Json' || ctx.isUntyped(left)) return call(left, right)
      throw sqlError(
        SqlState.undefinedFunction,
        `operator does not exist: ${sqlTypeName(left.type)} ${op} ${sqlTypeName(right.type)}`,
        at,
        'the left side of -> and ->> is json',
      )
    case '~':
    case '~*':
    case '!~':
    case '!~*': {
      const flags = op.endsWith('*') ? [new LiteralExpr(UTF8, 'i')] : []
      const found = call(castTo(ctx, left, UTF8), castTo(ctx, right, UTF8), ...flags)
      return op.startsWith('!') ? new NotExpr(found) : found
    }
    case '<@':
      return call(right, left)
    case 'AT TIME ZONE':
      return call(right, zonedLiteral(env, left))
    default:
      return call(left, right)
  }
}

/** A text with a zone is a `timestamp with time zone`, as PostgreSQL takes it. */
function zonedLiteral(env: ExprContext, time: Expr): Expr {
  const { ctx } = env
  if (!(time instanceof LiteralExpr) || typeof time.value !== 'string' || !ctx.isUntyped(time)) return time
  if (!/\d\s*(?:z|utc|[+-]\d\d(?::?\d\d)?|[a-z]+\/[a-z_/]+)$/i.test(time.value.trim()) || !time.value.includes(':'))
    return time
  return timestampLiteral(ctx, time.value, 'UTC', time)
}

function arithmetic(env: ExprContext, op: ArithmeticOperator, left: Expr, right: Expr, at: Position | null): Expr {
  const { ctx } = env
  const [l, r] = adaptOperands(ctx, op, left, right)
  const signature = arithmeticSignature(op, l.type, r.type)
  if (signature === null) {
    throw sqlError(
      SqlState.undefinedFunction,
      `operator does not exist: ${sqlTypeName(left.type)} ${op} ${sqlTypeName(right.type)}`,
      at,
    )
  }
  return new ArithmeticExpr(op, castTo(ctx, l, signature.left), castTo(ctx, r, signature.right), signature.type)
}

/** Text beside anything is text; lists stay as they are. */
function concatenated(env: ExprContext, left: Expr, right: Expr, at: Position | null): readonly [Expr, Expr] {
  const { ctx } = env
  if (typeName(left.type) === 'List' || typeName(right.type) === 'List') return [left, right]
  if ([left, right].some((side) => typeName(side.type) === 'Binary')) {
    const bytes = (side: Expr): boolean =>
      typeName(side.type) === 'Binary' || typeName(side.type) === 'Null' || ctx.isUntyped(side)
    if (bytes(left) && bytes(right)) return [castTo(ctx, left, BINARY), castTo(ctx, right, BINARY)]
  }
  if (![left, right].some((side) => isText(side.type) || typeName(side.type) === 'Null')) {
    throw sqlError(
      SqlState.undefinedFunction,
      `operator does not exist: ${sqlTypeName(left.type)} || ${sqlTypeName(right.type)}`,
      at,
    )
  }
  return [castTo(ctx, left, UTF8), castTo(ctx, right, UTF8)]
}
