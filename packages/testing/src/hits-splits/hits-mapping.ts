import type { DocMappingJson } from '@volley/metastore'

/** A column of the table as DuckDB describes it. */
export interface HitsColumn {
  readonly name: string
  readonly type: string
}

/** Texts that words are looked for in; the others are only compared whole. */
const SEARCHED = new Set(['Title', 'URL', 'Referer', 'SearchPhrase'])

/** A doc mapping of the `hits` table: every column is a fast field, and the texts that people read are searched by word. */
export function hitsMapping(columns: readonly HitsColumn[]): DocMappingJson {
  return {
    doc_mapping_uid: '01J0000000000000000000HITS',
    mode: 'strict',
    timestamp_field: 'EventTime',
    tag_fields: [],
    store_source: false,
    field_mappings: columns.map(({ name, type }) => {
      const common = { name, fast: true, stored: false }
      if (type === 'VARCHAR' && SEARCHED.has(name)) {
        return { ...common, type: 'text', tokenizer: 'default', record: 'position' }
      }
      if (type === 'VARCHAR') return { ...common, type: 'text', indexed: false }
      if (type === 'DATE' || type === 'TIMESTAMP') {
        return { ...common, type: 'datetime', fast_precision: 'seconds', indexed: false }
      }
      return { ...common, type: 'i64', indexed: false }
    }),
  }
}

/** The columns for documents: moments as nanoseconds, the rest as they are. */
export function hitsValues(columns: readonly HitsColumn[]): string {
  return columns
    .map(({ name, type }) =>
      type === 'DATE' || type === 'TIMESTAMP' ? `epoch_ns("${name}"::TIMESTAMP) AS "${name}"` : `"${name}"`,
    )
    .join(', ')
}
