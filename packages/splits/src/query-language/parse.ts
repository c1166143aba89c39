import { SqlState, VolleyError } from '@volley/core'
import type { Bound, FullTextMode, QueryAst } from './query-ast.ts'

export interface ParseOptions {
  /** How clauses without an operator between them combine: `And`, as in Quickwit's search API. */
  readonly defaultOperator?: 'And' | 'Or'
}

/**
 * Parses Quickwit's query language (formats/quickwit-query.md §4). Words without a field are searched in
 * `defaultFields` (names as in a schema, dots inside a step escaped).
 *
 * @throws VolleyError `syntaxError` that names the position, or `undefinedColumn` for a word without a field when there are
 * no default fields.
 */
export function parseQuickwitQuery(
  text: string,
  defaultFields: readonly string[],
  options: ParseOptions = {},
): QueryAst {
  const parser = new Parser(text, options.defaultOperator ?? 'And')
  return parser.query(defaultFields)
}

type Occur = 'must' | 'should' | 'must_not'
type Operator = 'AND' | 'OR'

/** One clause with what stands before it. */
interface Clause {
  readonly operator: Operator | null
  readonly occur: Occur | null
  readonly ast: QueryAst
}

const MAX_DEPTH = 100
const MAX_EXPANSIONS = 50
/** End a word, unless escaped. */
const WORD_END = /[\s:^{}"[\]()]/
const FIELD_END = /[+^`:{}"[\]()!*\s]/

class Parser {
  readonly #text: string
  readonly #defaultOccur: Occur
  #at: number = 0
  #depth: number = 0

  constructor(text: string, defaultOperator: 'And' | 'Or') {
    this.#text = text
    this.#defaultOccur = defaultOperator === 'And' ? 'must' : 'should'
  }

  query(fields: readonly string[]): QueryAst {
    this.#space()
    if (this.#at === this.#text.length) return { type: 'match_none' }
    const ast = this.#clauses(fields)
    if (this.#at < this.#text.length) throw this.#error(`unexpected ${JSON.stringify(this.#text[this.#at])}`)
    return ast
  }

  /** Clauses up to a closing parenthesis or the end. */
  #clauses(fields: readonly string[]): QueryAst {
    if (++this.#depth > MAX_DEPTH) throw this.#error(`parentheses are nested more than ${MAX_DEPTH} deep`)
    const clauses: Clause[] = []
    for (;;) {
      this.#space()
      if (this.#at === this.#text.length || this.#peek(')')) break
      const operator = this.#keyword('AND') ? 'AND' : this.#keyword('OR') ? 'OR' : null
      if (operator !== null && clauses.length === 0) throw this.#error(`${operator} needs a clause before it`)
      const occur = this.#occur()
      clauses.push({ operator, occur, ast: this.#boosted(fields) })
    }
    this.#depth--
    if (clauses.length === 0) throw this.#error('a clause is missing')
    return this.#combine(clauses)
  }

  /**
   * AND binds tighter than OR: runs joined by AND become one alternative each. A clause beside an operator takes its role
   * from it, one beside none from the default operator, and `+`, `-` win over both.
   */
  #combine(clauses: readonly Clause[]): QueryAst {
    const groups: { occur: Occur | null; ast: QueryAst }[][] = []
    clauses.forEach(({ operator, occur, ast }, k) => {
      const next = clauses[k + 1]?.operator ?? null
      if (operator === 'AND') {
        groups.at(-1)!.push({ occur: occur ?? 'must', ast })
      } else {
        const role = next === 'AND' ? 'must' : operator === 'OR' || next === 'OR' ? 'should' : null
        groups.push([{ occur: occur ?? role, ast }])
      }
    })
    if (groups.length === 1) return this.#bool(groups[0]!)
    return this.#bool(
      groups.map((group) => (group.length === 1 ? group[0]! : { occur: 'should', ast: this.#bool(group) })),
    )
  }

  #bool(clauses: readonly { occur: Occur | null; ast: QueryAst }[]): QueryAst {
    const only = clauses[0]!
    if (clauses.length === 1 && only.occur !== 'must_not') return only.ast
    const lists: Record<Occur, QueryAst[]> = { must: [], should: [], must_not: [] }
    for (const { occur, ast } of clauses) lists[occur ?? this.#defaultOccur].push(ast)
    return {
      type: 'bool',
      ...(lists.must.length > 0 && { must: lists.must }),
      ...(lists.should.length > 0 && { should: lists.should }),
      ...(lists.must_not.length > 0 && { must_not: lists.must_not }),
    }
  }

  #occur(): Occur | null {
    this.#space()
    if (this.#take('+')) return 'must'
    if (this.#peek('-') && !/^-\d/.test(this.#text.slice(this.#at, this.#at + 2))) {
      this.#at++
      return 'must_not'
    }
    return null
  }

  #boosted(fields: readonly string[]): QueryAst {
    const ast = this.#atom(fields)
    if (!this.#peek('^')) return ast
    const number = /^\^(\d+(?:\.\d+)?)/.exec(this.#text.slice(this.#at))
    if (number === null) throw this.#error('a number is missing after ^')
    this.#at += number[0].length
    return { type: 'boost', underlying: ast, boost: Number(number[1]) }
  }

  #atom(fields: readonly string[]): QueryAst {
    this.#space()
    if (this.#take('(')) return this.#group(fields)
    if (this.#keyword('NOT')) {
      if (++this.#depth > MAX_DEPTH) throw this.#error(`NOT is nested more than ${MAX_DEPTH} deep`)
      const negated = this.#atom(fields)
      this.#depth--
      return { type: 'bool', must_not: [negated] }
    }
    if (this.#peek('*') && this.#endsAt(this.#at + 1)) {
      this.#at++
      return { type: 'match_all' }
    }
    const field = this.#field()
    if (field === null) return this.#leaf(fields, false)
    this.#space()
    if (this.#take('(')) return this.#group([field])
    if (this.#peek('*') && this.#endsAt(this.#at + 1)) {
      this.#at++
      return { type: 'field_presence', field }
    }
    return this.#leaf([field], true)
  }

  #group(fields: readonly string[]): QueryAst {
    const ast = this.#clauses(fields)
    if (!this.#take(')')) throw this.#error('a closing parenthesis is missing')
    return ast
  }

  /** A field name with its colon; the escape of a dot stays in the name. */
  #field(): string | null {
    let name = ''
    let at = this.#at
    if (this.#text[at] === '-' || this.#text[at] === '"' || this.#text[at] === "'") return null
    for (; at < this.#text.length && !FIELD_END.test(this.#text[at]!); at++) {
      const next = this.#text[at + 1]
      if (this.#text[at] === '\\' && next !== undefined && (FIELD_END.test(next) || next === '\\')) {
        name += this.#text[++at]!
      } else {
        name += this.#text[at]!
      }
    }
    if (name === '' || this.#text[at] !== ':') return null
    this.#at = at + 1
    return name
  }

  /** What can stand after `field:` or without a field. */
  #leaf(fields: readonly string[], named: boolean): QueryAst {
    const start = this.#at
    const char = this.#text[start]
    if (char === undefined) throw this.#error('a word is missing')
    const range = this.#range()
    if (range !== null) return this.#each(fields, (field) => ({ type: 'range', field, ...range }))
    if (this.#keyword('IN')) {
      const terms = this.#set()
      return {
        type: 'term_set',
        terms_per_field: Object.fromEntries(this.#known(fields).map((field) => [field, terms])),
      }
    }
    if (char === '"' || char === "'") return this.#quoted(fields, char)
    const regex = /^\/((?:[^/\\]|\\.)+)\/(?=[\s)^]|$)/s.exec(this.#text.slice(start))
    if (regex !== null) {
      this.#at += regex[0].length
      const pattern = regex[1]!.replaceAll('\\/', '/')
      return this.#each(fields, (field) => ({ type: 'regex', field, regex: pattern }))
    }
    const word = this.#word(named)
    if (word.wildcard) {
      return this.#each(fields, (field) => ({
        type: 'wildcard',
        field,
        value: word.pattern,
        lenient: false,
        case_insensitive: false,
      }))
    }
    return this.#fullText(fields, word.text, { type: 'phrase_fallback_to_intersection' })
  }

  #quoted(fields: readonly string[], quote: string): QueryAst {
    const start = this.#at++
    let text = ''
    for (;;) {
      const char = this.#text[this.#at++]
      if (char === undefined) {
        this.#at = start
        throw this.#error(`the closing ${quote} is missing`)
      }
      if (char === quote) break
      text += char === '\\' && this.#at < this.#text.length ? this.#text[this.#at++]! : char
    }
    if (quote === "'") return this.#fullText(fields, text, { type: 'bool', operator: 'And' })
    if (this.#take('*')) {
      return this.#each(fields, (field) => ({
        type: 'phrase_prefix',
        field,
        phrase: text,
        max_expansions: MAX_EXPANSIONS,
        params: { mode: { type: 'phrase' } },
        lenient: false,
      }))
    }
    const slop = /^~(\d{1,9})/.exec(this.#text.slice(this.#at))
    if (slop !== null) this.#at += slop[0].length
    return this.#fullText(fields, text, { type: 'phrase', ...(slop && slop[1] !== '0' && { slop: Number(slop[1]) }) })
  }

  #fullText(fields: readonly string[], text: string, mode: FullTextMode): QueryAst {
    return this.#each(fields, (field) => ({ type: 'full_text', field, text, params: { mode }, lenient: false }))
  }

  /** `[a TO b]`, `{a TO b}`, mixed, or a comparison. */
  #range(): { lower_bound: Bound; upper_bound: Bound } | null {
    const compared = /^(>=|<=|>|<)\s*/.exec(this.#text.slice(this.#at))
    if (compared !== null) {
      this.#at += compared[0].length
      const value = this.#bound('')
      const bound: Bound = compared[1]!.length === 2 ? { Included: value } : { Excluded: value }
      const lower = compared[1]!.startsWith('>')
      return { lower_bound: lower ? bound : 'Unbounded', upper_bound: lower ? 'Unbounded' : bound }
    }
    const open = this.#text[this.#at]
    if (open !== '[' && open !== '{') return null
    this.#at++
    const lower = this.#bound('')
    this.#space()
    if (!this.#keyword('TO')) throw this.#error('TO is missing in the range')
    const upper = this.#bound(']}')
    this.#space()
    const close = this.#text[this.#at]
    if (close !== ']' && close !== '}') throw this.#error('the range is not closed by ] or }')
    this.#at++
    const side = (value: string, exclusive: boolean): Bound =>
      value === '*' ? 'Unbounded' : exclusive ? { Excluded: value } : { Included: value }
    return { lower_bound: side(lower, open === '{'), upper_bound: side(upper, close === '}') }
  }

  /** A bound of a range, quoted or bare; colons may stand in it. */
  #bound(stop: string): string {
    this.#space()
    const quoted = /^"((?:[^"\\]|\\.)*)"/s.exec(this.#text.slice(this.#at))
    if (quoted !== null) {
      this.#at += quoted[0].length
      return quoted[1]!.replaceAll(/\\(.)/gs, '$1')
    }
    let value = ''
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at]!
      if (/[\s{}"[\]()^]/.test(char) || stop.includes(char)) break
      this.#at++
      value += char === '\\' && this.#at < this.#text.length ? this.#text[this.#at++]! : char
    }
    if (value === '') throw this.#error('a bound is missing')
    return value
  }

  #set(): string[] {
    this.#space()
    if (!this.#take('[')) throw this.#error('[ is missing after IN')
    const terms: string[] = []
    for (;;) {
      this.#space()
      if (this.#take(']')) return terms
      const quote = this.#text[this.#at]
      if (quote === undefined) throw this.#error('the set is not closed by ]')
      if (quote === '"' || quote === "'") {
        const end = new RegExp(`^${quote}((?:[^${quote}\\\\]|\\\\.)*)${quote}`, 's').exec(this.#text.slice(this.#at))
        if (end === null) throw this.#error(`the closing ${quote} is missing`)
        this.#at += end[0].length
        terms.push(end[1]!.replaceAll(/\\(.)/gs, '$1'))
      } else {
        terms.push(this.#word(true).text)
      }
    }
  }

  /** A bare word: its text, and its form as a wildcard pattern. */
  #word(colons: boolean): { text: string; pattern: string; wildcard: boolean } {
    let text = ''
    let pattern = ''
    let wildcard = false
    const start = this.#at
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at]!
      if (WORD_END.test(char) && !(colons && char === ':' && this.#at > start)) break
      this.#at++
      if (char === '\\') {
        const escaped = this.#text[this.#at]
        if (escaped === undefined) throw this.#error('a character is missing after \\')
        this.#at++
        text += escaped
        pattern += /[*?\\]/.test(escaped) ? `\\${escaped}` : escaped
      } else {
        wildcard ||= char === '*' || char === '?'
        text += char
        pattern += char
      }
    }
    if (this.#at === start) throw this.#error(`unexpected ${JSON.stringify(this.#text[this.#at] ?? 'end')}`)
    return { text, pattern, wildcard }
  }

  #each(fields: readonly string[], leaf: (field: string) => QueryAst): QueryAst {
    const leaves = this.#known(fields).map(leaf)
    return leaves.length === 1 ? leaves[0]! : { type: 'bool', should: leaves }
  }

  #known(fields: readonly string[]): readonly string[] {
    if (fields.length > 0) return fields
    throw new VolleyError(
      `cannot search for ${JSON.stringify(this.#text)}: a word without a field needs default search fields, and the index has none`,
      { code: SqlState.undefinedColumn, hint: 'write field:word' },
    )
  }

  /** Takes a keyword that is followed by space, an opening bracket or the end. */
  #keyword(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false
    const next = this.#text[this.#at + word.length]
    const ends = next === undefined ? word !== 'NOT' : /[\s([]/.test(next)
    if (ends) this.#at += word.length
    return ends
  }

  #endsAt(at: number): boolean {
    return at >= this.#text.length || /[\s)^]/.test(this.#text[at]!)
  }

  #peek(char: string): boolean {
    return this.#text[this.#at] === char
  }

  #take(char: string): boolean {
    if (!this.#peek(char)) return false
    this.#at++
    return true
  }

  #space(): void {
    while (this.#at < this.#text.length && /\s/.test(this.#text[this.#at]!)) this.#at++
  }

  #error(problem: string): VolleyError {
    return new VolleyError(
      `cannot parse the query ${JSON.stringify(this.#text)}: ${problem} at character ${this.#at + 1}`,
      {
        code: SqlState.syntaxError,
      },
    )
  }
}
