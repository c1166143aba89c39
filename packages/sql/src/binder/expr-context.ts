import type { Expr } from '@volley/core'
import type { AstWindow } from '../parser/ast.ts'
import type { BindContext } from './bind-context.ts'
import type { CteScope } from './cte-scope.ts'
import type { Scope } from './scope.ts'

/** Where an expression stands: what its names mean, and what may be in it. */
export interface ExprContext {
  readonly ctx: BindContext
  readonly scope: Scope
  readonly ctes: CteScope | null
  /** As messages name it: `WHERE`, `GROUP BY`. */
  readonly clause: string
  readonly aggregates: boolean
  readonly windows: boolean
  /** Names of the SELECT list, found after columns. */
  readonly aliases: ReadonlyMap<string, Expr> | null
  readonly namedWindows: ReadonlyMap<string, AstWindow>
}
