import type { DocMapping, MappedField } from './doc-mapping.ts'
import { DYNAMIC_COLUMN, SOURCE_COLUMN } from './doc-mapping.ts'

/**
 * The `schema` array that Quickwit makes of a doc mapping (formats/quickwit-split.md §9.2, §9.4): internal fields first,
 * then the leaves.
 */
export function schemaJsonOf(mapping: DocMapping): Record<string, unknown>[] {
  const entries: Record<string, unknown>[] = [
    {
      name: '_field_presence',
      type: 'u64',
      options: { indexed: true, fieldnorms: true, fast: false, stored: false },
    },
  ]
  if (mapping.dynamic) entries.push(schemaEntry({ ...mapping.dynamic, tantivyName: DYNAMIC_COLUMN }))
  if (mapping.json.store_document_size === true || mapping.json.document_length === true) {
    entries.push({
      name: '_doc_length',
      type: 'u64',
      options: { indexed: false, fieldnorms: false, fast: true, stored: false },
    })
  }
  if (mapping.storeSource) {
    entries.push({
      name: SOURCE_COLUMN,
      type: 'json_object',
      options: { stored: true, indexing: null, fast: false, expand_dots_enabled: false },
    })
  }
  for (const field of mapping.fields) entries.push(schemaEntry(field))
  return entries
}

const TYPES: Record<MappedField['type'], string> = {
  text: 'text',
  u64: 'u64',
  i64: 'i64',
  f64: 'f64',
  bool: 'bool',
  datetime: 'date',
  ip: 'ip_addr',
  bytes: 'bytes',
  json: 'json_object',
  concatenate: 'json_object',
}

function schemaEntry(field: MappedField): Record<string, unknown> {
  return { name: field.tantivyName, type: TYPES[field.type], options: schemaOptions(field) }
}

function schemaOptions(field: MappedField): Record<string, unknown> {
  const { indexed, stored, fast, tokenizer, record, normalizer } = field
  const fastText = fast ? { with_tokenizer: normalizer ?? 'raw' } : false
  switch (field.type) {
    case 'text':
      return {
        ...(indexed && { indexing: { record, fieldnorms: field.fieldnorms, tokenizer } }),
        stored,
        fast: fastText,
      }
    case 'json':
    case 'concatenate':
      return {
        stored,
        indexing: indexed ? { record, fieldnorms: field.type === 'json', tokenizer } : null,
        fast: fastText,
        expand_dots_enabled: field.expandDots,
      }
    case 'datetime':
      return { indexed, fieldnorms: false, fast, stored, precision: field.fastPrecision }
    default:
      return { indexed, fieldnorms: false, fast, stored }
  }
}
