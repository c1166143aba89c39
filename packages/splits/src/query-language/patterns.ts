import { SqlState, VolleyError } from '@volley/core'

/** A wildcard pattern (`*` any run, `?` one character, `\` takes the next one literally) as a regular expression. */
export function wildcardRegex(pattern: string, caseInsensitive: boolean): RegExp {
  let source = ''
  for (const { text, wildcard } of wildcardParts(pattern)) {
    source += wildcard ? (text === '*' ? '[^\\n]*' : '[^\\n]') : text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  }
  return new RegExp(`^${source}$`, caseInsensitive ? 'iu' : 'u')
}

/** The literal text before the first wildcard, and whether all that follows it is one `*`. */
export function wildcardPrefix(pattern: string): { prefix: string; onlyPrefix: boolean } {
  const parts = wildcardParts(pattern)
  const first = parts.findIndex((part) => part.wildcard)
  const end = first < 0 ? parts.length : first
  const prefix = parts
    .slice(0, end)
    .map((part) => part.text)
    .join('')
  return { prefix, onlyPrefix: first === parts.length - 1 && parts[first]?.text === '*' }
}

function wildcardParts(pattern: string): { text: string; wildcard: boolean }[] {
  const parts: { text: string; wildcard: boolean }[] = []
  for (const [whole, escaped] of pattern.matchAll(/\\(.)|./gsu)) {
    parts.push(
      escaped === undefined
        ? { text: whole, wildcard: whole === '*' || whole === '?' }
        : { text: escaped, wildcard: false },
    )
  }
  return parts
}

/**
 * A regular expression of a query, which must match a whole term.
 *
 * @throws VolleyError `invalidRegularExpression`.
 */
export function termRegex(source: string, caseInsensitive: boolean): RegExp {
  const flags = /^\(\?([is]+)\)/.exec(source)
  const body = flags === null ? source : source.slice(flags[0].length)
  const ignoreCase = caseInsensitive || flags?.[1]!.includes('i') === true
  const all = `${ignoreCase ? 'i' : ''}${flags?.[1]!.includes('s') ? 's' : ''}`
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
