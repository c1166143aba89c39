import {
  AggregationCollector,
  AggregationError,
  type AggregationPartial,
  type AggregationRequest,
  mergePartials,
  prepare,
  type PreparedQuery,
  type Query,
  type SegmentReader,
  statisticsOf,
  TERMINATED,
} from '@volley/tantivy'
import type { SplitIndex } from '../opener/split-index-opener.ts'
import { SearchError } from './search-error.ts'
import { type HitAddress, isDocField, type SearchRequest, type SortField, type SortValue } from './search-request.ts'
import { fieldKeys, scoreKeys, type SortKeys } from './sort-keys.ts'
import { compareAddresses, compareValues, orderOf, type RankedHit } from './sort-values.ts'
import { topRows } from './top-rows.ts'

export interface SplitResult {
  readonly numHits: number
  /** The first hits, in order within each segment. */
  readonly hits: readonly RankedHit[]
  readonly aggregations: AggregationPartial | null
}

/** Runs a query on one split: counts what matches, ranks it, and aggregates it. */
export async function searchSplit(
  split: SplitIndex,
  query: Query,
  request: SearchRequest,
  aggregations: AggregationRequest | null,
  signal?: AbortSignal,
): Promise<SplitResult> {
  const limit = request.maxHits === 0 ? 0 : request.maxHits + request.startOffset
  const scoring = limit > 0 && request.sort.some(({ field }) => field === '_score')
  const statistics = scoring ? await statisticsOf(split.index, query, signal) : null
  let numHits = 0
  let partial: AggregationPartial | null = null
  const hits: RankedHit[] = []
  for (const segment of split.index.segments) {
    const prepared = await prepare(query, segment, {
      scoring,
      ...(statistics !== null && { statistics }),
      ...(signal !== undefined && { signal }),
    })
    signal?.throwIfAborted()
    const { docs, scores } = scoring
      ? scoredDocs(prepared, segment)
      : { docs: liveDocs(prepared, segment), scores: null }
    numHits += docs.length
    if (aggregations !== null) {
      const collected = await aggregate(segment, docs, aggregations, signal)
      partial = partial === null ? collected : mergePartials(partial, collected)
    }
    if (limit > 0) hits.push(...(await rank(split, segment, docs, scores, request, limit)))
  }
  return { numHits, hits, aggregations: partial }
}

function liveDocs(prepared: PreparedQuery, segment: SegmentReader): Uint32Array {
  const docs = prepared.docs(0, segment.maxDoc)
  if (segment.alive === null) return docs
  const live = docs.slice()
  return live.subarray(0, segment.alive.filter(live, live.length))
}

function scoredDocs(prepared: PreparedQuery, segment: SegmentReader): { docs: Uint32Array; scores: Float32Array } {
  const docs = new Uint32Array(segment.maxDoc)
  const scores = new Float32Array(segment.maxDoc)
  const scorer = prepared.scorer()
  let count = 0
  for (let { doc } = scorer; doc !== TERMINATED; doc = scorer.advance()) {
    if (segment.alive !== null && !segment.alive.isAlive(doc)) continue
    docs[count] = doc
    scores[count++] = scorer.score()
  }
  return { docs: docs.subarray(0, count), scores: scores.subarray(0, count) }
}

async function aggregate(
  segment: SegmentReader,
  docs: Uint32Array,
  request: AggregationRequest,
  signal: AbortSignal | undefined,
): Promise<AggregationPartial> {
  try {
    const collector = await AggregationCollector.forSegment(segment, request, signal === undefined ? {} : { signal })
    collector.collect(docs)
    return await collector.partial()
  } catch (error) {
    throw aggregationError(error)
  }
}

/** A failure of an aggregation in the words of Quickwit. */
export function aggregationError(error: unknown): unknown {
  return error instanceof AggregationError
    ? new SearchError('internal', `tantivy error: ${error.message}`, error)
    : error
}

async function rank(
  split: SplitIndex,
  segment: SegmentReader,
  docs: Uint32Array,
  scores: Float32Array | null,
  request: SearchRequest,
  limit: number,
): Promise<RankedHit[]> {
  const fields = request.sort.filter((field) => !isDocField(field))
  const keys = await Promise.all(
    fields.map(({ field }) => (field === '_score' ? scoreKeys(scores!) : fieldKeys(segment, field, docs))),
  )
  const addressOf = (row: number): HitAddress => ({
    splitId: split.ref.splitId,
    segment: segment.ord,
    doc: docs[row]!,
  })
  const valuesOf = (row: number): (SortValue | null)[] => keys.map((key) => key.value(row))
  const order = orderOf(request.sort)
  const rows = rowsAfter(request, fields, docs.length, valuesOf, addressOf, order)
  const before = comparator(fields, keys, order)
  const top = topRows(rows?.length ?? docs.length, limit, rows === null ? before : (a, b) => before(rows[a]!, rows[b]!))
  return Array.from(top, (k) => {
    const row = rows === null ? k : rows[k]!
    return { sort: valuesOf(row), address: addressOf(row) }
  })
}

/** Order of rows of one segment; documents ascend with their rows. */
function comparator(
  fields: readonly SortField[],
  keys: readonly SortKeys[],
  order: 1 | -1,
): (a: number, b: number) => number {
  return (a, b) => {
    for (let k = 0; k < keys.length; k++) {
      const key = keys[k]!
      const [left, right] = [key.has(a), key.has(b)]
      if (left !== right) return left ? -1 : 1
      if (!left) continue
      const sign = key.compare(a, b)
      if (sign !== 0) return fields[k]!.order === 'asc' ? sign : -sign
    }
    return order * (a - b)
  }
}

/** Rows that come after where the search goes on; null for all. */
function rowsAfter(
  { searchAfter }: SearchRequest,
  fields: readonly SortField[],
  count: number,
  valuesOf: (row: number) => readonly (SortValue | null)[],
  addressOf: (row: number) => HitAddress,
  order: 1 | -1,
): Uint32Array | null {
  if (searchAfter === undefined) return null
  const { values, address } = searchAfter
  const rows = new Uint32Array(count)
  let kept = 0
  for (let row = 0; row < count; row++) {
    const sign =
      compareValues(fields, valuesOf(row), values) ||
      (address === undefined ? 0 : order * compareAddresses(addressOf(row), address))
    if (sign > 0) rows[kept++] = row
  }
  return rows.subarray(0, kept)
}
