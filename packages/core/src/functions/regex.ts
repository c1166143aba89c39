import { RE2JS, RE2JSException, type Matcher } from 're2js'
import { SqlState, VolleyError } from '../errors.ts'

/**
 * A compiled regular expression (RE2's syntax, which is PostgreSQL's but for back references and look-around), matched in
 * time linear in the text.
 */
export class Regex {
  readonly global: boolean
  readonly groupCount: number
  readonly #compiled: RE2JS

  /**
   * Flags: `i` without regard to case, `g` all matches, `n` or `m` lines (`^` and `$` at line ends, `.` stops there), `c`
   * and `s` the default.
   *
   * @throws VolleyError 2201B for a pattern that RE2 does not take, 22023 for an unknown flag.
   */
  constructor(pattern: string, flags = '') {
    let bits = RE2JS.DOTALL
    for (const flag of flags) {
      if (flag === 'i') bits |= RE2JS.CASE_INSENSITIVE
      else if (flag === 'c') bits &= ~RE2JS.CASE_INSENSITIVE
      else if (flag === 'n' || flag === 'm') bits = (bits | RE2JS.MULTILINE) & ~RE2JS.DOTALL
      else if (flag === 's') bits = (bits | RE2JS.DOTALL) & ~RE2JS.MULTILINE
      else if (flag !== 'g') {
        throw new VolleyError(`invalid regular expression option: "${flag}"`, { code: SqlState.invalidParameterValue })
      }
    }
    this.global = flags.includes('g')
    try {
      this.#compiled = RE2JS.compile(pattern, bits)
    } catch (cause) {
      if (!(cause instanceof RE2JSException)) throw cause
      throw new VolleyError(`invalid regular expression "${pattern}": ${cause.message}`, {
        code: SqlState.invalidRegularExpression,
        cause,
      })
    }
    this.groupCount = this.#compiled.groupCount()
  }

  test(text: string): boolean {
    return this.#compiled.matcher(text).find()
  }

  /** Positions and groups of the next matches, one call of `visit` each, until it returns false. */
  each(text: string, visit: (matcher: Matcher) => boolean): void {
    const matcher = this.#compiled.matcher(text)
    while (matcher.find()) if (!visit(matcher)) return
  }

  /** Replaces the first match (all, with `g`); in the replacement `\1` to `\9` are groups, `\&` is the match. */
  replace(text: string, replacement: string): string {
    let result = ''
    let end = 0
    this.each(text, (matcher) => {
      result += text.slice(end, matcher.start()) + this.#expand(replacement, matcher)
      end = matcher.end()
      return this.global
    })
    return result + text.slice(end)
  }

  #expand(replacement: string, matcher: Matcher): string {
    if (!replacement.includes('\\')) return replacement
    return replacement.replace(/\\([1-9&\\])/g, (_whole, reference: string) => {
      if (reference === '\\') return '\\'
      if (reference === '&') return matcher.group() ?? ''
      return Number(reference) <= this.groupCount ? (matcher.group(Number(reference)) ?? '') : ''
    })
  }
}

let last: { readonly pattern: string; readonly flags: string; readonly regex: Regex } | null = null

/** The compiled pattern; the last one is kept. */
export function regexOf(pattern: string, flags: string): Regex {
  if (last === null || last.pattern !== pattern || last.flags !== flags) {
    last = { pattern, flags, regex: new Regex(pattern, flags) }
  }
  return last.regex
}
