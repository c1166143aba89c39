/** Raised for a pattern that is malformed or uses what the tokenizer's regular expressions do not have. */
export class RegexSyntaxError extends Error {
  constructor(pattern: string, at: number, problem: string) {
    super(`regular expression ${JSON.stringify(pattern)}: ${problem} at ${at}`)
    this.name = 'RegexSyntaxError'
  }
}

export type RegexNode =
  | { readonly kind: 'empty' }
  /** One code point that the expression (anchored, of one character) accepts. */
  | { readonly kind: 'character'; readonly test: RegExp }
  | { readonly kind: 'assertion'; readonly name: 'start' | 'end' | 'lineStart' | 'lineEnd' | 'word' | 'notWord' }
  | { readonly kind: 'sequence' | 'choice'; readonly items: readonly RegexNode[] }
  | {
      readonly kind: 'repeat'
      readonly item: RegexNode
      readonly min: number
      readonly max: number
      readonly lazy: boolean
    }

interface Flags {
  readonly i: boolean
  readonly m: boolean
  readonly s: boolean
}

const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}'
/** Perl classes with their Unicode meaning. */
const CLASSES: Readonly<Record<string, string>> = {
  d: '[\\p{Nd}]',
  D: '[^\\p{Nd}]',
  s: '[\\p{White_Space}]',
  S: '[^\\p{White_Space}]',
  w: `[${WORD}]`,
  W: `[^${WORD}]`,
}
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', a: '\x07' }
const MAX_REPEAT = 1000

/**
 * Parses the syntax of Rust's regex crate as far as tokenizers use it: literals, classes, groups, alternatives, repetition,
 * anchors, word boundaries, the flags i, m and s. There is no look-around and no back-reference, as there.
 *
 * @throws RegexSyntaxError
 */
export function parseRegex(pattern: string): RegexNode {
  const parser = new Parser(pattern)
  const node = parser.choice({ i: false, m: false, s: false })
  parser.expectEnd()
  return node
}

class Parser {
  readonly #pattern: string
  #at = 0

  constructor(pattern: string) {
    this.#pattern = pattern
  }

  expectEnd(): void {
    if (this.#at < this.#pattern.length) throw this.#error('unopened group')
  }

  choice(outer: Flags): RegexNode {
    const items: RegexNode[] = []
    let flags = outer
    let sequence: RegexNode[] = []
    while (this.#at < this.#pattern.length && this.#peek() !== ')') {
      if (this.#peek() === '|') {
        this.#at += 1
        items.push({ kind: 'sequence', items: sequence })
        sequence = []
        continue
      }
      const changed = this.#inlineFlags(flags)
      if (changed !== null) flags = changed
      else sequence.push(this.#repeat(this.#atom(flags)))
    }
    items.push({ kind: 'sequence', items: sequence })
    return items.length === 1 ? items[0]! : { kind: 'choice', items }
  }

  #peek(): string {
    return this.#pattern[this.#at] ?? ''
  }

  #error(problem: string): RegexSyntaxError {
    return new RegexSyntaxError(this.#pattern, this.#at, problem)
  }

  /** `(?i)` in the middle of a group: holds for the rest of it. */
  #inlineFlags(flags: Flags): Flags | null {
    const match = /^\(\?([a-zA-Z-]+)\)/.exec(this.#pattern.slice(this.#at))
    if (match === null) return null
    this.#at += match[0].length
    return this.#flags(match[1]!, flags)
  }

  #flags(text: string, outer: Flags): Flags {
    const flags = { ...outer }
    let on = true
    for (const letter of text) {
      if (letter === '-') on = false
      else if (letter === 'i' || letter === 'm' || letter === 's') flags[letter] = on
      else if (letter !== 'u') throw this.#error(`flag ${letter} is not supported`)
    }
    return flags
  }

  #atom(flags: Flags): RegexNode {
    const start = this.#at
    const character = String.fromCodePoint(this.#pattern.codePointAt(start)!)
    this.#at += character.length
    switch (character) {
      case '(':
        return this.#group(flags)
      case '[':
        return this.#character(this.#bracket(), flags)
      case '.':
        return this.#character(flags.s ? '[^]' : '[^\\n]', flags)
      case '^':
        return { kind: 'assertion', name: flags.m ? 'lineStart' : 'start' }
      case '$':
        return { kind: 'assertion', name: flags.m ? 'lineEnd' : 'end' }
      case '\\':
        return this.#escape(flags)
      case '*':
      case '+':
      case '?':
        throw new RegexSyntaxError(this.#pattern, start, 'nothing to repeat')
      default:
        return this.#character(`[${quote(character)}]`, flags)
    }
  }

  #group(flags: Flags): RegexNode {
    const rest = this.#pattern.slice(this.#at)
    const head = /^\?(?:P?<\w+>|([a-zA-Z-]*):)/.exec(rest)
    if (head === null && rest.startsWith('?')) throw this.#error('look-around and its kind are not supported')
    this.#at += head?.[0].length ?? 0
    const node = this.choice(this.#flags(head?.[1] ?? '', flags))
    if (this.#peek() !== ')') throw this.#error('unclosed group')
    this.#at += 1
    return node
  }

  #escape(flags: Flags): RegexNode {
    switch (this.#peek()) {
      case 'b':
      case 'B':
        return { kind: 'assertion', name: this.#pattern[this.#at++] === 'b' ? 'word' : 'notWord' }
      case 'A':
      case 'z':
        return { kind: 'assertion', name: this.#pattern[this.#at++] === 'A' ? 'start' : 'end' }
      default:
        return this.#character(this.#escapedClass(), flags)
    }
  }

  /** What follows a backslash, as a class of JavaScript's `v` mode. */
  #escapedClass(): string {
    const rest = this.#pattern.slice(this.#at)
    const property = /^([pP])(?:\{(\^?)([^}]+)\}|([A-Z]))/.exec(rest)
    if (property !== null) {
      this.#at += property[0].length
      const negated = (property[1] === 'P') !== (property[2] === '^')
      return `[\\${negated ? 'P' : 'p'}{${propertyName(property[3] ?? property[4]!)}}]`
    }
    const code = /^(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|[xuU]\{([0-9A-Fa-f]{1,6})\}|U([0-9A-Fa-f]{8}))/.exec(rest)
    if (code !== null) {
      this.#at += code[0].length
      return `[\\u{${code[1] ?? code[2] ?? code[3] ?? code[4]!.replace(/^0+(?=.)/, '')}}]`
    }
    const character = rest === '' ? '' : String.fromCodePoint(rest.codePointAt(0)!)
    if (character === '') throw this.#error('nothing after the backslash')
    if (
      CLASSES[character] === undefined &&
      CONTROLS[character] === undefined &&
      /[\p{Alphabetic}\d]/u.test(character)
    ) {
      throw this.#error(`\\${character} is not supported`)
    }
    this.#at += character.length
    return CLASSES[character] ?? `[${quote(CONTROLS[character] ?? character)}]`
  }

  /** A bracketed class, from behind its bracket, as a class of JavaScript's `v` mode. */
  #bracket(): string {
    let source = '['
    if (this.#peek() === '^') {
      source += '^'
      this.#at += 1
    }
    for (let first = true; ; first = false) {
      const posix = /^\[:(\^?)(\w+):\]/.exec(this.#pattern.slice(this.#at))
      const character = this.#peek()
      if (character === '') throw this.#error('unclosed class')
      if (character === ']' && !first) break
      if (posix !== null) {
        const ranges = POSIX[posix[2]!]
        if (ranges === undefined) throw this.#error(`class ${posix[2]} is not known`)
        source += `[${posix[1]}${ranges}]`
        this.#at += posix[0].length
      } else if (character === '[') {
        this.#at += 1
        source += this.#bracket()
      } else if (/^(?:&&|--)/.test(this.#pattern.slice(this.#at))) {
        source = `[${source.startsWith('[^') ? `^[${source.slice(2)}]` : `[${source.slice(1)}]`}${character}${character}[`
        this.#at += 2
        const negated = source.startsWith('[^')
        const right = this.#bracketRest()
        return negated ? `[^${source.slice(2)}${right}]]` : `${source}${right}]]`
      } else source += this.#classItem()
    }
    this.#at += 1
    return `${source}]`
  }

  /** The right side of an operator in a class, up to and with the closing bracket. */
  #bracketRest(): string {
    let source = ''
    while (this.#peek() !== ']') {
      if (this.#peek() === '') throw this.#error('unclosed class')
      if (this.#peek() === '[') {
        this.#at += 1
        source += this.#bracket()
      } else source += this.#classItem()
    }
    this.#at += 1
    return source
  }

  #classItem(): string {
    const from = this.#classCharacter()
    const range = /^-(?![\]-])/.test(this.#pattern.slice(this.#at))
    if (!range || from.set) return from.source
    this.#at += 1
    const to = this.#classCharacter()
    if (to.set) throw this.#error('a range ends in a class')
    return `${from.source}-${to.source}`
  }

  #classCharacter(): { source: string; set: boolean } {
    const character = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0)
    this.#at += character.length
    if (character !== '\\') return { source: quote(character), set: false }
    const source = this.#escapedClass()
    const single = /^\[(\\u\{[0-9a-fA-F]+\})\]$/.exec(source)
    return single === null ? { source, set: true } : { source: single[1]!, set: false }
  }

  #repeat(item: RegexNode): RegexNode {
    const match = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})(\?)?/.exec(this.#pattern.slice(this.#at))
    if (match === null) return item
    this.#at += match[0].length
    const [, sign, from, comma, to, lazy] = match
    const min = sign === undefined ? Number(from) : sign === '+' ? 1 : 0
    const max =
      sign === undefined ? (comma === undefined ? min : to === '' ? Infinity : Number(to)) : sign === '?' ? 1 : Infinity
    if (min > max) throw this.#error('a repetition of more than its maximum')
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT)) throw this.#error('too many repetitions')
    return this.#repeat({ kind: 'repeat', item, min, max, lazy: lazy !== undefined })
  }

  #character(source: string, flags: Flags): RegexNode {
    try {
      return { kind: 'character', test: new RegExp(`^${source}$`, flags.i ? 'iv' : 'v') }
    } catch {
      throw this.#error('a character class that is not supported')
    }
  }
}

const POSIX: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\0-\\x7f',
  blank: '\\t ',
  cntrl: '\\0-\\x1f\\x7f',
  digit: '0-9',
  graph: '\\x21-\\x7e',
  lower: 'a-z',
  print: '\\x20-\\x7e',
  punct: '\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
}

function quote(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`
}

/** Rust takes the names of scripts alone, JavaScript wants `Script=`. */
function propertyName(name: string): string {
  return isProperty(name) ? name : `Script=${name}`
}

function isProperty(name: string): boolean {
  try {
    return new RegExp(`\\p{${name}}`, 'v').unicodeSets
  } catch {
    return false
  }
}
