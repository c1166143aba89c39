import {
  ArithmeticExpr,
  type ArithmeticOperator,
  arithmeticSignature,
  type Expr,
  isText,
  LiteralExpr,
  NotExpr,
  SqlState,
  typeName,
  UTF8,
} from '@volley/core'
import type { AstBinaryOperator, Position } from '../parser/ast.ts'
import { callScalar } from './calls.ts'
import { adaptOperands, castTo } from './coerce.ts'
import { sqlError, sqlTypeName } from './errors.ts'
import type { ExprContext } from './expr-context.ts'

/** Functions that operators stand for; the first that is registered is taken. */
const FUNCTIONS: Readonly<Partial<Record<AstBinaryOperator, readonly string[]>>> = {
  '^': ['power', 'pow'],
  '->': ['json_get'],
  '->>': ['json_get_text'],
  '#>': ['json_extract_path'],
  '#>>': ['json_extract_path_text'],
  '@>': ['array_has_all'],
  '&&': ['array_has_any'],
  '&': ['bit_and'],
  '|': ['bit_or'],
  '#': ['bit_xor'],
  '<<': ['bit_shift_left'],
  '>>': ['bit_shift_right'],
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
  switch (op) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return arithmetic(env, op, left, right, at)
    case '||':
      return concatenation(env, left, right, at)
    case '~':
    case '~*':
    case '!~':
    case '!~*': {
      const flags = op.endsWith('*') ? [castTo(ctx, textOf(env, 'i'), UTF8)] : []
      const found = callScalar(env, ['regexp_like'], [castTo(ctx, left, UTF8), right, ...flags], at)
      return op.startsWith('!') ? new NotExpr(found) : found
    }
    case '<@':
      return callScalar(env, ['array_has_all'], [right, left], at)
    case 'AT TIME ZONE':
      return callScalar(env, ['timezone', 'at_time_zone'], [right, left], at)
  }
  const names = FUNCTIONS[op]
  if (names === undefined) throw sqlError(SqlState.undefinedFunction, `operator does not exist: ${op}`, at)
  if ((op === '->' || op === '->>') && typeName(left.type) !== 'Json' && !ctx.isUntyped(left)) {
    throw sqlError(
      SqlState.undefinedFunction,
      `operator does not exist: ${sqlTypeName(left.type)} ${op} ${sqlTypeName(right.type)}`,
      at,
      'the left side of -> and ->> is json',
    )
  }
  return callScalar(env, names, [left, right], at)
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

function concatenation(env: ExprContext, left: Expr, right: Expr, at: Position | null): Expr {
  const { ctx } = env
  if (typeName(left.type) === 'List' || typeName(right.type) === 'List') {
    const names =
      typeName(left.type) !== 'List' && typeName(left.type) !== 'Null' && !ctx.isUntyped(left)
        ? ['array_prepend']
        : typeName(right.type) !== 'List' && typeName(right.type) !== 'Null' && !ctx.isUntyped(right)
          ? ['array_append']
          : ['array_concat', 'array_cat']
    return callScalar(env, names, [left, right], at)
  }
  if (![left, right].some((side) => isText(side.type) || typeName(side.type) === 'Null')) {
    throw sqlError(
      SqlState.undefinedFunction,
      `operator does not exist: ${sqlTypeName(left.type)} || ${sqlTypeName(right.type)}`,
      at,
    )
  }
  return callScalar(
    env,
    ['||', 'concat_op', 'text_concat', 'string_concat'],
    [castTo(ctx, left, UTF8), castTo(ctx, right, UTF8)],
    at,
  )
}

function textOf(env: ExprContext, text: string): Expr {
  return env.ctx.locate(new LiteralExpr(UTF8, text), null)
}
