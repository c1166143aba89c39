import type { AstCall, AstExpr, Position } from './ast.ts'

/** A call as if it was written. */
export function call(functionName: string, args: readonly AstExpr[], at: Position | null): AstCall {
  return {
    kind: 'call',
    name: [{ value: functionName, quoted: false, at }],
    args,
    distinct: false,
    orderBy: [],
    withinGroup: [],
    filter: null,
    over: null,
    ignoreNulls: false,
    at,
  }
}
