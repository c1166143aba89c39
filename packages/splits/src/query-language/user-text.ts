import type { Bound, FullTextMode, QueryAst } from './query-ast.ts'

export interface UserTextOptions {
  readonly defaultOperator: 'And' | 'Or'
  /** Fields that do not exist match nothing instead of being an error. */
  readonly lenient: boolean
}

/** A text that is no query, or one that needs a default field; the message is Quickwit's. */
export class UserTextError extends Error {}

type Occur = 'must' | 'should' | 'must_not'
type Operand = 'AND' | 'OR'
type Clause = readonly [Occur | null, Node]

/** A query as it was written; a null field is the default one. */
type Node =
  | { readonly kind: 'clauses'; readonly clauses: readonly Clause[] }
  | { readonly kind: 'boost'; readonly node: Node; readonly boost: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'exists'; readonly field: string }
  | { readonly kind: 'range'; readonly field: string | null; readonly lower: Bound; readonly upper: Bound }
  | { readonly kind: 'set'; readonly field: string | null; readonly values: readonly string[] }
  | { readonly kind: 'regex'; readonly field: string | null; readonly pattern: string }
  | {
      readonly kind: 'literal'
      readonly field: string | null
      readonly text: string
      readonly quote: '"' | "'" | null
      readonly slop: number
      readonly prefix: boolean
    }

const MAX_DEPTH = 100
const MAX_EXPANSIONS = 50
/** Not in a field name, unless escaped. */
const SPECIAL = new Set('+^`:{}"\'[]()!\\* ')
/** Not in a word, unless escaped. */
const ENDS_WORD = new Set('^`:{}"\'[]()\\')
const SPACE = /\s/u

/**
 * Parses a text of Quickwit's query language by the grammar that Quickwit itself has, which takes some texts otherwise than
 * their writer may have meant and refuses quoted bounds of ranges. A text without words is a query for everything.
 *
 * @throws UserTextError
 */
export function parseUserText(text: string, defaultFields: readonly string[], options: UserTextOptions): QueryAst {
  const grammar = new Grammar(text)
  const node = grammar.query()
  if (node === null) throw new UserTextError(`failed to parse query: \`${text}\``)
  return new Conversion(defaultFields, options).ast(rewrite(node))
}

/** Recursive descent; what fails gives null and leaves the position where it was. */
class Grammar {
  readonly #text: string
  #at: number = 0
  #depth: number = 0

  constructor(text: string) {
    this.#text = text
  }

  query(): Node | null {
    this.#spaces()
    if (this.#atEnd()) return { kind: 'clauses', clauses: [] }
    const node = this.#expression()
    return node !== null && this.#atEnd() ? node : null
  }

  #expression(): Node | null {
    if (this.#depth >= MAX_DEPTH) throw new UserTextError(`failed to parse query: \`${this.#text}\``)
    this.#depth++
    const node = this.#try(() => {
      this.#spaces()
      const first = this.#signed()
      if (first === null) return null
      const operations: (readonly [Operand | null, Occur | null, Node])[] = [[null, ...first]]
      if (this.#spaces() > 0) {
        for (;;) {
          const next = this.#try(() => {
            const operand = this.#eat('AND ') ? 'AND' : this.#eat('OR ') ? 'OR' : null
            this.#spaces()
            const signed = this.#signed()
            return signed === null ? null : ([operand, ...signed] as const)
          })
          if (next === null) break
          operations.push(next)
          this.#spaces()
        }
      }
      if (operations.length > 1) return combine(operations)
      return first[0] === 'must_not' ? not(first[1]) : first[1]
    })
    this.#depth--
    return node
  }

  #signed(): Clause | null {
    return this.#try(() => {
      const occur = this.#eat('-') ? 'must_not' : this.#eat('+') ? 'must' : null
      const leaf = this.#leaf()
      if (leaf === null) return null
      const boost = Number(this.#match(/\^(\d+(?:\.\d+)?)/y)?.[1] ?? 1)
      return [occur, boost === 1 ? leaf : { kind: 'boost', node: leaf, boost }] as const
    })
  }

  #leaf(): Node | null {
    return this.#group() ?? this.#all() ?? this.#negated() ?? this.#named() ?? this.#namedGroup()
  }

  #group(): Node | null {
    return this.#try(() => {
      if (!this.#eat('(')) return null
      const node = this.#expression()
      return node !== null && this.#eat(')') ? node : null
    })
  }

  #all(): Node | null {
    return this.#try(() => (this.#eat('*') && this.#endsWord() ? ({ kind: 'all' } as const) : null))
  }

  #negated(): Node | null {
    if (this.#depth >= MAX_DEPTH) return null
    this.#depth++
    const node = this.#try(() => {
      if (!this.#eat('NOT') || this.#spaces() === 0) return null
      const leaf = this.#leaf()
      return leaf === null ? null : not(leaf)
    })
    this.#depth--
    return node
  }

  #named(): Node | null {
    return this.#try(() => {
      const field = this.#field()
      return (
        this.#comparison(field) ??
        this.#interval(field) ??
        this.#set(field) ??
        this.#exists(field) ??
        this.#regex(field) ??
        this.#literal(field)
      )
    })
  }

  #namedGroup(): Node | null {
    return this.#try(() => {
      const field = this.#field()
      if (field === null || !this.#eat('(')) return null
      const node = this.#expression()
      return node !== null && this.#eat(')') ? within(node, field) : null
    })
  }

  /** A field name with its colon. */
  #field(): string | null {
    return this.#try(() => {
      let name = ''
      for (;;) {
        const char = this.#text[this.#at]
        if (char === undefined) return null
        if (char === '\\' && SPECIAL.has(this.#text[this.#at + 1] ?? '')) {
          name += this.#text[this.#at + 1]!
          this.#at += 2
          continue
        }
        if (SPECIAL.has(char) && !(char === '\\' && name !== '')) break
        if (char === '-' && name === '') return null
        name += char
        this.#at++
      }
      this.#spaces()
      if (name === '' || !this.#eat(':')) return null
      this.#spaces()
      return name
    })
  }

  #comparison(field: string | null): Node | null {
    return this.#try(() => {
      this.#spaces()
      const sign = this.#match(/>=|<=|<|>/y)?.[0]
      if (sign === undefined) return null
      this.#spaces()
      const text = this.#bound()
      if (text === null) return null
      const bound: Bound = sign.length === 2 ? { Included: text } : { Excluded: text }
      const lower = sign.startsWith('>')
      return {
        kind: 'range',
        field,
        lower: lower ? bound : 'Unbounded',
        upper: lower ? 'Unbounded' : bound,
      } as const
    })
  }

  #interval(field: string | null): Node | null {
    return this.#try(() => {
      const opening = this.#match(/[{[]/y)?.[0]
      if (opening === undefined) return null
      this.#spaces()
      const from = this.#bound()
      if (from === null || this.#match(/\s+TO\s+/uy) === null) return null
      const to = this.#bound()
      if (to === null) return null
      this.#spaces()
      const closing = this.#match(/[}\]]/y)?.[0]
      if (closing === undefined) return null
      const side = (text: string, excluded: boolean): Bound =>
        text === '*' ? 'Unbounded' : excluded ? { Excluded: text } : { Included: text }
      return { kind: 'range', field, lower: side(from, opening === '{'), upper: side(to, closing === '}') } as const
    })
  }

  #bound(): string | null {
    const number = this.#try(() => this.#match(/-\d+(?:\.\d+)?/y))
    if (number !== null) {
      // A longer word that begins as a number is taken whole only where no number was found.
      return number[0]
    }
    return this.#match(/[^\s`{}"[\]()][^\s{}"[\]()]*/uy)?.[0] ?? null
  }

  #set(field: string | null): Node | null {
    return this.#try(() => {
      if (this.#match(/\s*IN\s+\[\s*/uy) === null) return null
      const values: string[] = []
      while (!this.#eat(']')) {
        const value = this.#simple()
        if (value === null) return null
        values.push(value.text)
        if (this.#eat(']')) break
        // Elements are parted by space, which may not stand before the closing bracket.
        if (this.#spaces() === 0 || this.#text[this.#at] === ']') return null
      }
      return { kind: 'set', field, values } as const
    })
  }

  #exists(field: string | null): Node | null {
    return this.#try(() => {
      this.#spaces()
      return this.#eat('*') && this.#endsWord() ? ({ kind: 'exists', field: field ?? '' } as const) : null
    })
  }

  #regex(field: string | null): Node | null {
    return this.#try(() => {
      const match = this.#match(/\/((?:\\\/|[^/])+)\/(?=[\s)^]|$)/uy)
      return match === null ? null : ({ kind: 'regex', field, pattern: match[1]!.replaceAll('\\/', '/') } as const)
    })
  }

  #literal(field: string | null): Node | null {
    return this.#try(() => {
      const simple = this.#simple()
      if (simple === null) return null
      if (this.#eat('*')) return { kind: 'literal', field, ...simple, slop: 0, prefix: true } as const
      const slop = this.#match(/~(\d{1,9})/y)
      return { kind: 'literal', field, ...simple, slop: Number(slop?.[1] ?? 0), prefix: false } as const
    })
  }

  #simple(): { readonly text: string; readonly quote: '"' | "'" | null } | null {
    const number = this.#match(/-\d+(?:\.\d+)?/y)
    if (number !== null) return { text: number[0], quote: null }
    for (const quote of ["'", '"'] as const) {
      const text = this.#quoted(quote)
      if (text !== null) return { text, quote }
    }
    const word = this.#word()
    return word === null ? null : { text: word, quote: null }
  }

  #quoted(quote: string): string | null {
    return this.#try(() => {
      if (!this.#eat(quote)) return null
      let text = ''
      while (!this.#eat(quote)) {
        if (this.#text[this.#at] === '\\' && this.#at + 1 < this.#text.length) this.#at++
        if (this.#atEnd()) return null
        text += this.#text[this.#at++]!
      }
      return text
    })
  }

  #word(): string | null {
    return this.#try(() => {
      const from = this.#at
      while (!this.#atEnd()) {
        const char = this.#text[this.#at]!
        if (char === '\\' && this.#at + 1 < this.#text.length) this.#at += 2
        else if (SPACE.test(char) || ENDS_WORD.has(char) || (char === '-' && this.#at === from)) break
        else this.#at++
      }
      const word = this.#text.slice(from, this.#at)
      return ['', 'OR', 'AND', 'NOT', 'IN'].includes(word) ? null : unescaped(word)
    })
  }

  #endsWord(): boolean {
    const next = this.#text[this.#at]
    return next === undefined || SPACE.test(next) || (ENDS_WORD.has(next) && next !== '\\')
  }

  #atEnd(): boolean {
    return this.#at >= this.#text.length
  }

  #spaces(): number {
    const from = this.#at
    while (!this.#atEnd() && SPACE.test(this.#text[this.#at]!)) this.#at++
    return this.#at - from
  }

  #eat(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match !== null) this.#at += match[0].length
    return match
  }

  #try<T>(parse: () => T | null): T | null {
    const at = this.#at
    const result = parse()
    if (result === null) this.#at = at
    return result
  }
}

/** Drops the backslash before what needs it in a word, and keeps it elsewhere. */
function unescaped(word: string): string {
  return word.replaceAll(/\\(.)/gsu, (whole, char: string) =>
    SPACE.test(char) || ENDS_WORD.has(char) || char === '-' ? char : whole,
  )
}

function not(node: Node): Node {
  return { kind: 'clauses', clauses: [['must_not', node]] }
}

/** AND binds closer than OR; a clause without a sign takes its role from the operator beside it. */
function combine(operations: readonly (readonly [Operand | null, Occur | null, Node])[]): Node {
  const groups: Clause[][] = []
  for (const [k, [operand, occur, node]] of operations.entries()) {
    const last = groups.at(-1)
    if (operand === 'AND' && last !== undefined) {
      last.push([occur ?? 'must', node])
      continue
    }
    const next = operations[k + 1]?.[0]
    const role = next === 'AND' ? 'must' : operand === 'OR' || next === 'OR' ? 'should' : null
    groups.push([occur === 'must_not' && role === 'should' ? ['should', not(node)] : [occur ?? role, node]])
  }
  const [only] = groups
  if (groups.length === 1) return { kind: 'clauses', clauses: only! }
  return {
    kind: 'clauses',
    clauses: groups.map((group) =>
      group.length === 1 ? group[0]! : (['should', { kind: 'clauses', clauses: group }] as const),
    ),
  }
}

/** Gives a field to what names none. */
function within(node: Node, field: string): Node {
  switch (node.kind) {
    case 'clauses':
      return { kind: 'clauses', clauses: node.clauses.map(([occur, child]) => [occur, within(child, field)] as const) }
    case 'boost':
      return { ...node, node: within(node.node, field) }
    case 'all':
      return { kind: 'exists', field }
    case 'exists':
      return node.field === '' ? { kind: 'exists', field } : node
    default:
      return node.field === null ? { ...node, field } : node
  }
}

/** Drops repeated clauses, and groups of one clause without a sign. */
function rewrite(node: Node): Node {
  if (node.kind !== 'clauses') return node
  const seen = new Set<string>()
  const clauses: Clause[] = []
  for (const [occur, child] of node.clauses) {
    const clause: Clause = [occur, rewrite(child)]
    const key = JSON.stringify(clause)
    if (seen.has(key)) continue
    seen.add(key)
    const inner = clause[1]
    clauses.push(occur === null && inner.kind === 'clauses' && inner.clauses.length === 1 ? inner.clauses[0]! : clause)
  }
  return { kind: 'clauses', clauses }
}

class Conversion {
  readonly #fields: readonly string[]
  readonly #default: Occur
  readonly #lenient: boolean

  constructor(fields: readonly string[], options: UserTextOptions) {
    this.#fields = fields
    this.#default = options.defaultOperator === 'And' ? 'must' : 'should'
    this.#lenient = options.lenient
  }

  ast(node: Node): QueryAst {
    switch (node.kind) {
      case 'clauses': {
        const lists: Record<Occur, QueryAst[]> = { must: [], should: [], must_not: [] }
        for (const [occur, child] of node.clauses) lists[occur ?? this.#default].push(this.ast(child))
        const filled = Object.entries(lists).filter(([, list]) => list.length > 0)
        return { type: 'bool', ...Object.fromEntries(filled) }
      }
      case 'boost':
        return { type: 'boost', underlying: this.ast(node.node), boost: Math.fround(node.boost) }
      case 'all':
        return { type: 'match_all' }
      case 'exists':
        return { type: 'field_presence', field: node.field }
      case 'range':
        return {
          type: 'range',
          field: this.#one(node.field, 'range'),
          lower_bound: node.lower,
          upper_bound: node.upper,
        }
      case 'regex':
        return { type: 'regex', field: this.#one(node.field, 'regex'), regex: node.pattern }
      case 'set': {
        const fields = node.field === null ? this.#fields : [node.field]
        if (fields.length === 0) throw new UserTextError('set query need to target a specific field')
        const values = [...new Set(node.values)].sort()
        return { type: 'term_set', terms_per_field: Object.fromEntries(fields.map((field) => [field, values])) }
      }
      case 'literal':
        return this.#literal(node)
    }
  }

  #one(field: string | null, what: string): string {
    if (field !== null) return field
    if (this.#fields.length === 1) return this.#fields[0]!
    throw new UserTextError(
      `${what} query ${this.#fields.length === 0 ? 'without field' : 'with multiple fields'} is not supported`,
    )
  }

  #literal({ field, text, quote, slop, prefix }: Extract<Node, { kind: 'literal' }>): QueryAst {
    const fields = field === null ? this.#fields : [field]
    if (fields.length === 0) {
      throw new UserTextError('query requires a default search field and none was supplied')
    }
    const mode: FullTextMode =
      quote === null
        ? { type: 'phrase_fallback_to_intersection' }
        : quote === "'"
          ? { type: 'bool', operator: 'And' }
          : { type: 'phrase', ...(slop !== 0 && { slop }) }
    const lenient = this.#lenient
    const leaves = fields.map((name): QueryAst => {
      if (prefix) {
        return {
          type: 'phrase_prefix',
          field: name,
          phrase: text,
          max_expansions: MAX_EXPANSIONS,
          params: { mode },
          lenient,
        }
      }
      if (quote === null && isWildcard(text)) {
        return { type: 'wildcard', field: name, value: text, lenient, case_insensitive: false }
      }
      return { type: 'full_text', field: name, text, params: { mode }, lenient }
    })
    return leaves.length === 1 ? leaves[0]! : { type: 'bool', should: leaves }
  }
}

/** Whether there is a `*` or `?` that no backslash stands before. */
function isWildcard(text: string): boolean {
  return /^(?:\\.|[^\\*?])*[*?]/su.test(text)
}
