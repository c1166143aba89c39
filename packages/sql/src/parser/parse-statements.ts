import { notSupported } from '@volley/core'
import type { AstStatement } from './ast.ts'

export async function parseStatements(_sql: string): Promise<AstStatement[]> {
  throw notSupported('parsing')
}
