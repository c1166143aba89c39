import type { Aggregation, AggregationRequest, FieldEntry, IndexSchema } from '@volley/tantivy'
import { mappingSchema } from '../query-language/build-query.ts'
import type { DocMapping } from '../mapping/doc-mapping.ts'
import { findField } from '../mapping/resolve-field.ts'
import { SearchError } from './search-error.ts'
import { isDocField, type SearchRequest } from './search-request.ts'

const MAX_HITS = 10_000

/**
 * Checks sort fields and search-after values, before any index is looked at.
 *
 * @throws SearchError
 */
export function checkSort({ sort, searchAfter }: SearchRequest): void {
  if (sort.length > 2) {
    throw new SearchError('invalid_argument', `sort by field must be up to 2 fields, got ${sort.length}`)
  }
  if (sort.length === 0 || searchAfter === undefined) return
  const fields = sort.filter((field) => !isDocField(field))
  if (fields.length < sort.length && searchAfter.address === undefined) {
    throw new SearchError(
      'invalid_argument',
      'search_after with a sort field `_doc` must define a split ID, segment ID and doc ID values',
    )
  }
  if (searchAfter.values.includes(null)) throw new SearchError('internal', 'sort value must be set')
  if (searchAfter.values.length !== fields.length) {
    const names = sort.map(({ field }) => JSON.stringify(field)).join(', ')
    throw new SearchError(
      'invalid_argument',
      `\`search_after\` must have the same number of sort values as sort by fields [${names}]`,
    )
  }
}

/**
 * Checks a request against an index's current mapping, but for its query.
 *
 * @throws SearchError
 */
export function checkRequest(
  request: SearchRequest,
  mapping: DocMapping,
  aggregations: AggregationRequest | null,
): void {
  const { startTimestamp, endTimestamp, startOffset, maxHits } = request
  const schema = mappingSchema(mapping)
  if (mapping.timestampField === null && (startTimestamp !== undefined || endTimestamp !== undefined)) {
    const names = request.indexes.map((name) => JSON.stringify(name)).join(', ')
    throw new SearchError(
      'invalid_query',
      `the timestamp field is not set in index: [${names}] definition but start-timestamp or end-timestamp are set in the query`,
    )
  }
  for (const field of request.snippetFields ?? []) checkSnippetField(schema, field)
  for (const field of fieldsOf(aggregations?.aggregations ?? [])) checkFast(schema, field)
  for (const [name, value] of [
    ['start_offset', startOffset],
    ['max_hits', maxHits],
  ] as const) {
    if (value > MAX_HITS) throw new SearchError('invalid_argument', `max value for ${name} is 10_000, but got ${value}`)
  }
}

/**
 * Checks that hits can be sorted by a field; returns whether it holds dates.
 *
 * @throws SearchError
 */
export function checkSortField(mapping: DocMapping, name: string, hasFormat: boolean): boolean {
  if (name === '_score' || name === '_doc' || name === '_shard_doc') return false
  const entry = findEntry(mappingSchema(mapping), name)
  if (entry === null) throw new SearchError('invalid_argument', `unknown field used in \`sort by\`: ${name}`)
  if (entry.type === 'text') {
    throw new SearchError('invalid_argument', `sort by field on type text is currently not supported \`${entry.name}\``)
  }
  if (!entry.options.fast) {
    throw new SearchError(
      'invalid_argument',
      `sort by field must be a fast field, please add the fast property to your field \`${entry.name}\``,
    )
  }
  if (hasFormat && entry.type !== 'date') {
    throw new SearchError(
      'invalid_argument',
      `sort by field with a timestamp format must be a datetime field and the field \`${entry.name}\` is not`,
    )
  }
  return entry.type === 'date'
}

/** The field of a name, or the JSON field that a path goes into. */
function findEntry(schema: IndexSchema, name: string): FieldEntry | null {
  const found = findField(schema, name)
  return found === null || (found.path.length > 0 && found.entry.type !== 'json_object') ? null : found.entry
}

const TYPE_NAMES: Partial<Record<FieldEntry['type'], string>> = {
  u64: 'U64',
  i64: 'I64',
  f64: 'F64',
  bool: 'Bool',
  date: 'Date',
  facet: 'Facet',
  bytes: 'Bytes',
  json_object: 'Json',
  ip_addr: 'IpAddr',
}

function checkSnippetField(schema: IndexSchema, name: string): void {
  const entry = schema.field(name)
  if (entry === undefined) throw new SearchError('internal', `The field does not exist: '${name}'`)
  if (entry.type !== 'text') {
    throw new SearchError(
      'internal',
      `the snippet field \`${name}\` must be of type \`Str\`, got \`${TYPE_NAMES[entry.type]}\``,
    )
  }
  if (!entry.options.stored) throw new SearchError('internal', `the snippet field \`${name}\` must be stored`)
}

function checkFast(schema: IndexSchema, name: string): void {
  const entry = findEntry(schema, name)
  if (entry === null) throw new SearchError('invalid_argument', `Field "${name}" does not exist`)
  if (!entry.options.fast) {
    throw new SearchError('invalid_argument', `Field "${name}" is not configured as a fast field`)
  }
}

/** Fields that aggregations read. */
function* fieldsOf(aggregations: readonly Aggregation[]): Generator<string> {
  for (const aggregation of aggregations) {
    switch (aggregation.kind) {
      case 'filter':
        break
      case 'composite':
        for (const source of aggregation.sources) yield source.field
        break
      case 'multi_terms':
        for (const term of aggregation.terms) yield term.field
        break
      case 'top_hits':
        for (const key of aggregation.sort) yield key.field
        yield* aggregation.docvalueFields
        break
      default:
        yield aggregation.field
    }
    yield* fieldsOf(aggregation.aggregations)
  }
}
