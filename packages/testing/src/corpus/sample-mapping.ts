import type { DocMappingJson } from '@volley/metastore'
import { DocMapping } from '@volley/splits'

/** What a split of a corpus was written with: the mapping of the index as it is, or as it was before it grew. */
export type MappingAge = 'current' | 'older'

const currentJson: DocMappingJson = {
  doc_mapping_uid: '01J00000000000000000000002',
  mode: 'dynamic',
  timestamp_field: 'ts',
  tag_fields: ['level'],
  store_source: false,
  field_mappings: [
    { name: 'id', type: 'u64', fast: true },
    { name: 'ts', type: 'datetime', fast: true, fast_precision: 'milliseconds' },
    { name: 'body', type: 'text', record: 'position', fieldnorms: true },
    { name: 'level', type: 'text', tokenizer: 'raw', fast: true },
    { name: 'tag', type: 'text', tokenizer: 'raw', fast: true, stored: false },
    { name: 'n', type: 'i64', fast: true },
    { name: 'u', type: 'u64', fast: true, indexed: false },
    { name: 'f', type: 'f64', fast: true },
    { name: 'b', type: 'bool', fast: true },
    { name: 'labels', type: 'array<text>', tokenizer: 'raw', fast: true },
    { name: 'counts', type: 'array<i64>', fast: true },
    { name: 'note', type: 'text', indexed: false },
    { name: 'attrs', type: 'json', tokenizer: 'raw', fast: true },
    { name: 'o', type: 'object', field_mappings: [{ name: 'inner', type: 'i64', fast: true }] },
  ],
}

/** Before it grew: `u` and `o.inner` fell into the dynamic part, `n` and `level` were not fast. */
const olderJson: DocMappingJson = {
  ...currentJson,
  doc_mapping_uid: '01J00000000000000000000001',
  tag_fields: [],
  field_mappings: currentJson
    .field_mappings!.filter(({ name }) => name !== 'u' && name !== 'o')
    .map((field) => (field.name === 'n' || field.name === 'level' ? { ...field, fast: false } : field)),
}

/** Doc mappings of the sample index, by age. */
export const sampleMappings: Readonly<Record<MappingAge, DocMapping>> = {
  current: DocMapping.fromJson(currentJson, { defaultSearchFields: ['body'] }),
  older: DocMapping.fromJson(olderJson, { defaultSearchFields: ['body'] }),
}
