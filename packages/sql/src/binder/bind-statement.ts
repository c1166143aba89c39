import { notSupported } from '@volley/core'
import type { PlanningContext, Statement } from '@volley/planner'
import type { AstStatement } from '../parser/ast.ts'

export async function bindStatement(_statement: AstStatement, _context: PlanningContext): Promise<Statement> {
  throw notSupported('binding')
}
