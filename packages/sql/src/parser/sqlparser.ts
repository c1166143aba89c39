import { init, Parser, type Dialect } from '@guanmingchiu/sqlparser-ts'
import { SqlState, VolleyError } from '@volley/core'
import { checkComplexity, positionAt } from './guard.ts'
import { rewriteUnknown } from './unknown-syntax.ts'

/** A piece of the parser's output: sqlparser-rs' AST as serde writes it. Variants are a string or an object of one key. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Raw = any

/** PostgreSQL's dialect of the parser takes time exponential in the depth of calls. */
const MAX_CALL_DEPTH = 6

/**
 * Parses SQL text with sqlparser-rs. The `generic` dialect knows the conveniences of DuckDB and DataFusion; what it refuses
 * is tried in PostgreSQL's.
 *
 * @throws VolleyError 42601 with the position, 54001 for text beyond the limits
 */
export async function parseRaw(given: string): Promise<Raw[]> {
  checkComplexity(given)
  const sql = rewriteUnknown(given)
  await init()
  try {
    return run(sql, 'generic')
  } catch (error) {
    const generic = syntaxError(error, sql)
    if (callDepth(sql) > MAX_CALL_DEPTH) throw generic
    try {
      return run(sql, 'postgresql')
    } catch (second) {
      throw further(generic, syntaxError(second, sql))
    }
  }
}

function run(sql: string, dialect: string): Raw[] {
  return new Parser({ name: dialect } satisfies Dialect).parse(sql)
}

/** Of two dialects' complaints, that of the one which understood more of the text. */
function further(a: VolleyError, b: VolleyError): VolleyError {
  const [p, q] = [a.subject.position, b.subject.position]
  if (p === undefined || q === undefined) return a
  return q.line > p.line || (q.line === p.line && q.column > p.column) ? b : a
}

function syntaxError(error: unknown, sql: string): VolleyError {
  const text = error instanceof Error ? error.message : String(error)
  if (/recursion limit/.test(text)) {
    return new VolleyError('the statement is too complex: it nests too deep', { code: SqlState.statementTooComplex })
  }
  if (!/sql parser error|at Line: |Unterminated|Expected|Unexpected|Explain must be/i.test(text)) {
    return new VolleyError(`the SQL parser failed: ${text}`, { code: SqlState.internalError, cause: error })
  }
  const place = /\s*at Line: (\d+), Column: (\d+)/.exec(text)
  const message = text.replace(/^sql parser error: /, '').replace(/\s*at Line: \d+, Column: \d+.*/s, '')
  const position =
    place === null ? positionAt(sql, sql.trimEnd().length) : { line: Number(place[1]), column: Number(place[2]) }
  return new VolleyError(
    `syntax error: ${message.slice(0, 1).toLowerCase()}${message.slice(1).replace('found: EOF', 'found the end')}`,
    {
      code: SqlState.syntaxError,
      position,
    },
  )
}

/** Deepest nesting of `name(`. */
function callDepth(sql: string): number {
  const stack: boolean[] = []
  let depth = 0
  let deepest = 0
  for (const match of sql.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[\p{L}\p{N}_"]\s*\(|\(|\)/gu)) {
    const token = match[0]
    if (token === ')') {
      if (stack.pop() === true) depth--
    } else if (token.endsWith('(')) {
      stack.push(token !== '(')
      if (token !== '(' && ++depth > deepest) deepest = depth
    }
  }
  return deepest
}
