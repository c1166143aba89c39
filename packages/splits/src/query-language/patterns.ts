import { SqlState, VolleyError } from '@volley/core'

/**
 * A wildcard pattern as a regular expression: `*` is any run and `?` one character, both without line ends; a backslash takes
 * the next character literally, and at the end counts for nothing.
 */
export function wildcardSource(pattern: string): string {
  let source = ''
  for (const [whole, escaped] of pattern.matchAll(/\\(.)|./gsu)) {
    if (escaped !== undefined) source += literal(escaped)
    else if (whole === '*') source += '.*'
    else if (whole === '?') source += '.'
    else if (whole !== '\\') source += literal(whole)
  }
  return source
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** Whether a regular expression says by a leading flag that case does not matter. */
function ignoresCase(source: string): boolean {
  return /^\(\?[^)]*i[^)]*\)/.test(source)
}

/** The same without regard to case. */
export function ignoringCase(source: string): string {
  return ignoresCase(source) ? source : `(?i)${source}`
}

/**
 * A regular expression of a query, which must match a whole term.
 *
 * @throws VolleyError `invalidRegularExpression`.
 */
export function termRegex(source: string): RegExp {
  const flags = /^\(\?([is]+)\)/.exec(source)
  const body = flags === null ? source : source.slice(flags[0].length)
  const all = `${flags?.[1]!.includes('i') ? 'i' : ''}${flags?.[1]!.includes('s') ? 's' : ''}`
  for (const mode of ['u', '']) {
    try {
      return new RegExp(`^(?:${body})$`, all + mode)
    } catch {
      // Escapes that Unicode mode refuses may be harmless without it.
    }
  }
  throw new VolleyError(`${JSON.stringify(source)} is not a regular expression that can be searched for`, {
    code: SqlState.invalidRegularExpression,
  })
}
