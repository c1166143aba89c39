import { AllQuery } from '../query/all-query.ts'
import { BooleanQuery } from '../query/boolean-query.ts'
import { BoostQuery } from '../query/boost-query.ts'
import { EmptyQuery } from '../query/empty-query.ts'
import { ExistsQuery } from '../query/exists-query.ts'
import { PhrasePrefixQuery } from '../query/phrase-prefix-query.ts'
import { PhraseQuery } from '../query/phrase-query.ts'
import type { Query } from '../query/query.ts'
import { RangeQuery } from '../query/range-query.ts'
import { RegexQuery } from '../query/regex-query.ts'
import { RegexSyntaxError } from '../tokenizer/regex-parser.ts'
import { TermQuery } from '../query/term-query.ts'
import { TermSetQuery } from '../query/term-set-query.ts'
import type { FieldEntry, IndexSchema } from '../schema/index-schema.ts'
import type { TermBound } from '../term-dictionary/term-dictionary.ts'
import { encodeJsonPath, jsonTerm, splitJsonPath, termForText } from '../terms.ts'
import type { Tokenizer } from '../tokenizer/tokenizer.ts'
import type { TokenizerManager } from '../tokenizer/tokenizer-manager.ts'
import { boundTerm, searchTerm } from './field-terms.ts'
import { parseUserInput } from './grammar.ts'
import { parseJsonLeaf } from './parse-values.ts'
import { QueryParserError } from './query-parser-error.ts'
import type { Bound, Literal, Occur, UserInputAst } from './user-input-ast.ts'

export interface QueryParserOptions {
  /** Fields of words that name none. */
  readonly defaultFields?: readonly string[]
  /** Whether words without an operator must all match. */
  readonly conjunction?: boolean
  /** Whether `/pattern/` is a regular expression over the terms of a text field; refused by default, as by tantivy. */
  readonly allowRegexes?: boolean
}

/** A query with clauses still by sign; an empty clause is dropped at the end. */
type Logical = { readonly clauses: readonly (readonly [Occur, Logical])[] } | { readonly query: Query }

/** Parses tantivy's own query language over a schema. */
export class QueryParser {
  readonly #schema: IndexSchema
  readonly #tokenizers: TokenizerManager
  readonly #defaultFields: readonly FieldEntry[]
  readonly #conjunction: boolean
  readonly #allowRegexes: boolean

  constructor(schema: IndexSchema, tokenizers: TokenizerManager, options: QueryParserOptions = {}) {
    this.#schema = schema
    this.#tokenizers = tokenizers
    this.#conjunction = options.conjunction ?? false
    this.#allowRegexes = options.allowRegexes ?? false
    this.#defaultFields = (options.defaultFields ?? []).map((name) => {
      const field = schema.field(name)
      if (field === undefined) throw new QueryParserError(`field does not exist: ${name}`)
      return field
    })
  }

  /** Parses a query; throws QueryParserError. */
  parse(text: string): Query {
    const logical = this.#logical(parseUserInput(text))
    if ('clauses' in logical && logical.clauses.length > 0 && allNegative(logical)) {
      throw new QueryParserError('invalid query: only excluding terms given')
    }
    return toQuery(simplify(logical)) ?? new EmptyQuery()
  }

  #logical(ast: UserInputAst): Logical {
    switch (ast.kind) {
      case 'clause': {
        const fallback = this.#conjunction ? 'must' : 'should'
        return { clauses: ast.clauses.map(([occur, part]) => [occur ?? fallback, this.#logical(part)] as const) }
      }
      case 'boost': {
        const query = toQuery(this.#logical(ast.query))
        return query === null ? { clauses: [] } : { query: new BoostQuery(query, ast.boost) }
      }
      case 'all':
        return { query: new AllQuery() }
      case 'exists':
        return { query: this.#exists(ast.field) }
      case 'range':
        return this.#range(ast.field, ast.lower, ast.upper)
      case 'set':
        return this.#set(ast.field, ast.elements)
      case 'regex':
        return this.#regex(ast.field, ast.pattern)
      case 'literal':
        return this.#literal(ast)
    }
  }

  #exists(path: string): Query {
    const { field, rest } = this.#fieldOf(path)
    const keys = rest === '' ? '' : `\u0001${encodeJsonPath(splitJsonPath(rest), field.options.expandDots)}`
    return new ExistsQuery(`${field.name}${keys}`, true)
  }

  #range(path: string | null, lower: Bound, upper: Bound): Logical {
    const { field, rest } = this.#target(path)
    const bound = (given: Bound): TermBound =>
      given === null
        ? null
        : { term: boundTerm(field, rest, given.text, this.#tokenizer(field)), inclusive: given.inclusive }
    const from = bound(lower)
    const to = bound(upper)
    return from === null && to === null ? { clauses: [] } : { query: new RangeQuery(field.ord, from, to) }
  }

  #set(path: string | null, elements: readonly string[]): Logical {
    const { field, rest } = this.#target(path)
    const terms = elements.map((element) => boundTerm(field, rest, element, this.#tokenizer(field)))
    return { query: new TermSetQuery(new Map([[field.ord, terms]])) }
  }

  #regex(path: string | null, pattern: string): Logical {
    if (!this.#allowRegexes) throw new QueryParserError('regular expressions are not allowed')
    const queries = this.#targets(path).map(({ field, rest }): Query => {
      if (field.type !== 'text' || field.options.record === null || rest !== '') {
        throw new QueryParserError(`the field ${field.name} has no text terms for a regular expression`)
      }
      try {
        return new RegexQuery(field.ord, pattern)
      } catch (error) {
        if (error instanceof RegexSyntaxError) throw new QueryParserError(error.message)
        throw error
      }
    })
    if (queries.length === 1) return { query: queries[0]! }
    return { clauses: queries.map((query) => ['should', { query }] as const) }
  }

  #literal(literal: Literal): Logical {
    const targets = this.#targets(literal.field)
    const queries: Query[] = []
    const errors: unknown[] = []
    for (const { field, rest } of targets) {
      try {
        queries.push(...this.#leaf(field, rest, literal))
      } catch (error) {
        if (!(error instanceof QueryParserError)) throw error
        errors.push(error)
      }
    }
    if (queries.length === 0 && errors.length > 0) throw errors[0]
    if (queries.length === 1) return { query: queries[0]! }
    return { clauses: queries.map((query) => ['should', { query }] as const) }
  }

  #targets(path: string | null): readonly { field: FieldEntry; rest: string }[] {
    if (path === null) {
      if (this.#defaultFields.length === 0) throw new QueryParserError('no default field and none in the query')
      return this.#defaultFields.map((field) => ({ field, rest: '' }))
    }
    const found = this.#schema.findField(path)
    if (found !== null) return [{ field: found.field, rest: found.path }]
    const json = this.#defaultFields.filter((field) => field.type === 'json_object' && field.options.record !== null)
    if (json.length === 0) throw new QueryParserError(`field does not exist: ${path}`)
    return json.map((field) => ({ field, rest: path }))
  }

  #leaf(field: FieldEntry, path: string, literal: Literal): Query[] {
    const { options, name } = field
    if (options.record === null) throw new QueryParserError(`the field ${name} is not indexed`)
    if (field.type === 'json_object') return this.#jsonLeaf(field, path, literal.phrase)
    if (path !== '') throw new QueryParserError(`field does not exist: ${name}.${path}`)
    if (field.type !== 'text') return [new TermQuery(field.ord, searchTerm(field, literal.phrase))]
    const tokens = this.#tokenizer(field)!.tokenize(literal.phrase)
    const terms = tokens.map((token) => termForText(token.text))
    if (terms.length <= 1) {
      if (literal.prefix) throw new QueryParserError(`the phrase ${literal.phrase} has fewer than two terms`)
      return terms.map((term) => new TermQuery(field.ord, term))
    }
    if (options.record !== 'position') throw new QueryParserError(`the field ${name} has no positions indexed`)
    const offsets = tokens.map((token) => token.position)
    if (!literal.prefix) return [new PhraseQuery(field.ord, terms, offsets, literal.slop)]
    const last = terms.length - 1
    return [
      new PhrasePrefixQuery(field.ord, terms.slice(0, last), offsets.slice(0, last), terms[last]!, offsets[last]!),
    ]
  }

  /** A word of a JSON field is tried as a date, number or boolean, and as text. */
  #jsonLeaf(field: FieldEntry, path: string, phrase: string): Query[] {
    const { expandDots, record } = field.options
    const keys = splitJsonPath(path)
    const queries: Query[] = []
    const leaf = parseJsonLeaf(phrase)
    if (leaf !== null) queries.push(new TermQuery(field.ord, jsonTerm(keys, leaf, expandDots)))
    const tokens = this.#tokenizer(field)!.tokenize(phrase)
    const terms = tokens.map((token) => jsonTerm(keys, { type: 'str', value: token.text }, expandDots))
    if (terms.length <= 1) return [...queries, ...terms.map((term) => new TermQuery(field.ord, term))]
    if (record !== 'position') throw new QueryParserError(`the field ${field.name} has no positions indexed`)
    const offsets = tokens.map((token) => token.position)
    return [...queries, new PhraseQuery(field.ord, terms, offsets)]
  }

  #tokenizer(field: FieldEntry): Tokenizer | null {
    const name = field.options.tokenizer
    if (name === null) return null
    const tokenizer = this.#tokenizers.get(name)
    if (tokenizer === undefined) throw new QueryParserError(`the tokenizer ${name} of field ${field.name} is unknown`)
    return tokenizer
  }

  #target(path: string | null): { field: FieldEntry; rest: string } {
    if (path === null) throw new QueryParserError('a range or set needs a field')
    return this.#fieldOf(path)
  }

  #fieldOf(path: string): { field: FieldEntry; rest: string } {
    const found = this.#schema.findField(path)
    if (found === null) throw new QueryParserError(`field does not exist: ${path}`)
    return { field: found.field, rest: found.path }
  }
}

function allNegative(logical: Logical): boolean {
  return 'clauses' in logical && logical.clauses.every(([occur, part]) => occur === 'mustNot' || allNegative(part))
}

/** Pulls up clauses that all have the sign of the clause that they are in. */
function simplify(logical: Logical): Logical {
  if ('query' in logical) return logical
  const clauses = logical.clauses.flatMap(([occur, part]): (readonly [Occur, Logical])[] => {
    const inner = simplify(part)
    const same = 'clauses' in inner && occur !== 'mustNot' && inner.clauses.every(([other]) => other === occur)
    return same ? [...inner.clauses] : [[occur, inner]]
  })
  return { clauses }
}

function toQuery(logical: Logical): Query | null {
  if ('query' in logical) return logical.query
  const byOccur: Record<Occur, Query[]> = { must: [], should: [], mustNot: [] }
  for (const [occur, part] of logical.clauses) {
    const query = toQuery(part)
    if (query !== null) byOccur[occur].push(query)
  }
  const { must, should, mustNot } = byOccur
  return must.length + should.length + mustNot.length === 0 ? null : new BooleanQuery({ must, should, mustNot })
}
