import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { CastExpr } from '../expressions/cast-expr.ts'
import type { Expr } from '../expressions/expr.ts'
import { LiteralExpr } from '../expressions/literal-expr.ts'
import { ScalarFunctionExpr } from '../expressions/scalar-function-expr.ts'
import { castScalar } from '../types/cast-scalar.ts'
import { canCast } from '../types/coercion.ts'
import { typeName, typesEqual } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { resultLayout } from './result-layouts.ts'
import type { Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'

export interface FunctionExample {
  /** An expression without tables. */
  readonly sql: string
  /** Its value as text. */
  readonly result: string
}

export interface ResolvedFunction {
  /** What the arguments are cast to. */
  readonly argTypes: readonly DataType[]
  readonly returnType: DataType
  /** propagate: NULL only where an argument is. */
  readonly nullable: 'propagate' | 'always' | 'never'
}

/** One batch of arguments. `args` have `length` rows; what is not selected is neither read nor written. */
export interface ScalarCall {
  readonly args: readonly Vector[]
  readonly type: DataType
  readonly length: number
  readonly selection: Selection | null
  readonly region: Region
}

/** A function of one row's values. */
export interface ScalarFunction {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly category: string
  readonly description: string
  readonly examples: readonly FunctionExample[]
  /** immutable: the same for the same arguments; stable: within one statement; volatile: new in every row. */
  readonly volatility: 'immutable' | 'stable' | 'volatile'
  /** Chooses the overload; null when there is none. `literals` has the value of each argument that is a literal. */
  resolve(argTypes: readonly DataType[], literals: readonly (ScalarValue | undefined)[]): ResolvedFunction | null
  evaluate(call: ScalarCall): Vector
}

/** A call with its arguments cast to the types of the overload; null when there is none. */
export function callFunction(fn: ScalarFunction, args: readonly Expr[]): ScalarFunctionExpr | null {
  const literals = args.map((arg) => (arg instanceof LiteralExpr ? arg.value : undefined))
  const resolved = fn.resolve(
    args.map((arg) => arg.type),
    literals,
  )
  if (resolved === null) return null
  if (!args.every((arg, i) => canCast(arg.type, resolved.argTypes[i]!))) return null
  const cast = args.map((arg, i) => coerceTo(arg, resolved.argTypes[i]!))
  const nullable = resolved.nullable === 'always' || (resolved.nullable === 'propagate' && cast.some((a) => a.nullable))
  const type = resultLayout(
    fn.name,
    args.map((arg) => arg.type),
    resolved.returnType,
  )
  return new ScalarFunctionExpr(fn, cast, type, nullable)
}

/** The expression cast to a type: itself when it has it, a literal of the type for a NULL or a text literal. */
export function coerceTo(expr: Expr, type: DataType): Expr {
  if (typesEqual(expr.type, type)) return expr
  if (expr instanceof LiteralExpr) {
    if (expr.value === null) return new LiteralExpr(type, null)
    if (typeName(expr.type) === 'Utf8') return new LiteralExpr(type, castScalar(expr.value, expr.type, type))
  }
  return new CastExpr(expr, type, false)
}
