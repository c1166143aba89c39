import { AggregationError, type AggregationRequest, parseAggregations } from '@volley/tantivy'
import { isMap, type Json } from '../query-dsl/body.ts'
import { compactJson } from './compact-json.ts'
import { SearchError } from './search-error.ts'
import type { SearchRequest } from './search-request.ts'

/** Kinds in the order in which Quickwit 0.9 lists them. */
const KINDS: readonly string[] = [
  'range',
  'histogram',
  'date_histogram',
  'terms',
  'filter',
  'composite',
  'avg',
  'value_count',
  'max',
  'min',
  'stats',
  'extended_stats',
  'sum',
  'percentiles',
  'top_hits',
  'cardinality',
]

/**
 * Parses the aggregations of a request; null for none.
 *
 * @throws SearchError
 */
export function parsedAggregations({ aggregations }: SearchRequest): AggregationRequest | null {
  if (aggregations === undefined) return null
  try {
    checkKinds(aggregations)
    return parseAggregations(aggregations)
  } catch (error) {
    if (!(error instanceof AggregationError)) throw error
    const message = error.message.replace(/^invalid aggregation request: /, '').replace(' `multi_terms`,', '')
    throw new SearchError('invalid_aggregation', `${message}${placeOf(aggregations)}`, error)
  }
}

/** Quickwit 0.9 does not know multi_terms yet. */
function checkKinds(aggregations: Json | undefined): void {
  for (const aggregation of isMap(aggregations) ? Object.values(aggregations) : []) {
    if (!isMap(aggregation)) continue
    if ('multi_terms' in aggregation) {
      const expected = KINDS.map((name) => `\`${name}\``).join(', ')
      throw new AggregationError('invalid_request', `unknown variant \`multi_terms\`, expected one of ${expected}`)
    }
    checkKinds(aggregation['aggs'] ?? aggregation['aggregations'])
  }
}

/** Where Quickwit sees an error in the aggregations: after the first of them that is wrong, in compact JSON. */
function placeOf(aggregations: Json): string {
  if (!isMap(aggregations)) return ''
  const entries = Object.entries(aggregations)
  const wrong = entries.findIndex(([name, value]) => {
    try {
      checkKinds({ [name]: value })
      parseAggregations({ [name]: value })
      return false
    } catch {
      return true
    }
  })
  if (wrong < 0) return ''
  const before = compactJson(Object.fromEntries(entries.slice(0, wrong + 1)))
  const column = new TextEncoder().encode(before).length - (wrong + 1 < entries.length ? 1 : 0)
  return ` at line 1 column ${column}`
}
