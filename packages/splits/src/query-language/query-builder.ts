import { notSupported, SqlState, VolleyError } from '@volley/core'
import {
  AllQuery,
  BooleanQuery,
  BoostQuery,
  EmptyQuery,
  type FieldEntry,
  type IndexSchema,
  PhrasePrefixQuery,
  PhraseQuery,
  PrefixQuery,
  type Query,
  TermQuery,
  type Token,
  type Tokenizer,
} from '@volley/tantivy'
import type { DocMapping } from '../mapping/doc-mapping.ts'
import { findField, jsonColumnName } from '../mapping/resolve-field.ts'
import { type ColumnInterval, ColumnExistsQuery, ColumnIntervalQuery, ColumnPatternQuery } from './column-query.ts'
import { PatternQuery } from './pattern-query.ts'
import { termRegex, wildcardPrefix, wildcardRegex } from './patterns.ts'
import type { Bound, BoolQueryAst, FullTextMode, FullTextParams, QueryAst } from './query-ast.ts'
import { jsonRangeIntervals, rangeInterval } from './range-intervals.ts'
import {
  jsonTerm,
  jsonTermPrefix,
  orderedBits,
  parseJsonValue,
  parseValue,
  presenceTerm,
  termOf,
  textTerm,
} from './terms.ts'

/** What an index schema cannot answer: an error where a query is checked, no documents where it runs. */
class SchemaMismatch extends Error {
  readonly code: string

  constructor(message: string, code: string = SqlState.invalidParameterValue) {
    super(message)
    this.code = code
  }
}

/** A field as a query names it, and the steps into it. */
interface Target {
  readonly name: string
  readonly entry: FieldEntry
  /** Steps below a JSON field; empty for a concatenate field, whose terms sit at its root. */
  readonly path: readonly string[]
}

/**
 * Makes tantivy queries of a query AST for one schema (formats/quickwit-query.md §3). While `validate` is set, what the
 * schema cannot answer is an error; else it matches nothing, as in splits that lack a newer field.
 */
export class QueryBuilder {
  readonly #schema: IndexSchema
  readonly #mapping: DocMapping
  readonly #tokenizer: (name: string) => Tokenizer | undefined
  readonly #validate: boolean

  constructor(
    schema: IndexSchema,
    mapping: DocMapping,
    tokenizer: (name: string) => Tokenizer | undefined,
    validate: boolean,
  ) {
    this.#schema = schema
    this.#mapping = mapping
    this.#tokenizer = tokenizer
    this.#validate = validate
  }

  build(ast: QueryAst): Query {
    switch (ast.type) {
      case 'match_all':
        return new AllQuery()
      case 'match_none':
        return new EmptyQuery()
      case 'bool':
        return this.#bool(ast)
      case 'boost':
        return new BoostQuery(this.build(ast.underlying), ast.boost)
      case 'term':
        return this.#leaf(false, () => this.#term(this.target(ast.field), ast.value))
      case 'term_set':
        return anyOf(
          Object.entries(ast.terms_per_field).flatMap(([field, values]) =>
            values.map((value) => this.#leaf(false, () => this.#term(this.target(field), value))),
          ),
        )
      case 'full_text':
        return this.#leaf(ast.lenient, () => this.fullText(this.target(ast.field), ast.text, ast.params))
      case 'phrase_prefix':
        return this.#leaf(ast.lenient, () => this.#phrasePrefix(ast))
      case 'range':
        return this.#leaf(false, () => this.#range(this.target(ast.field), ast.lower_bound, ast.upper_bound))
      case 'field_presence':
        return this.#leaf(false, () => this.#presence(ast.field))
      case 'wildcard':
        return this.#leaf(ast.lenient, () => this.#wildcard(ast))
      case 'regex':
        return this.#leaf(false, () => this.#regex(this.target(ast.field), ast.regex))
    }
  }

  /** Finds a field by its name in a query. */
  target(name: string): Target {
    const found = findField(this.#schema, name)
    if (found === null || (found.path.length > 0 && found.entry.type !== 'json_object')) {
      throw new SchemaMismatch(`field ${name} does not exist`, SqlState.undefinedColumn)
    }
    if (found.entry.type === 'json_object' && found.path.length === 0 && !this.#isConcatenate(found.entry)) {
      throw new SchemaMismatch(`field ${name} is JSON and can be searched only by a path in it, such as ${name}.key`)
    }
    return { name, ...found }
  }

  /** Runs what may not fit the schema. */
  attempt(build: () => Query): Query {
    return this.#leaf(false, build)
  }

  #leaf(lenient: boolean, build: () => Query): Query {
    try {
      return build()
    } catch (error) {
      if (!(error instanceof SchemaMismatch)) throw error
      if (this.#validate && !lenient) throw new VolleyError(error.message, { code: error.code })
      return new EmptyQuery()
    }
  }

  #isConcatenate(entry: FieldEntry): boolean {
    const mapped = this.#mapping.fieldOfTantivyName(entry.name)
    return mapped !== null && mapped.type === 'concatenate'
  }

  #bool(ast: BoolQueryAst): Query {
    const list = (asts: readonly QueryAst[] | undefined): Query[] => (asts ?? []).map((child) => this.build(child))
    const must = list(ast.must)
    const should = list(ast.should)
    const mustNot = list(ast.must_not)
    for (const filter of list(ast.filter)) must.push(new BoostQuery(filter, 0))
    if (must.length + should.length + mustNot.length === 0) return new EmptyQuery()
    if (must.length + should.length === 0) must.push(new AllQuery())
    const minimum = ast.minimum_should_match
    return new BooleanQuery({ must, should, mustNot, ...(minimum !== undefined && { minimumShouldMatch: minimum }) })
  }

  /** A value taken as one token. */
  #term(target: Target, value: string): Query {
    const { entry, path } = target
    if (entry.type === 'json_object')
      return this.#json(target, value, (prefix) => new TermQuery(entry.ord, jsonTerm(prefix, textTerm(value))))
    if (entry.type !== 'text') return this.#typed(target, value)
    if (entry.options.record !== null) return new TermQuery(entry.ord, textTerm(value))
    return this.#textColumn(jsonColumnName(entry, path), target, value)
  }

  /** Text cut by the field's tokenizer; other types take it as one value. */
  fullText(target: Target, text: string, params: FullTextParams): Query {
    const { entry, path } = target
    if (entry.type === 'json_object') {
      return this.#json(target, text, (prefix) =>
        this.#tokens(target, this.#tokenize(entry, text, params.tokenizer), params, (token) =>
          jsonTerm(prefix, textTerm(token)),
        ),
      )
    }
    if (entry.type !== 'text') return this.#typed(target, text)
    if (entry.options.record === null) return this.#textColumn(jsonColumnName(entry, path), target, text)
    return this.#tokens(target, this.#tokenize(entry, text, params.tokenizer), params, textTerm)
  }

  #tokenize(entry: FieldEntry, text: string, tokenizer: string | undefined): readonly Token[] {
    const name = tokenizer ?? entry.options.tokenizer ?? 'raw'
    const found = this.#tokenizer(name)
    if (found === undefined)
      throw new SchemaMismatch(`field ${entry.name} has the tokenizer ${name}, which is not known`)
    return found.tokenize(text)
  }

  #tokens(target: Target, tokens: readonly Token[], params: FullTextParams, term: (text: string) => Uint8Array): Query {
    const { entry, name } = target
    const { mode } = params
    if (tokens.length === 0) return params.zero_terms_query === 'all' ? new AllQuery() : new EmptyQuery()
    const positions = entry.options.record === 'position'
    if (mode.type === 'phrase' && !positions && tokens.length > 1) {
      throw new SchemaMismatch(`a phrase cannot be searched in ${name}: the field is indexed without positions`)
    }
    const terms = tokens.map(({ text }) => term(text))
    if (terms.length === 1 && mode.type !== 'bool_prefix') return new TermQuery(entry.ord, terms[0]!)
    if (mode.type === 'phrase' || (mode.type === 'phrase_fallback_to_intersection' && positions)) {
      const offsets = tokens.map(({ position }) => position)
      return new PhraseQuery(entry.ord, terms, offsets, (mode.type === 'phrase' ? mode.slop : 0) ?? 0)
    }
    const last = terms.length - 1
    const queries = terms.map((bytes, k) =>
      mode.type === 'bool_prefix' && k === last ? new PrefixQuery(entry.ord, bytes) : new TermQuery(entry.ord, bytes),
    )
    return operatorOf(mode) === 'Or' ? anyOf(queries) : allOf(queries)
  }

  /** A JSON path holds texts and typed values: what the text can stand for, or-ed. */
  #json(target: Target, text: string, textQuery: (prefix: Uint8Array) => Query): Query {
    const { entry, path } = target
    const value = parseJsonValue(text)
    const { record, expandDots, fast } = entry.options
    if (record === null) {
      if (!fast) throw notSearchable(target)
      const bytes = textTerm(normalized(entry, text))
      const bound = { term: bytes, inclusive: true }
      const intervals: ColumnInterval[] = [{ type: 'str', lower: bound, upper: bound }]
      if (value !== null && value.type !== 'bytes') {
        intervals.push(...jsonRangeIntervals({ Included: text }, { Included: text }))
        if (value.type === 'bool') intervals.push({ type: 'bool', min: orderedBits(value), max: orderedBits(value) })
      }
      return new ColumnIntervalQuery(jsonColumnName(entry, path), intervals)
    }
    const texts = textQuery(jsonTermPrefix(path, expandDots, 'str'))
    if (value === null) return texts
    return anyOf([
      new TermQuery(entry.ord, jsonTerm(jsonTermPrefix(path, expandDots, value.type), termOf(value))),
      texts,
    ])
  }

  #typed(target: Target, text: string): Query {
    const { entry, name } = target
    const value = parseValue(text, entry.type)
    if (value === null)
      throw new SchemaMismatch(`field ${name} is ${typeNameOf(entry)}, but ${JSON.stringify(text)} is not one`)
    if (entry.options.record !== null) return new TermQuery(entry.ord, termOf(value))
    if (!entry.options.fast) throw notSearchable(target)
    if (value.type === 'bytes') {
      const bound = { term: value.value, inclusive: true }
      return new ColumnIntervalQuery(entry.name, [{ type: 'bytes', lower: bound, upper: bound }])
    }
    const bits = orderedBits(value)
    return new ColumnIntervalQuery(entry.name, [{ type: value.type, min: bits, max: bits }])
  }

  #textColumn(column: string, target: Target, text: string): Query {
    if (!target.entry.options.fast) throw notSearchable(target)
    const bound = { term: textTerm(normalized(target.entry, text)), inclusive: true }
    return new ColumnIntervalQuery(column, [{ type: 'str', lower: bound, upper: bound }])
  }

  #phrasePrefix(ast: Extract<QueryAst, { type: 'phrase_prefix' }>): Query {
    const target = this.target(ast.field)
    const { entry, path } = target
    const isJson = entry.type === 'json_object'
    if ((entry.type !== 'text' && !isJson) || entry.options.record === null) throw notSearchable(target)
    const tokens = this.#tokenize(entry, ast.phrase, ast.params.tokenizer)
    if (tokens.length === 0) return new EmptyQuery()
    if (tokens.length > 1 && entry.options.record !== 'position') {
      throw new SchemaMismatch(`a phrase cannot be searched in ${ast.field}: the field is indexed without positions`)
    }
    const prefix = isJson ? jsonTermPrefix(path, entry.options.expandDots, 'str') : new Uint8Array(0)
    const terms = tokens.map(({ text }) => jsonTerm(prefix, textTerm(text)))
    if (terms.length === 1) return new PrefixQuery(entry.ord, terms[0]!)
    const offsets = tokens.map(({ position }) => position)
    const last = terms.length - 1
    return new PhrasePrefixQuery(
      entry.ord,
      terms.slice(0, last),
      offsets.slice(0, last),
      terms[last]!,
      offsets[last]!,
      ast.max_expansions,
    )
  }

  #range(target: Target, lower: Bound, upper: Bound): Query {
    const { entry, path, name } = target
    if (!entry.options.fast) {
      throw new SchemaMismatch(`a range cannot be searched in ${name}: the field is not fast`)
    }
    if (entry.type === 'json_object') {
      const intervals = jsonRangeIntervals(lower, upper, (text) => normalized(entry, text))
      if (intervals.length === 0) throw new SchemaMismatch(`the bounds of the range of ${name} are of different types`)
      return new ColumnIntervalQuery(jsonColumnName(entry, path), intervals)
    }
    if (entry.type === 'bytes') throw notSupported(`a range of the bytes field ${name}`)
    if (entry.type === 'bool' || entry.type === 'facet') {
      throw new SchemaMismatch(`a range cannot be searched in ${name}: it is ${typeNameOf(entry)}`)
    }
    const interval = rangeInterval(entry.type, lower, upper, (text) => normalized(entry, text))
    if (interval === null)
      throw new SchemaMismatch(`field ${name} is ${typeNameOf(entry)}, but a bound of the range is not one`)
    return new ColumnIntervalQuery(entry.name, [interval])
  }

  #presence(name: string): Query {
    const found = findField(this.#schema, name)
    // An object has no field of its own: a document has it when it has one of its leaves.
    if (found === null || found.entry.name !== name) {
      const leaves = this.#mapping.leavesOf(name)
      if (leaves.length > 0)
        return anyOf(leaves.map((leaf) => this.#leaf(false, () => this.#presence(leaf.tantivyName))))
    }
    if (found === null || (found.path.length > 0 && found.entry.type !== 'json_object')) {
      throw new SchemaMismatch(`field ${name} does not exist`, SqlState.undefinedColumn)
    }
    const { entry, path } = found
    if (entry.options.fast) return new ColumnExistsQuery(jsonColumnName(entry, path))
    const presence = this.#schema.field('_field_presence')
    if (presence === undefined) throw new SchemaMismatch(`the index does not record which documents have ${name}`)
    const steps = entry.options.expandDots ? path.flatMap((step) => step.split('.')) : path
    const leaf = new TermQuery(presence.ord, presenceTerm(entry.ord, steps, false))
    if (entry.type !== 'json_object') return leaf
    return anyOf([leaf, new TermQuery(presence.ord, presenceTerm(entry.ord, steps, true))])
  }

  #wildcard(ast: Extract<QueryAst, { type: 'wildcard' }>): Query {
    const target = this.target(ast.field)
    const lower = this.#lowercases(target.entry)
    const pattern = lower ? ast.value.toLowerCase() : ast.value
    const { prefix, onlyPrefix } = wildcardPrefix(pattern)
    if (onlyPrefix && !ast.case_insensitive && target.entry.options.record !== null && isText(target.entry)) {
      return new PrefixQuery(target.entry.ord, jsonTerm(this.#textPrefix(target), textTerm(prefix)))
    }
    return this.#pattern(target, wildcardRegex(pattern, ast.case_insensitive), ast.case_insensitive ? '' : prefix)
  }

  #regex(target: Target, source: string): Query {
    return this.#pattern(target, termRegex(source, this.#lowercases(target.entry)), '')
  }

  #pattern(target: Target, pattern: RegExp, literal: string): Query {
    const { entry, path } = target
    if (!isText(entry))
      throw new SchemaMismatch(`a pattern cannot be searched in ${target.name}: it is ${typeNameOf(entry)}`)
    if (entry.options.record === null) {
      if (!entry.options.fast) throw notSearchable(target)
      return new ColumnPatternQuery(jsonColumnName(entry, path), pattern)
    }
    const prefix = this.#textPrefix(target)
    return new PatternQuery(entry.ord, jsonTerm(prefix, textTerm(literal)), prefix.length, pattern)
  }

  #textPrefix({ entry, path }: Target): Uint8Array {
    return entry.type === 'json_object' ? jsonTermPrefix(path, entry.options.expandDots, 'str') : new Uint8Array(0)
  }

  /** Whether the field's terms are in lower case, so that a pattern has to be. */
  #lowercases(entry: FieldEntry): boolean {
    if (entry.options.record === null) return entry.options.fastTokenizer === 'lowercase'
    const name = entry.options.tokenizer ?? 'raw'
    if (name === 'raw' || name === 'whitespace') return false
    const custom = this.#mapping.tokenizers.find((tokenizer) => tokenizer.name === name)
    return custom === undefined || (Array.isArray(custom.filters) && custom.filters.includes('lower_caser'))
  }
}

function operatorOf(mode: FullTextMode): 'And' | 'Or' {
  return mode.type === 'bool' || mode.type === 'bool_prefix' ? mode.operator : 'And'
}

function isText(entry: FieldEntry): boolean {
  return entry.type === 'text' || entry.type === 'json_object'
}

/** What the field's normalizer makes of a text. */
function normalized(entry: FieldEntry, text: string): string {
  if (entry.options.fastTokenizer !== 'lowercase') return text
  let lower = ''
  for (const char of text) lower += char.toLowerCase()
  return lower
}

function notSearchable({ name }: Target): SchemaMismatch {
  return new SchemaMismatch(`field ${name} is not indexed, so it cannot be searched`)
}

function typeNameOf(entry: FieldEntry): string {
  const names: Record<string, string> = { ip_addr: 'an ip address', i64: 'an i64', f64: 'an f64', json_object: 'JSON' }
  return names[entry.type] ?? (entry.type === 'bytes' || entry.type === 'text' ? entry.type : `a ${entry.type}`)
}

function anyOf(queries: readonly Query[]): Query {
  if (queries.length === 0) return new EmptyQuery()
  return queries.length === 1 ? queries[0]! : new BooleanQuery({ should: [...queries] })
}

function allOf(queries: readonly Query[]): Query {
  return queries.length === 1 ? queries[0]! : new BooleanQuery({ must: [...queries] })
}
