import {
  CaseExpr,
  CastExpr,
  CoalesceExpr,
  ComparisonExpr,
  conjunction,
  conjuncts,
  exprKey,
  InListExpr,
  IsNullExpr,
  LiteralExpr,
  LogicalExpr,
  NotExpr,
  transformExpr,
  typesEqual,
  type ComparisonOperator,
  type Expr,
} from '@volley/core'
import { Bool } from 'apache-arrow'
import { SubqueryExpr } from '../logical/expressions.ts'
import { isVolatile } from './analysis.ts'
import { foldConstant } from './fold-constants.ts'
import { unwrapComparison, unwrapInList } from './unwrap-cast.ts'

const BOOL = new Bool()
const NEGATED: Partial<Record<ComparisonOperator, ComparisonOperator>> = {
  '=': '<>',
  '<>': '=',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
  'IS DISTINCT FROM': 'IS NOT DISTINCT FROM',
  'IS NOT DISTINCT FROM': 'IS DISTINCT FROM',
}

function bool(value: boolean | null): LiteralExpr {
  return new LiteralExpr(BOOL, value)
}

/** An equal expression that is no longer than this one; constants are folded, and logic over them is resolved. */
export function simplifyExpr(expr: Expr): Expr {
  return transformExpr(expr, simplifyNode)
}

function simplifyNode(expr: Expr): Expr {
  if (expr instanceof LogicalExpr) return simplifyLogical(expr)
  if (expr instanceof NotExpr) return simplifyNot(expr)
  if (expr instanceof IsNullExpr && !expr.child.nullable && !isVolatile(expr.child)) return bool(expr.negated)
  if (expr instanceof CaseExpr) return simplifyCase(expr)
  if (expr instanceof CoalesceExpr) return simplifyCoalesce(expr)
  if (expr instanceof CastExpr && typesEqual(expr.child.type, expr.type)) return expr.child
  if (expr instanceof InListExpr && expr.list.length === 1) {
    return simplifyNode(new ComparisonExpr(expr.negated ? '<>' : '=', expr.child, expr.list[0]!))
  }
  if (expr instanceof ComparisonExpr) return foldConstant(unwrapComparison(expr))
  if (expr instanceof InListExpr) return foldConstant(unwrapInList(expr))
  return foldConstant(expr)
}

function simplifyNot(expr: NotExpr): Expr {
  const { child } = expr
  if (child instanceof NotExpr) return child.child
  if (child instanceof ComparisonExpr) return new ComparisonExpr(NEGATED[child.op]!, child.left, child.right)
  if (child instanceof IsNullExpr) return new IsNullExpr(child.child, !child.negated)
  if (child instanceof InListExpr) return new InListExpr(child.child, child.list, !child.negated)
  if (child instanceof SubqueryExpr && child.form !== 'scalar') {
    return new SubqueryExpr(child.form, child.plan, child.children, !child.negated)
  }
  return foldConstant(expr)
}

/** Drops neutral operands and duplicates, stops at an absorbing one, and factors common conjuncts out of an OR. */
function simplifyLogical(expr: LogicalExpr): Expr {
  const absorbing = expr.op === 'OR'
  const operands: Expr[] = []
  const seen = new Set<string>()
  const flat = expr.children.flatMap((child) =>
    child instanceof LogicalExpr && child.op === expr.op ? child.children : [child],
  )
  for (const operand of flat) {
    if (operand instanceof LiteralExpr && operand.value === !absorbing) continue
    if (operand instanceof LiteralExpr && operand.value === absorbing) return bool(absorbing)
    const key = exprKey(operand)
    if (seen.has(key) && !isVolatile(operand)) continue
    seen.add(key)
    operands.push(operand)
  }
  if (operands.length === 0) return bool(!absorbing)
  if (operands.length === 1) return operands[0]!
  if (expr.op === 'OR') return factorOr(operands) ?? new LogicalExpr('OR', operands)
  const same = operands.length === expr.children.length && operands.every((operand, i) => operand === expr.children[i])
  return same ? expr : new LogicalExpr('AND', operands)
}

/** `(a AND x) OR (a AND y)` as `a AND (x OR y)`; null when the operands share no conjunct. */
function factorOr(operands: readonly Expr[]): Expr | null {
  const lists = operands.map(conjuncts)
  if (lists.flat().some(isVolatile)) return null
  const keys = lists.map((list) => new Set(list.map(exprKey)))
  const common = lists[0]!.filter((conjunct) => keys.every((set) => set.has(exprKey(conjunct))))
  if (common.length === 0) return null
  const commonKeys = new Set(common.map(exprKey))
  const rests = lists.map((list) => conjunction(list.filter((conjunct) => !commonKeys.has(exprKey(conjunct)))))
  if (rests.includes(null)) return conjunction(common)
  return conjunction([...common, simplifyLogical(new LogicalExpr('OR', rests as Expr[]))])
}

function simplifyCase(expr: CaseExpr): Expr {
  const branches = []
  let { otherwise } = expr
  for (const branch of expr.branches) {
    if (branch.when instanceof LiteralExpr && branch.when.value !== true) continue
    if (branch.when instanceof LiteralExpr) {
      otherwise = branch.then
      break
    }
    branches.push(branch)
  }
  if (branches.length === 0) return otherwise ?? new LiteralExpr(expr.type, null)
  if (branches.length === expr.branches.length) return expr
  return new CaseExpr(branches, otherwise, expr.type)
}

function simplifyCoalesce(expr: CoalesceExpr): Expr {
  const args: Expr[] = []
  for (const arg of expr.children) {
    if (arg instanceof LiteralExpr && arg.value === null) continue
    args.push(arg)
    if (!arg.nullable) break
  }
  if (args.length === 0) return new LiteralExpr(expr.type, null)
  if (args.length === 1 && typesEqual(args[0]!.type, expr.type)) return args[0]!
  return args.length === expr.children.length ? expr : new CoalesceExpr(args, expr.type)
}
