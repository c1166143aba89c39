import type { LogicalPlan } from '@volley/planner'
import type { Position } from '../parser/ast.ts'

/** Queries named by WITH, innermost first. */
export interface CteScope {
  readonly name: string
  /** Binds the query anew, with ids of its own. */
  readonly bind: (at: Position | null) => LogicalPlan
  readonly outer: CteScope | null
}

export function findCte(ctes: CteScope | null, name: string): CteScope | null {
  for (let cte = ctes; cte !== null; cte = cte.outer) if (cte.name === name) return cte
  return null
}
