import type { JsonObject, JsonValue } from './json.ts'
import { MetastoreError } from './metastore-error.ts'
import { checkVersion } from './split-metadata.ts'

/** A field mapping as JSON (formats/quickwit-split.md §9.4); which keys occur depends on `type`. */
export interface FieldMappingJson {
  readonly name: string
  readonly type: string
  readonly [option: string]: unknown
}

/** A doc mapping as JSON (formats/quickwit-split.md §9.1). */
export interface DocMappingJson {
  readonly doc_mapping_uid?: string
  readonly mode?: string
  readonly dynamic_mapping?: Readonly<Record<string, unknown>>
  readonly field_mappings?: readonly FieldMappingJson[]
  readonly timestamp_field?: string | null
  readonly tag_fields?: readonly string[]
  readonly store_source?: boolean
  readonly index_field_presence?: boolean
  readonly tokenizers?: readonly Readonly<Record<string, unknown>>[]
  readonly [option: string]: unknown
}

/** One index as the metastore knows it (formats/quickwit-metastore.md §4). */
export interface IndexMetadata {
  readonly indexId: string
  /** `<index id>:<ULID>`: another one after the index was deleted and made again. */
  readonly indexUid: string
  /** Where the splits are. */
  readonly indexUri: string
  readonly docMapping: DocMappingJson
  readonly searchSettings: { readonly defaultSearchFields: readonly string[] }
  /** Seconds since the epoch. */
  readonly createTimestamp: number
  /** The whole `index` object of metastore.json. */
  readonly raw: JsonObject
}

/** @throws MetastoreError `corrupted`, naming `where` and the key. */
export function indexFromJson(json: JsonObject, where: string): IndexMetadata {
  checkVersion(json.version, `${where}: index`)
  const config = object(json.index_config)
  if (config === null) throw new MetastoreError('corrupted', `${where}: index.index_config is missing`)
  checkVersion(config.version, `${where}: index_config`)
  const indexUid = json.index_uid ?? config.index_id
  const docMapping = object(config.doc_mapping)
  if (typeof indexUid !== 'string') throw new MetastoreError('corrupted', `${where}: index.index_uid is missing`)
  if (typeof config.index_uri !== 'string')
    throw new MetastoreError('corrupted', `${where}: index_config.index_uri is missing`)
  if (docMapping === null) throw new MetastoreError('corrupted', `${where}: index_config.doc_mapping is missing`)
  const defaults = object(config.search_settings)?.default_search_fields
  return {
    indexId: indexUid.split(':')[0]!,
    indexUid,
    indexUri: config.index_uri,
    docMapping: docMapping as unknown as DocMappingJson,
    searchSettings: { defaultSearchFields: Array.isArray(defaults) ? defaults.map(String) : [] },
    createTimestamp: typeof json.create_timestamp === 'number' ? json.create_timestamp : 0,
    raw: json,
  }
}

function object(value: JsonValue | undefined): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
}
