import { RE2JS, RE2JSException, type Matcher } from 're2js'
import { SqlState, VolleyError } from '../errors.ts'
import type { BytesWriter } from '../vectors/bytes-writer.ts'
import { decodeText, encodeText } from '../vectors/utf8.ts'
import { LinearMatcher } from './linear-matcher.ts'

/**
 * A compiled regular expression (RE2's syntax, which is PostgreSQL's but for back references and look-around), matched in
 * time linear in the text.
 */
export class Regex {
  readonly global: boolean
  readonly groupCount: number
  readonly #compiled: RE2JS
  #linear: LinearMatcher | null | undefined

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

  get #matcher(): LinearMatcher | null {
    if (this.#linear === undefined) this.#linear = LinearMatcher.of(this.#compiled)
    return this.#linear
  }

  /** Whether the UTF-8 text bytes[start..end) has a match. */
  testBytes(bytes: Uint8Array, start: number, end: number): boolean {
    return this.#matcher?.test(bytes, start, end) ?? this.test(decodeText(bytes, start, end))
  }

  /** Writes the UTF-8 text bytes[start..end) as `replace` changes it to the current row. */
  replaceBytes(bytes: Uint8Array, start: number, end: number, replacement: Replacement, out: BytesWriter): void {
    const matcher = this.#matcher
    if (matcher === null || !matcher.read(bytes, start, end)) {
      out.appendText(this.replace(decodeText(bytes, start, end), replacement.text))
      return
    }
    const { groups } = matcher
    let copied = 0
    for (let from = 0; start + from <= end && matcher.next(from);) {
      const [first, last] = [groups[0]!, groups[1]!]
      out.append(bytes, start + copied, start + first)
      for (const part of replacement.parts) {
        if (typeof part !== 'number') out.append(part, 0, part.length)
        else if (part <= this.groupCount && groups[2 * part]! >= 0 && groups[2 * part + 1]! >= 0)
          out.append(bytes, start + groups[2 * part]!, start + groups[2 * part + 1]!)
      }
      copied = last
      if (!this.global) break
      from = last > first ? last : matcher.after(last)
    }
    out.append(bytes, start + copied, end)
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

/** A replacement in its parts: bytes as they are, and numbers of groups, of which 0 is the match. */
export class Replacement {
  readonly text: string
  readonly parts: readonly (Uint8Array | number)[]

  constructor(text: string) {
    this.text = text
    const parts: (Uint8Array | number)[] = []
    let literal = ''
    for (let i = 0; i < text.length; i++) {
      const next = text[i + 1]
      if (text[i] !== '\\' || next === undefined || !/[1-9&\\]/.test(next)) literal += text[i]!
      else {
        i++
        if (next === '\\') literal += next
        else {
          if (literal !== '') parts.push(encodeText(literal))
          literal = ''
          parts.push(next === '&' ? 0 : Number(next))
        }
      }
    }
    if (literal !== '') parts.push(encodeText(literal))
    this.parts = parts
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
