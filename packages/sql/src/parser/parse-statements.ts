import type { AstStatement } from './ast.ts'
import { convertStatement } from './convert-statement.ts'
import { mayNameFiles, parseWithFiles } from './file-statements.ts'
import { checkComplexity, withinStack } from './guard.ts'
import { parseRaw } from './sqlparser.ts'

/**
 * Parses SQL text into statements, one for each `;`-separated piece; empty pieces are none.
 *
 * @throws VolleyError 42601 (syntax, with line and column), 54001 (too long or too deep), 0A000 (a statement or clause that is not supported)
 */
export async function parseStatements(sql: string): Promise<AstStatement[]> {
  if (!mayNameFiles(sql)) return parseByLibrary(sql)
  checkComplexity(sql)
  return withinStack(() => parseWithFiles(sql, parseByLibrary))
}

async function parseByLibrary(sql: string): Promise<AstStatement[]> {
  const raw = await parseRaw(sql)
  return withinStack(() => raw.map(convertStatement))
}
