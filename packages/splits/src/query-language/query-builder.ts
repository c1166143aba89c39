import { notSupported, SqlState } from '@volley/core'
import {
  AutomatonSizeError,
  BoostQuery,
  type FieldEntry,
  type IndexSchema,
  PhrasePrefixQuery,
  PhraseQuery,
  PrefixQuery,
  type Query,
  RegexQuery,
  RegexSyntaxError,
  TermQuery,
  TermSetQuery,
  type Token,
  type Tokenizer,
} from '@volley/tantivy'
import { type DocMapping, DYNAMIC_COLUMN } from '../mapping/doc-mapping.ts'
import { findField, jsonColumnName } from '../mapping/resolve-field.ts'
import { ALL, allOf, anyOf, type ClauseTree, groupOf, leafOf, NONE, queryOf } from './clause-tree.ts'
import { type ColumnInterval, ColumnExistsQuery, ColumnIntervalQuery, ColumnPatternQuery } from './column-query.ts'
import { ignoringCase, termRegex, wildcardSource } from './patterns.ts'
import { FirstTermsQuery } from './first-terms-query.ts'
import type { Bound, BoolQueryAst, FullTextMode, FullTextParams, QueryAst } from './query-ast.ts'
import { jsonRangeIntervals, rangeInterval } from './range-intervals.ts'
import { incompatible, QueryRefusedError, SchemaMismatch, unknownField } from './schema-mismatch.ts'
import {
  jsonTerm,
  jsonTermPrefix,
  orderedBits,
  parseJsonValue,
  parseValue,
  presenceTerm,
  termOf,
  textTerm,
  truncated,
} from './terms.ts'

/** A field as a query names it, and the steps into it. */
interface Target {
  readonly name: string
  readonly entry: FieldEntry
  /** Steps below a JSON field; empty for a concatenate field, whose terms sit at its root. */
  readonly path: readonly string[]
}

export interface QueryBuilderOptions {
  /** What the schema cannot answer is an error; else it matches nothing, as in splits that lack a newer field. */
  readonly validate: boolean
  /**
   * Refuses what Quickwit refuses although it can be answered: JSON that is only fast, patterns of text that is only fast,
   * a whole JSON field, a fraction as bound of a whole number.
   */
  readonly strict: boolean
}

/** Makes tantivy queries of a query AST for one schema (formats/quickwit-query.md §3). */
export class QueryBuilder {
  readonly #schema: IndexSchema
  readonly #mapping: DocMapping
  readonly #tokenizer: (name: string) => Tokenizer | undefined
  readonly #options: QueryBuilderOptions

  constructor(
    schema: IndexSchema,
    mapping: DocMapping,
    tokenizer: (name: string) => Tokenizer | undefined,
    options: QueryBuilderOptions,
  ) {
    this.#schema = schema
    this.#mapping = mapping
    this.#tokenizer = tokenizer
    this.#options = options
  }

  /** @throws QueryRefusedError for what does not fit the schema, while `validate` is set. */
  build(ast: QueryAst): Query {
    return queryOf(this.#tree(ast))
  }

  #tree(ast: QueryAst): ClauseTree {
    switch (ast.type) {
      case 'match_all':
        return ALL
      case 'match_none':
        return NONE
      case 'bool':
        return this.#bool(ast)
      case 'boost':
        return leafOf(new BoostQuery(this.build(ast.underlying), ast.boost))
      case 'term':
        return this.#leaf(false, () => this.#term(this.#target(ast.field), ast.value))
      case 'term_set':
        return this.#termSet(ast.terms_per_field)
      case 'full_text':
        return this.#leaf(ast.lenient, () => this.#fullText(this.#target(ast.field), ast.text, ast.params))
      case 'phrase_prefix':
        return this.#leaf(ast.lenient, () => this.#phrasePrefix(ast))
      case 'range':
        return this.#leaf(false, () => this.#range(this.#target(ast.field), ast.lower_bound, ast.upper_bound))
      case 'field_presence':
        return this.#leaf(false, () => this.#presence(ast.field))
      case 'wildcard':
        return this.#leaf(ast.lenient, () => this.#wildcard(ast))
      case 'regex':
        return this.#leaf(false, () => this.#regex(this.#target(ast.field), ast.regex))
    }
  }

  /** Finds a field by its name in a query. */
  #target(name: string): Target {
    const found = findField(this.#schema, name)
    if (found === null || (found.path.length > 0 && found.entry.type !== 'json_object')) throw unknownField(name)
    if (
      !this.#options.strict &&
      found.entry.type === 'json_object' &&
      found.path.length === 0 &&
      !this.#isConcatenate(found.entry)
    ) {
      throw new SchemaMismatch(
        `field ${name} is JSON and can be searched only by a path in it, such as ${name}.key`,
        `Json field root is not a valid search field: \`${name}\``,
      )
    }
    return { name, ...found }
  }

  /** Runs what may not fit the schema. */
  #leaf(lenient: boolean, build: () => ClauseTree): ClauseTree {
    try {
      return build()
    } catch (error) {
      if (!(error instanceof SchemaMismatch)) throw error
      const { validate, strict } = this.#options
      if (validate && !(lenient && (error.unknownField || !strict))) throw new QueryRefusedError(error)
      return NONE
    }
  }

  #isConcatenate(entry: FieldEntry): boolean {
    const mapped = this.#mapping.fieldOfTantivyName(entry.name)
    return mapped !== null && mapped.type === 'concatenate'
  }

  #bool(ast: BoolQueryAst): ClauseTree {
    const list = (asts: readonly QueryAst[] | undefined): ClauseTree[] => (asts ?? []).map((child) => this.#tree(child))
    return groupOf({
      must: list(ast.must),
      mustNot: list(ast.must_not),
      should: list(ast.should),
      filter: list(ast.filter),
      minimumShouldMatch: ast.minimum_should_match ?? null,
    })
  }

  /** The terms of all values as one set; by columns where a field has no terms. */
  #termSet(termsPerField: Readonly<Record<string, readonly string[]>>): ClauseTree {
    const terms = new Map<number, Uint8Array[]>()
    const others: ClauseTree[] = []
    for (const [field, values] of Object.entries(termsPerField)) {
      for (const value of values) {
        const tree = this.#leaf(false, () => this.#term(this.#target(field), value))
        for (const leaf of tree.kind === 'group' ? tree.should : [tree]) {
          if (leaf.kind !== 'query' || !(leaf.query instanceof TermQuery)) others.push(leaf)
          else {
            const list = terms.get(leaf.query.field)
            if (list === undefined) terms.set(leaf.query.field, [leaf.query.term])
            else list.push(leaf.query.term)
          }
        }
      }
    }
    const set = terms.size === 0 ? [] : [leafOf(new TermSetQuery(terms))]
    return set.length + others.length === 0 ? NONE : anyOf([...set, ...others])
  }

  /** A value taken as one token. */
  #term(target: Target, value: string): ClauseTree {
    return this.#fullText(target, value, { tokenizer: 'raw', mode: { type: 'bool', operator: 'Or' } })
  }

  /** Text cut by the field's tokenizer; other types take it as one value. */
  #fullText(target: Target, text: string, params: FullTextParams): ClauseTree {
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
    if (found === undefined) {
      throw new SchemaMismatch(
        `field ${entry.name} has the tokenizer ${name}, which is not known`,
        `no tokenizer named \`${name}\` is registered`,
      )
    }
    return found.tokenize(text)
  }

  #tokens(
    target: Target,
    tokens: readonly Token[],
    params: FullTextParams,
    term: (text: string) => Uint8Array,
  ): ClauseTree {
    const { entry, name } = target
    const { mode } = params
    if (tokens.length === 0) return params.zero_terms_query === 'all' ? ALL : NONE
    const positions = entry.options.record === 'position'
    const terms = tokens.map(({ text }) => term(text))
    if (terms.length === 1) return leafOf(new TermQuery(entry.ord, terms[0]!))
    if (mode.type === 'phrase' && !positions) {
      throw incompatible(
        `a phrase cannot be searched in ${name}: the field is indexed without positions`,
        'Applied phrase query on field which does not have positions indexed',
      )
    }
    if (mode.type === 'phrase' || (mode.type === 'phrase_fallback_to_intersection' && positions)) {
      const offsets = tokens.map(({ position }) => position)
      return leafOf(new PhraseQuery(entry.ord, terms, offsets, (mode.type === 'phrase' ? mode.slop : 0) ?? 0))
    }
    const last = terms.length - 1
    const queries = terms.map((bytes, k) =>
      leafOf(
        mode.type === 'bool_prefix' && k === last
          ? new FirstTermsQuery(entry.ord, bytes, mode.max_expansions)
          : new TermQuery(entry.ord, bytes),
      ),
    )
    return operatorOf(mode) === 'Or' ? anyOf(queries) : allOf(queries)
  }

  /** A JSON path holds texts and typed values: what the text can stand for, or-ed. */
  #json(target: Target, text: string, textTree: (prefix: Uint8Array) => ClauseTree): ClauseTree {
    const { entry, path, name } = target
    const value = parseJsonValue(text)
    const { record, expandDots, fast } = entry.options
    if (record === null) {
      if (this.#options.strict) {
        throw new SchemaMismatch(notIndexed(name), `Json field text \`${pathOf(target)}\` is not indexed`)
      }
      if (!fast) throw notSearchable(target)
      const bytes = textTerm(normalized(entry, text))
      const bound = { term: bytes, inclusive: true }
      const intervals: ColumnInterval[] = [{ type: 'str', lower: bound, upper: bound }]
      if (value !== null && value.type !== 'bytes') {
        intervals.push(...jsonRangeIntervals({ Included: text }, { Included: text }))
        if (value.type === 'bool') intervals.push({ type: 'bool', min: orderedBits(value), max: orderedBits(value) })
      }
      return leafOf(new ColumnIntervalQuery(jsonColumnName(entry, path), intervals))
    }
    const texts = textTree(jsonTermPrefix(path, expandDots, 'str'))
    if (value === null) return texts
    const typed = new TermQuery(entry.ord, jsonTerm(jsonTermPrefix(path, expandDots, value.type), termOf(value)))
    return anyOf([leafOf(typed), texts])
  }

  #typed(target: Target, text: string): ClauseTree {
    const { entry, name } = target
    const value = parseValue(text, entry.type)
    if (value === null) {
      throw new SchemaMismatch(
        `field ${name} is ${typeNameOf(entry)}, but ${JSON.stringify(text)} is not one`,
        `expected a \`${RUST_TYPES[entry.type]}\` search value for field \`${entry.name}\`, got \`${text}\``,
      )
    }
    if (entry.options.record !== null) return leafOf(new TermQuery(entry.ord, termOf(value)))
    if (!entry.options.fast) throw notSearchable(target)
    if (value.type === 'bytes') {
      const bound = { term: value.value, inclusive: true }
      return leafOf(new ColumnIntervalQuery(entry.name, [{ type: 'bytes', lower: bound, upper: bound }]))
    }
    const bits = orderedBits(
      value.type === 'date' ? { type: 'date', value: truncated(value.value, entry.options.precision) } : value,
    )
    return leafOf(new ColumnIntervalQuery(entry.name, [{ type: value.type, min: bits, max: bits }]))
  }

  #textColumn(column: string, target: Target, text: string): ClauseTree {
    if (!target.entry.options.fast) throw notSearchable(target)
    if (this.#options.strict && this.#tokenize(target.entry, text, 'raw').length === 0) return NONE
    const term = textTerm(this.#options.strict ? text : normalized(target.entry, text))
    const bound = { term, inclusive: true }
    return leafOf(new ColumnIntervalQuery(column, [{ type: 'str', lower: bound, upper: bound }]))
  }

  #phrasePrefix(ast: Extract<QueryAst, { type: 'phrase_prefix' }>): ClauseTree {
    const target = this.#target(ast.field)
    const { entry, path } = target
    const isJson = entry.type === 'json_object'
    if (entry.type !== 'text' && !isJson) {
      throw incompatible(
        `a phrase cannot be searched in ${ast.field}: it is ${typeNameOf(entry)}`,
        'trying to run a PhrasePrefix query on a non-text field',
      )
    }
    if (entry.options.record === null) throw notSearchable(target)
    const tokens = this.#tokenize(entry, ast.phrase, ast.params.tokenizer)
    if (tokens.length > 1 && entry.options.record !== 'position') {
      throw incompatible(
        `a phrase cannot be searched in ${ast.field}: the field is indexed without positions`,
        'trying to run a PhrasePrefix query on a field which does not have positions indexed',
      )
    }
    if (tokens.length === 0) return ast.params.zero_terms_query === 'all' ? ALL : NONE
    const prefix = isJson ? jsonTermPrefix(path, entry.options.expandDots, 'str') : new Uint8Array(0)
    const terms = tokens.map(({ text }) => jsonTerm(prefix, textTerm(text)))
    if (terms.length === 1) return leafOf(new PrefixQuery(entry.ord, terms[0]!))
    const offsets = tokens.map(({ position }) => position)
    const last = terms.length - 1
    return leafOf(
      new PhrasePrefixQuery(
        entry.ord,
        terms.slice(0, last),
        offsets.slice(0, last),
        terms[last]!,
        offsets[last]!,
        ast.max_expansions,
      ),
    )
  }

  #range(target: Target, lower: Bound, upper: Bound): ClauseTree {
    const { entry, path, name } = target
    if (!entry.options.fast) {
      throw incompatible(
        `a range cannot be searched in ${name}: the field is not fast`,
        `range queries are only supported for fast fields. (\`${entry.name}\` is not a fast field)`,
      )
    }
    if (entry.type === 'json_object') {
      const intervals = jsonRangeIntervals(lower, upper, (text) => normalized(entry, text))
      if (intervals.length === 0) {
        throw new SchemaMismatch(
          `the bounds of the range of ${name} are of different types`,
          `expected \`i64, u64, f64, str\` boundary for field \`${entry.name}\``,
        )
      }
      return leafOf(new ColumnIntervalQuery(jsonColumnName(entry, path), intervals))
    }
    if (entry.type === 'bytes') throw notSupported(`a range of the bytes field ${name}`)
    if (entry.type === 'bool' || entry.type === 'facet') {
      throw new SchemaMismatch(
        `a range cannot be searched in ${name}: it is ${typeNameOf(entry)}`,
        `range query on \`${entry.type}\` field (\`${entry.name}\`) forbidden`,
      )
    }
    const interval = rangeInterval(entry, lower, upper, (text) => normalized(entry, text), this.#options.strict)
    if (interval === null) {
      throw new SchemaMismatch(
        `field ${name} is ${typeNameOf(entry)}, but a bound of the range is not one`,
        `expected \`${RUST_TYPES[entry.type]}\` boundary for field \`${entry.name}\``,
      )
    }
    return leafOf(new ColumnIntervalQuery(entry.name, [interval]))
  }

  #presence(name: string): ClauseTree {
    const presence = this.#schema.field('_field_presence')
    if (presence === undefined && this.#options.strict) throw noPresence(name)
    const found = findField(this.#schema, name)
    const exists = found !== null && (found.path.length === 0 || found.entry.type === 'json_object')
    const trees = exists ? [this.#fieldPresence(name, found.entry, found.path)] : []
    // An object has no field of its own: a document has it when it has one of its leaves.
    if (!exists || found.entry.name === DYNAMIC_COLUMN) {
      for (const entry of this.#schema.fields) {
        if (entry.name.startsWith(`${name}.`)) trees.push(this.#fieldPresence(entry.name, entry, []))
      }
    }
    if (trees.length === 0) throw unknownField(name)
    return anyOf(trees)
  }

  #fieldPresence(name: string, entry: FieldEntry, path: readonly string[]): ClauseTree {
    if (entry.options.fast) return leafOf(new ColumnExistsQuery(jsonColumnName(entry, path)))
    const presence = this.#schema.field('_field_presence')
    if (presence === undefined) throw noPresence(name)
    // Quickwit does not part a step at its dots, although it did when the document was indexed.
    const parted = entry.options.expandDots && !this.#options.strict
    const steps = parted ? path.flatMap((step) => step.split('.')) : path
    const terms = [presenceTerm(entry.ord, steps, false)]
    if (entry.type === 'json_object') terms.push(presenceTerm(entry.ord, steps, true))
    return leafOf(new TermSetQuery(new Map([[presence.ord, terms]])))
  }

  #wildcard(ast: Extract<QueryAst, { type: 'wildcard' }>): ClauseTree {
    const target = this.#target(ast.field)
    this.#checkPattern(target, 'Wildcard')
    const pattern = this.#lowercases(target.entry) ? ast.value.toLowerCase() : ast.value
    const source = wildcardSource(pattern)
    return this.#pattern(target, ast.case_insensitive ? ignoringCase(source) : source)
  }

  #regex(target: Target, source: string): ClauseTree {
    this.#checkPattern(target, 'regex')
    return this.#pattern(target, this.#lowercases(target.entry) ? ignoringCase(source) : source)
  }

  #checkPattern(target: Target, kind: string): void {
    const { entry, name } = target
    if (entry.type !== 'text' && entry.type !== 'json_object') {
      throw incompatible(
        `a pattern cannot be searched in ${name}: it is ${typeNameOf(entry)}`,
        `trying to run a ${kind} query on a non-text field`,
      )
    }
    if (entry.options.record === null && (this.#options.strict || !entry.options.fast)) throw notSearchable(target)
  }

  #pattern(target: Target, source: string): ClauseTree {
    const { entry, path } = target
    if (entry.options.record === null) {
      return leafOf(new ColumnPatternQuery(jsonColumnName(entry, path), termRegex(source)))
    }
    try {
      return leafOf(new RegexQuery(entry.ord, source, this.#textPrefix(target)))
    } catch (error) {
      if (!(error instanceof RegexSyntaxError) && !(error instanceof AutomatonSizeError)) throw error
      throw new SchemaMismatch(error.message, 'failed to parse regex', SqlState.invalidRegularExpression)
    }
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

/** Types as Quickwit's refusals name them. */
const RUST_TYPES: Partial<Record<FieldEntry['type'], string>> = {
  text: '&str',
  u64: 'u64',
  i64: 'i64',
  f64: 'f64',
  bool: 'bool',
  date: 'tantivy_common::datetime::DateTime',
  ip_addr: 'core::net::ip_addr::Ipv6Addr',
  bytes: 'alloc::vec::Vec<u8>',
}

function operatorOf(mode: FullTextMode): 'And' | 'Or' {
  return mode.type === 'bool' || mode.type === 'bool_prefix' ? mode.operator : 'And'
}

/** What the field's normalizer makes of a text. */
function normalized(entry: FieldEntry, text: string): string {
  if (entry.options.fastTokenizer !== 'lowercase') return text
  let lower = ''
  for (const char of text) lower += char.toLowerCase()
  return lower
}

function notIndexed(name: string): string {
  return `field ${name} is not indexed, so it cannot be searched`
}

function notSearchable({ name, entry }: Target): SchemaMismatch {
  return incompatible(notIndexed(name), `field ${entry.name} is not full-text searchable`)
}

function noPresence(name: string): SchemaMismatch {
  return incompatible(
    `the index does not record which documents have ${name}`,
    'field presence is not available for this split',
  )
}

/** The steps below a field, as they were written. */
function pathOf({ name, entry }: Target): string {
  return name.startsWith(`${entry.name}.`) ? name.slice(entry.name.length + 1) : name
}

function typeNameOf(entry: FieldEntry): string {
  const names: Record<string, string> = { ip_addr: 'an ip address', i64: 'an i64', f64: 'an f64', json_object: 'JSON' }
  return names[entry.type] ?? (entry.type === 'bytes' || entry.type === 'text' ? entry.type : `a ${entry.type}`)
}
