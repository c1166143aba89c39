import { type FileBackedMetastore, isIndexPattern, MetastoreError, type SplitMetadata } from '@volley/metastore'
import {
  type AggregationPartial,
  type AggregationRequest,
  finishAggregations,
  mergePartials,
  prunePartial,
} from '@volley/tantivy'
import { DocMapping } from '../mapping/doc-mapping.ts'
import type { SplitIndexOpener } from '../opener/split-index-opener.ts'
import { buildQuery, checkQuery } from '../query-language/build-query.ts'
import type { QueryAst } from '../query-language/query-ast.ts'
import { QueryRefusedError } from '../query-language/schema-mismatch.ts'
import { fetchDocuments } from './fetch-documents.ts'
import { parsedAggregations } from './parsed-aggregations.ts'
import { parseQueryText } from './query-text.ts'
import { SearchError } from './search-error.ts'
import {
  isDocField,
  type SearchHit,
  type SearchRequest,
  type SearchResponse,
  type SortValue,
} from './search-request.ts'
import { snippetGenerators } from './snippets.ts'
import { compareHits, type RankedHit } from './sort-values.ts'
import { aggregationError, searchSplit, type SplitResult } from './split-search.ts'
import { tagFilterOf } from './tag-filter.ts'
import { timeBoundsOf, withTimeFilter, type TimeBounds } from './time-bounds.ts'
import { checkRequest, checkSort, checkSortField } from './validate-request.ts'

const SECOND = 1_000_000_000n
const MILLISECOND = 1_000_000n
/** Splits that are searched at a time. */
const CONCURRENCY = 8

export interface SearchServiceOptions {
  readonly metastore: FileBackedMetastore
  readonly opener: SplitIndexOpener
}

/** One index of a search. */
interface SearchedIndex {
  readonly indexId: string
  readonly indexUri: string
  readonly mapping: DocMapping
}

interface SearchedSplit {
  readonly index: SearchedIndex
  readonly metadata: SplitMetadata
}

interface Plan {
  readonly ast: QueryAst
  readonly timestampField: string | null
  readonly aggregations: AggregationRequest | null
  /** Whether each sort field holds dates. */
  readonly dates: readonly boolean[]
}

/**
 * Answers searches over the indexes of a metastore as a Quickwit of version 0.9 does: the same documents, order, scores,
 * aggregations and refusals. Every split that can hold a match is searched, so counts are always exact.
 */
export class SearchService {
  readonly #metastore: FileBackedMetastore
  readonly #opener: SplitIndexOpener

  constructor({ metastore, opener }: SearchServiceOptions) {
    this.#metastore = metastore
    this.#opener = opener
  }

  /** @throws SearchError with the message that Quickwit answers. */
  async search(given: SearchRequest, signal?: AbortSignal): Promise<SearchResponse> {
    const indexes = await this.#indexes(given)
    if (indexes.length === 0) return { numHits: 0, hits: [], aggregations: null, numSplits: 0 }
    const plan = planOf(given, indexes)
    const request = withInstants(given, plan.dates)
    const bounds = boundsOf(plan, request)
    const splits = await this.#splits(indexes, plan, bounds)
    const results = await mapConcurrently(splits, CONCURRENCY, (split) =>
      this.#searchSplit(split, plan, request, bounds, signal),
    )
    const compare = compareHits(request.sort.filter((field) => !isDocField(field)))
    const order = request.sort[0]
    const ranked = results
      .flatMap((result, split) => result.hits.map((hit) => ({ hit, split: splits[split]! })))
      .sort((a, b) =>
        order !== undefined && isDocField(order) ? byAddress(a.hit, b.hit, order.order) : compare(a.hit, b.hit),
      )
      .slice(request.startOffset, request.startOffset + request.maxHits)
    return {
      numHits: results.reduce((sum, { numHits }) => sum + numHits, 0),
      hits: await this.#fetch(ranked, plan, request, bounds, signal),
      aggregations: plan.aggregations === null ? null : finish(results, splits, plan.aggregations),
      numSplits: splits.length,
    }
  }

  async #indexes({ indexes, ignoreMissingIndexes = false }: SearchRequest): Promise<SearchedIndex[]> {
    try {
      const ids = await this.#metastore.listIndexIds(indexes)
      const missing = indexes.filter((id) => !isIndexPattern(id) && !id.startsWith('-') && !ids.includes(id))
      if (missing.length > 0 && !ignoreMissingIndexes) throw indexesNotFound(missing)
      return await Promise.all(
        ids.map(async (indexId) => {
          const { docMapping, searchSettings, indexUri } = await this.#metastore.indexMetadata(indexId)
          return { indexId, indexUri, mapping: DocMapping.fromJson(docMapping, searchSettings) }
        }),
      )
    } catch (error) {
      if (!(error instanceof MetastoreError)) throw error
      if (error.kind === 'not_found') throw indexesNotFound(indexes)
      throw new SearchError(error.kind === 'invalid' ? 'invalid_argument' : 'internal', error.message, error)
    }
  }

  async #splits(indexes: readonly SearchedIndex[], plan: Plan, { start, end }: TimeBounds): Promise<SearchedSplit[]> {
    const tags = tagFilterOf(plan.ast)
    const timeRange = {
      ...(start !== null && { start: start * SECOND }),
      ...(end !== null && { end: end * SECOND }),
    }
    const lists = await Promise.all(
      indexes.map(async (index) => {
        const { indexId } = index
        const query = { indexId, timeRange, ...(tags !== null && { tags }) }
        return (await this.#metastore.listSplits(query)).map((metadata) => ({ index, metadata }))
      }),
    )
    return lists.flat()
  }

  async #searchSplit(
    { index, metadata }: SearchedSplit,
    plan: Plan,
    request: SearchRequest,
    bounds: TimeBounds,
    signal: AbortSignal | undefined,
  ): Promise<SplitResult> {
    const split = await this.#opener.open(refOf(index, metadata), signal)
    const query = buildQuery(leafAst(plan, bounds, metadata), split, index.mapping, { strict: true })
    try {
      return await searchSplit(split, query, request, plan.aggregations, signal)
    } catch (error) {
      if (!(error instanceof SearchError)) throw split.errorAbout(error)
      const { splitId } = metadata
      throw new SearchError(
        'internal',
        `search failed for the following splits: ${splitId}. For instance, split ${splitId} failed with the following error message: ${error.message}`,
        error,
      )
    }
  }

  /** The documents of ranked hits, each split's read together. */
  async #fetch(
    ranked: readonly { readonly hit: RankedHit; readonly split: SearchedSplit }[],
    plan: Plan,
    request: SearchRequest,
    bounds: TimeBounds,
    signal: AbortSignal | undefined,
  ): Promise<SearchHit[]> {
    const rowsOf = new Map<SearchedSplit, number[]>()
    ranked.forEach(({ split }, row) => {
      const rows = rowsOf.get(split)
      if (rows === undefined) rowsOf.set(split, [row])
      else rows.push(row)
    })
    const hits: SearchHit[] = []
    await mapConcurrently([...rowsOf], CONCURRENCY, async ([{ index, metadata }, rows]) => {
      const split = await this.#opener.open(refOf(index, metadata), signal)
      const { snippetFields = [] } = request
      const generators =
        snippetFields.length === 0
          ? null
          : await snippetGenerators(split, index.mapping, leafAst(plan, bounds, metadata), snippetFields, signal)
      const addresses = rows.map((row) => ranked[row]!.hit.address)
      const documents = await fetchDocuments(split, index.mapping, addresses, generators, signal)
      rows.forEach((row, k) => {
        const { address, sort } = ranked[row]!.hit
        const { document, snippets } = documents[k]!
        hits[row] = { indexId: index.indexId, address, document, sort: shown(sort, request, plan.dates), snippets }
      })
    })
    return hits
  }
}

function indexesNotFound(ids: readonly string[]): SearchError {
  const names = ids.map((id) => JSON.stringify(id)).join(', ')
  return new SearchError('not_found', `could not find indexes matching the IDs \`[${names}]\``)
}

/** Checks the request against every index, and resolves its query. */
function planOf(request: SearchRequest, indexes: readonly SearchedIndex[]): Plan {
  checkSort(request)
  let aggregations: AggregationRequest | null = null
  let ast: QueryAst | null = null
  let timestampField: string | null = null
  const dates = new Map<string, boolean>()
  for (const { mapping } of indexes) {
    const resolved = parseQueryText(request.query, mapping.defaultSearchFields)
    if (ast !== null && canonical(ast) !== canonical(resolved)) {
      throw new SearchError(
        'invalid_query',
        'resolved query ASTs must be the same across indexes. resolving queries with different default fields are different between indexes is not supported',
      )
    }
    ast ??= resolved
    const field = mapping.timestampField?.tantivyName ?? null
    if (field !== null && timestampField !== null && field !== timestampField) {
      throw new SearchError('invalid_query', 'the timestamp field (if present) must be the same for all indexes')
    }
    timestampField ??= field
    aggregations ??= parsedAggregations(request)
    checkRequest(request, mapping, aggregations)
    for (const { field: name, format } of request.sort) {
      const isDate = checkSortField(mapping, name, format !== undefined)
      if ((dates.get(name) ?? isDate) !== isDate) {
        throw new SearchError(
          'invalid_query',
          `sort datetime field \`${name}\` must be of type datetime on all indexes`,
        )
      }
      dates.set(name, isDate)
    }
    try {
      checkQuery(resolved, mapping, { strict: true })
    } catch (error) {
      throw error instanceof QueryRefusedError ? new SearchError('invalid_query', error.refusal, error) : error
    }
  }
  return { ast: ast!, timestampField, aggregations, dates: request.sort.map(({ field }) => dates.get(field) === true) }
}

function canonical(ast: QueryAst): string {
  return JSON.stringify(ast, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
}

function boundsOf({ ast, timestampField }: Plan, { startTimestamp, endTimestamp }: SearchRequest): TimeBounds {
  const given = { start: startTimestamp ?? null, end: endTimestamp ?? null }
  return timestampField === null ? given : timeBoundsOf(ast, timestampField, given)
}

function leafAst({ ast, timestampField }: Plan, bounds: TimeBounds, { timeRange }: SplitMetadata): QueryAst {
  return timestampField === null ? ast : withTimeFilter(ast, timestampField, bounds, timeRange)
}

/** Values that a search goes on after, in nanoseconds where the field holds dates. */
function withInstants(request: SearchRequest, dates: readonly boolean[]): SearchRequest {
  const { searchAfter, sort } = request
  if (searchAfter === undefined) return request
  const values = searchAfter.values.map((value, k): SortValue | null => {
    if (value === null || dates[k] !== true || sort[k]?.format === 'nanos') return value
    if (value.type === 'u64' || value.type === 'i64') return { type: value.type, value: value.value * MILLISECOND }
    throw new SearchError(
      'internal',
      `datetime conversion are only support for u64 and i64 sort values, not \`${String(value.value)}\``,
    )
  })
  return { ...request, searchAfter: { ...searchAfter, values } }
}

/** Sort values as they are answered: dates in milliseconds, unless nanoseconds were asked for. */
function shown(
  values: readonly (SortValue | null)[],
  { sort }: SearchRequest,
  dates: readonly boolean[],
): (SortValue | null)[] {
  return values.map((value, k) =>
    value !== null && dates[k] === true && sort[k]?.format !== 'nanos' && value.type === 'i64'
      ? { type: 'i64', value: value.value / MILLISECOND }
      : value,
  )
}

function byAddress(a: RankedHit, b: RankedHit, order: 'asc' | 'desc'): number {
  return compareHits([{ field: '_doc', order }])({ ...a, sort: [] }, { ...b, sort: [] })
}

/** Partial states are cut to what a segment keeps once for each index, and once for all, as Quickwit's leaves do. */
function finish(
  results: readonly SplitResult[],
  splits: readonly SearchedSplit[],
  request: AggregationRequest,
): SearchResponse['aggregations'] {
  const merged = new Map<SearchedIndex, AggregationPartial>()
  try {
    for (const [k, { aggregations }] of results.entries()) {
      if (aggregations === null) continue
      const { index } = splits[k]!
      const before = merged.get(index)
      merged.set(index, before === undefined ? aggregations : mergePartials(before, aggregations))
    }
    const pruned = [...merged.values()].map((partial) => prunePartial(partial, request))
    const all = pruned.length > 1 ? prunePartial(pruned.reduce(mergePartials), request) : (pruned[0] ?? [])
    return finishAggregations(all, request)
  } catch (error) {
    throw aggregationError(error)
  }
}

function refOf({ indexId, indexUri }: SearchedIndex, split: SplitMetadata): Parameters<SplitIndexOpener['open']>[0] {
  const { splitId, footerStart, footerEnd, numDocs, docMappingUid, timeRange } = split
  return { indexId, indexUri, splitId, footerStart, footerEnd, numDocs, docMappingUid, timeRange }
}

/** Runs a few at a time; results are row-aligned. */
async function mapConcurrently<T, R>(items: readonly T[], limit: number, run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++
      results[at] = await run(items[at]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  return results
}
