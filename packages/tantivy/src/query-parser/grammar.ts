import { QueryParserError } from './query-parser-error.ts'
import { type Bound, type Clause, type Occur, rewrite, type UserInputAst, withDefaultField } from './user-input-ast.ts'

const SPECIAL = new Set('+^`:{}"\'[]()!\\* ')
const ESCAPE_IN_WORD = new Set('^`:{}"\'[]()\\')
const SPACE = /\s/u
/** Levels of parentheses that are followed. */
const MAX_DEPTH = 200

type Operand = 'and' | 'or'
type Operation = readonly [Operand | null, Occur | null, UserInputAst]

/** Parses tantivy's query language, as its strict parser does; throws QueryParserError. */
export function parseUserInput(text: string): UserInputAst {
  const grammar = new Grammar(text)
  grammar.spaces()
  if (grammar.atEnd) return { kind: 'clause', clauses: [] }
  const ast = grammar.ast()
  if (ast === null || !grammar.atEnd) throw new QueryParserError(`syntax error in query: ${text}`)
  return rewrite(ast)
}

/** Recursive descent over the text; a method that fails returns null and leaves the position where it was. */
class Grammar {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length
  }

  spaces(): number {
    const from = this.#at
    while (!this.atEnd && SPACE.test(this.#text[this.#at]!)) this.#at += 1
    return this.#at - from
  }

  ast(): UserInputAst | null {
    if (this.#depth >= MAX_DEPTH) throw new QueryParserError(`query nested deeper than ${MAX_DEPTH}`)
    this.#depth += 1
    const result = this.#try(() => this.#expression())
    this.#depth -= 1
    return result
  }

  #expression(): UserInputAst | null {
    this.spaces()
    const first = this.#occurLeaf()
    if (first === null) return null
    const operations: Operation[] = [[null, ...first]]
    if (this.spaces() > 0) {
      for (;;) {
        const next = this.#try(() => this.#operandLeaf())
        if (next === null) break
        operations.push(next)
        this.spaces()
      }
    }
    if (operations.length > 1) return aggregate(operations)
    const [occur, ast] = first
    return occur === 'mustNot' ? { kind: 'clause', clauses: [['mustNot', ast]] } : ast
  }

  #operandLeaf(): Operation | null {
    let operand: Operand | null = null
    if (this.#eat('AND ')) operand = 'and'
    else if (this.#eat('OR ')) operand = 'or'
    this.spaces()
    const leaf = this.#occurLeaf()
    return leaf === null ? null : [operand, ...leaf]
  }

  #occurLeaf(): Clause | null {
    return this.#try(() => {
      const occur = this.#eat('-') ? 'mustNot' : this.#eat('+') ? 'must' : null
      const leaf = this.#leaf()
      if (leaf === null) return null
      const boost = this.#match(/\^(\d+(?:\.\d+)?)/y)
      const factor = boost === null ? 1 : Number(boost[1])
      const ast: UserInputAst = factor === 1 ? leaf : { kind: 'boost', query: leaf, boost: factor }
      return [occur, ast] as const
    })
  }

  #leaf(): UserInputAst | null {
    return (
      this.#try(() => {
        if (!this.#eat('(')) return null
        const ast = this.ast()
        return ast !== null && this.#eat(')') ? ast : null
      }) ??
      this.#try(() => {
        if (!this.#eat('*')) return null
        const next = this.#text[this.#at]
        const ends = next === undefined || SPACE.test(next) || (ESCAPE_IN_WORD.has(next) && next !== '\\')
        return ends ? ({ kind: 'all' } as const) : null
      }) ??
      this.#try(() => {
        if (!this.#eat('NOT') || this.spaces() === 0) return null
        const leaf = this.#leaf()
        return leaf === null ? null : ({ kind: 'clause', clauses: [['mustNot', leaf]] } as const)
      }) ??
      this.#literal()
    )
  }

  #literal(): UserInputAst | null {
    return (
      this.#try(() => {
        const field = this.#fieldName()
        return (
          this.#range(field) ??
          this.#set(field) ??
          this.#exists(field) ??
          this.#regex(field) ??
          this.#termOrPhrase(field)
        )
      }) ??
      this.#try(() => {
        const field = this.#fieldName()
        if (field === null) return null
        this.spaces()
        if (!this.#eat('(')) return null
        const ast = this.ast()
        return ast !== null && this.#eat(')') ? withDefaultField(ast, field) : null
      })
    )
  }

  #fieldName(): string | null {
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
        this.#at += 1
      }
      if (name === '') return null
      this.spaces()
      if (!this.#eat(':')) return null
      this.spaces()
      return name
    })
  }

  #range(field: string | null): UserInputAst | null {
    return (
      this.#try(() => {
        this.spaces()
        const sign = this.#match(/>=|<=|<|>/y)
        if (sign === null) return null
        this.spaces()
        const text = this.#rangeTerm()
        if (text === null) return null
        const bound: Bound = { text, inclusive: sign[0]!.length === 2 }
        const lower = sign[0]!.startsWith('>')
        return { kind: 'range', field, lower: lower ? bound : null, upper: lower ? null : bound } as const
      }) ??
      this.#try(() => {
        const opening = this.#match(/[{[]/y)
        if (opening === null) return null
        this.spaces()
        const from = this.#rangeTerm()
        if (from === null || this.#match(/\s+TO\s+/y) === null) return null
        const to = this.#rangeTerm()
        if (to === null) return null
        this.spaces()
        const closing = this.#match(/[}\]]/y)
        if (closing === null) return null
        return {
          kind: 'range',
          field,
          lower: from === '*' ? null : { text: from, inclusive: opening[0] === '[' },
          upper: to === '*' ? null : { text: to, inclusive: closing[0] === ']' },
        } as const
      })
    )
  }

  #rangeTerm(): string | null {
    return (
      (this.#match(/-\d+(?:\.\d+)?(?![^\s{}"[\]()])/y) ?? this.#match(/[^\s`{}"[\]()][^\s{}"[\]()]*/uy))?.[0] ?? null
    )
  }

  #set(field: string | null): UserInputAst | null {
    return this.#try(() => {
      if (this.#match(/\s*IN\s+\[\s*/y) === null) return null
      const elements: string[] = []
      while (!this.#eat(']')) {
        const element = this.#simpleTerm()
        if (element === null) return null
        elements.push(element)
        if (this.spaces() === 0 && this.#text[this.#at] !== ']') return null
      }
      return { kind: 'set', field, elements } as const
    })
  }

  /** `/pattern/` before a space, a closing parenthesis or the end; a backslash takes a slash into the pattern. */
  #regex(field: string | null): UserInputAst | null {
    const match = this.#match(/\/((?:\\\/|[^/])+)\/(?=\s|\)|$)/y)
    return match === null ? null : { kind: 'regex', field, pattern: match[1]!.replaceAll('\\/', '/') }
  }

  #exists(field: string | null): UserInputAst | null {
    if (field === null) return null
    return this.#try(() => {
      this.spaces()
      if (!this.#eat('*')) return null
      const next = this.#text[this.#at]
      const ends = next === undefined || SPACE.test(next) || (ESCAPE_IN_WORD.has(next) && next !== '\\')
      return ends ? ({ kind: 'exists', field } as const) : null
    })
  }

  #termOrPhrase(field: string | null): UserInputAst | null {
    return this.#try(() => {
      const phrase = this.#simpleTerm()
      if (phrase === null) return null
      if (this.#eat('*')) return { kind: 'literal', field, phrase, slop: 0, prefix: true } as const
      const slop = this.#match(/~(\d{1,9})/y)
      return { kind: 'literal', field, phrase, slop: slop === null ? 0 : Number(slop[1]), prefix: false } as const
    })
  }

  #simpleTerm(): string | null {
    return this.#match(/-\d+(?:\.\d+)?/y)?.[0] ?? this.#quoted("'") ?? this.#quoted('"') ?? this.#word()
  }

  #quoted(delimiter: string): string | null {
    return this.#try(() => {
      if (!this.#eat(delimiter)) return null
      let text = ''
      while (!this.#eat(delimiter)) {
        if (this.#text[this.#at] === '\\' && this.#at + 1 < this.#text.length) this.#at += 1
        const char = this.#text[this.#at]
        if (char === undefined) return null
        text += char
        this.#at += 1
      }
      return text
    })
  }

  #word(): string | null {
    return this.#try(() => {
      const from = this.#at
      while (!this.atEnd) {
        const char = this.#text[this.#at]!
        if (char === '\\' && this.#at + 1 < this.#text.length) this.#at += 2
        else if (SPACE.test(char) || ESCAPE_IN_WORD.has(char) || (char === '-' && this.#at === from)) break
        else this.#at += 1
      }
      const word = this.#text.slice(from, this.#at)
      if (word === '' || word === 'OR' || word === 'AND' || word === 'NOT' || word === 'IN') return null
      return unescapeWord(word)
    })
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
function unescapeWord(word: string): string {
  return word.replaceAll(/\\(.)/gsu, (whole, char: string) =>
    SPACE.test(char) || ESCAPE_IN_WORD.has(char) || char === '-' ? char : whole,
  )
}

/** AND binds closer than OR; a clause beside an operator without a sign of its own takes the operator's. */
function aggregate(operations: readonly Operation[]): UserInputAst {
  const groups: Clause[][] = []
  for (const [k, [operand, occur, ast]] of operations.entries()) {
    if (operand === 'and') {
      groups.at(-1)!.push([occur ?? 'must', ast])
      continue
    }
    const next = operations[k + 1]?.[0]
    const fallback = next === 'and' ? 'must' : operand === 'or' || next === 'or' ? 'should' : null
    if (occur === 'mustNot' && fallback === 'should') {
      groups.push([['should', { kind: 'clause', clauses: [['mustNot', ast]] }]])
    } else groups.push([[occur ?? fallback, ast]])
  }
  if (groups.length === 1) return { kind: 'clause', clauses: groups[0]! }
  const clauses = groups.map((group): Clause =>
    group.length === 1 ? group[0]! : ['should', { kind: 'clause', clauses: group }],
  )
  return { kind: 'clause', clauses }
}
