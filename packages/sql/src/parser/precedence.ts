import type { AstExpr } from './ast.ts'

/** Binding power of operators as PostgreSQL has it (manual, 4.1.6); higher binds tighter. */
export const Precedence = {
  or: 10,
  and: 20,
  not: 30,
  is: 40,
  comparison: 50,
  range: 60,
  other: 70,
  sum: 80,
  product: 90,
  power: 100,
  zone: 110,
  collate: 120,
  sign: 125,
  cast: 140,
} as const

export type ExprItem =
  | { readonly kind: 'atom'; readonly expr: AstExpr }
  | { readonly kind: 'prefix'; readonly power: number; readonly build: (operand: AstExpr) => AstExpr }
  | { readonly kind: 'postfix'; readonly power: number; readonly build: (operand: AstExpr) => AstExpr }
  | { readonly kind: 'infix'; readonly power: number; readonly build: (left: AstExpr, right: AstExpr) => AstExpr }

/**
 * Makes the tree of a flat expression. The parser's generic dialect binds `->`, `->>` and `@@` looser than comparisons;
 * the order of operators and operands in the text is all that is taken from it.
 */
export function climb(items: readonly ExprItem[]): AstExpr {
  let at = 0
  const parse = (minimum: number): AstExpr => {
    const item = items[at++]!
    let left: AstExpr
    if (item.kind === 'prefix') left = item.build(parse(item.power))
    else if (item.kind === 'atom') left = item.expr
    else throw new TypeError('an operator without an operand')
    for (;;) {
      const next = items[at]
      if (next === undefined || next.kind === 'atom' || next.kind === 'prefix' || next.power < minimum) return left
      at++
      left = next.kind === 'postfix' ? next.build(left) : next.build(left, parse(next.power + 1))
    }
  }
  return parse(0)
}
