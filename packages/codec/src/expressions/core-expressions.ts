import type { ExprCodec } from '../node-codec.ts'
import { arithmeticExprCodec } from './arithmetic-expr-codec.ts'
import { caseExprCodec } from './case-expr-codec.ts'
import { castExprCodec } from './cast-expr-codec.ts'
import { coalesceExprCodec } from './coalesce-expr-codec.ts'
import { columnExprCodec } from './column-expr-codec.ts'
import { comparisonExprCodec } from './comparison-expr-codec.ts'
import { inListExprCodec } from './in-list-expr-codec.ts'
import { isNullExprCodec } from './is-null-expr-codec.ts'
import { isTruthExprCodec } from './is-truth-expr-codec.ts'
import { likeExprCodec } from './like-expr-codec.ts'
import { literalExprCodec } from './literal-expr-codec.ts'
import { logicalExprCodec } from './logical-expr-codec.ts'
import { negateExprCodec } from './negate-expr-codec.ts'
import { notExprCodec } from './not-expr-codec.ts'
import { scalarFunctionExprCodec } from './scalar-function-expr-codec.ts'

/** Every expression of @volley/core. */
export const coreExpressions: readonly ExprCodec[] = [
  arithmeticExprCodec,
  caseExprCodec,
  castExprCodec,
  coalesceExprCodec,
  columnExprCodec,
  comparisonExprCodec,
  inListExprCodec,
  isNullExprCodec,
  isTruthExprCodec,
  likeExprCodec,
  literalExprCodec,
  logicalExprCodec,
  negateExprCodec,
  notExprCodec,
  scalarFunctionExprCodec,
]
