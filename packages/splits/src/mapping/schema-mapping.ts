import type { DocMappingJson, FieldMappingJson } from '@volley/metastore'
import type { FieldEntry, IndexSchema } from '@volley/tantivy'
import { DYNAMIC_COLUMN, splitFieldPath } from './doc-mapping.ts'

export interface SchemaMappingOptions {
  /** Fields with several values a document; a schema does not tell. */
  readonly arrays?: ReadonlySet<string>
  /** A fast date field that says when a document happened. */
  readonly timestampField?: string
}

const TYPES: Record<string, string> = {
  text: 'text',
  facet: 'text',
  u64: 'u64',
  i64: 'i64',
  tie_breaker: 'i64',
  f64: 'f64',
  bool: 'bool',
  date: 'datetime',
  ip_addr: 'ip',
  bytes: 'bytes',
  json_object: 'json',
}
const INTERNAL = new Set(['_field_presence', '_doc_length', '_source', DYNAMIC_COLUMN])

/**
 * The doc mapping of an index that has only a tantivy schema. A name with dots is one field, not an object, unless the
 * schema is Quickwit's own, in which such dots are escaped.
 */
export function mappingOfSchema(schema: IndexSchema, options: SchemaMappingOptions = {}): DocMappingJson {
  const quickwit = schema.field('_field_presence') !== undefined
  const mappings: FieldMappingJson[] = []
  for (const entry of schema.fields) {
    if (INTERNAL.has(entry.name)) continue
    const path = quickwit ? splitFieldPath(entry.name) : [entry.name]
    insert(mappings, path, fieldMapping(entry, path.at(-1)!, options))
  }
  const dynamic = schema.field(DYNAMIC_COLUMN)
  return {
    mode: dynamic ? 'dynamic' : 'strict',
    ...(dynamic && { dynamic_mapping: withoutName(fieldMapping(dynamic, DYNAMIC_COLUMN, {})) }),
    field_mappings: mappings,
    timestamp_field: options.timestampField ?? null,
    tag_fields: [],
    store_source: schema.field('_source') !== undefined,
  }
}

function insert(mappings: FieldMappingJson[], path: readonly string[], leaf: FieldMappingJson): void {
  if (path.length === 1) {
    mappings.push(leaf)
    return
  }
  let object = mappings.find((mapping) => mapping.name === path[0] && mapping.type === 'object')
  if (object === undefined) {
    object = { name: path[0]!, type: 'object', field_mappings: [] }
    mappings.push(object)
  }
  insert(object.field_mappings as FieldMappingJson[], path.slice(1), leaf)
}

function fieldMapping(entry: FieldEntry, name: string, options: SchemaMappingOptions): FieldMappingJson {
  const { record, tokenizer, fast, fastTokenizer, stored, fieldnorms, precision, expandDots } = entry.options
  const type = TYPES[entry.type]!
  const tokenized = type === 'text' || type === 'json'
  return {
    name,
    type: options.arrays?.has(entry.name) ? `array<${type}>` : type,
    indexed: record !== null,
    stored,
    fast: fast && tokenized ? { normalizer: fastTokenizer === 'lowercase' ? 'lowercase' : 'raw' } : fast,
    ...(tokenized && record !== null && { tokenizer: tokenizer ?? 'raw', record }),
    ...(type === 'text' && { fieldnorms }),
    ...(type === 'datetime' && { fast_precision: precision }),
    ...(type === 'json' && { expand_dots: expandDots }),
  }
}

function withoutName({ name: _name, type: _type, ...options }: FieldMappingJson): Readonly<Record<string, unknown>> {
  return options
}
