import { IndexSchema, type Query, type Tokenizer, TokenizerManager } from '@volley/tantivy'
import type { DocMapping } from '../mapping/doc-mapping.ts'
import { schemaJsonOf } from '../mapping/mapping-schema.ts'
import type { SplitIndex } from '../opener/split-index-opener.ts'
import { QueryBuilder } from './query-builder.ts'
import type { QueryAst } from './query-ast.ts'

const tokenizersOf = new WeakMap<DocMapping, TokenizerManager>()
const schemaOf = new WeakMap<DocMapping, IndexSchema>()
const tantivyTokenizers: TokenizerManager = TokenizerManager.tantivy()

/** Quickwit's tokenizers with those that the mapping defines. */
export function mappingTokenizers(mapping: DocMapping): TokenizerManager {
  let tokenizers = tokenizersOf.get(mapping)
  if (tokenizers === undefined) {
    tokenizers = TokenizerManager.quickwit(mapping.tokenizers)
    tokenizersOf.set(mapping, tokenizers)
  }
  return tokenizers
}

/**
 * The tokenizer of a name in an index of this schema: Quickwit's where the schema is Quickwit's, else tantivy's, which has
 * other limits under the same names.
 */
export function tokenizerOf(schema: IndexSchema, mapping: DocMapping, name: string): Tokenizer | undefined {
  const managers = [mappingTokenizers(mapping), tantivyTokenizers]
  if (schema.field('_field_presence') === undefined) managers.reverse()
  return managers[0]!.get(name) ?? managers[1]!.get(name)
}

/** The schema that a new split of the index would have. */
export function mappingSchema(mapping: DocMapping): IndexSchema {
  let schema = schemaOf.get(mapping)
  if (schema === undefined) {
    schema = IndexSchema.fromJson(schemaJsonOf(mapping))
    schemaOf.set(mapping, schema)
  }
  return schema
}

export interface BuildOptions {
  /** Answers only what Quickwit answers; see QueryBuilderOptions. */
  readonly strict?: boolean
}

/** The query of an AST in one split, by the split's own schema; a field that the split lacks matches nothing. */
export function buildQuery(ast: QueryAst, split: SplitIndex, mapping: DocMapping, options: BuildOptions = {}): Query {
  return builder(split.index.schema, mapping, false, options).build(ast)
}

/**
 * Checks a query against the current mapping.
 *
 * @throws QueryRefusedError for an unknown field, one that cannot be searched so, or text that is no value of its type.
 */
export function checkQuery(ast: QueryAst, mapping: DocMapping, options: BuildOptions = {}): void {
  builder(mappingSchema(mapping), mapping, true, options).build(ast)
}

function builder(schema: IndexSchema, mapping: DocMapping, validate: boolean, options: BuildOptions): QueryBuilder {
  const { strict = false } = options
  return new QueryBuilder(schema, mapping, (name) => tokenizerOf(schema, mapping, name), { validate, strict })
}
