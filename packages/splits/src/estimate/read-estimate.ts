import { conjuncts, DocIdJoinExec, ProjectionExec, typeName, type ExecutionPlan, type Expr } from '@volley/core'
import type { TextPredicate } from '@volley/planner'
import {
  prepare,
  statisticsOf,
  TermSetQuery,
  type ColumnEntry,
  type Index,
  type IndexSchema,
  type SegmentReader,
} from '@volley/tantivy'
import { indexedTerms } from '../filters/indexed-values.ts'
import { filteredColumns } from '../filters/segment-filter.ts'
import type { SplitRef } from '../layout/layout.ts'
import type { DocMapping } from '../mapping/doc-mapping.ts'
import { resolveField } from '../mapping/resolve-field.ts'
import { INDEX_COLUMN } from '../provider/table-columns.ts'
import type { SplitIndex, SplitIndexOpener } from '../opener/split-index-opener.ts'
import { ColumnSource } from '../sources/column-source.ts'
import { DocumentExec } from '../sources/document-exec.ts'
import { DocumentFetchExec } from '../sources/document-fetch-exec.ts'
import { InvertedIndexExec } from '../sources/inverted-index-exec.ts'
import type { ScanTable } from '../sources/scan-table.ts'
import { isTableColumn, type SourceColumn, type TableColumn } from '../sources/segment-columns.ts'
import { TantivyAggregateExec } from '../sources/tantivy-aggregate-exec.ts'
import { textQuery } from '../sources/text-query.ts'
import { DryDirectory } from './dry-directory.ts'

/** What is read for one purpose of one table. */
export interface PartEstimate {
  readonly what: 'footers' | 'postings' | 'columns' | 'documents'
  readonly requests: number
  readonly bytes: number
  /** How the figures were come by. */
  readonly by: string
}

export interface TableEstimate {
  readonly table: string
  /** Splits that are read, and those that were pruned. */
  readonly splits: number
  readonly pruned: number
  /** Splits that were opened for the estimate. */
  readonly opened: number
  readonly parts: readonly PartEstimate[]
}

/** What a plan would read from object storage if nothing were cached. */
export interface ReadEstimate {
  readonly splits: number
  readonly requests: number
  readonly bytes: number
  readonly tables: readonly TableEstimate[]
}

/** Splits of a table that are opened; the others are taken to be like them, in proportion to their documents. */
const SAMPLE = 16

/** What the sources of one layout ask for, together: what two of them read is read once. */
interface Demand {
  readonly table: ScanTable
  readonly text: { readonly predicates: readonly TextPredicate[]; readonly scored: boolean }[]
  readonly columns: Map<string, TableColumn>
  readonly stored: Map<string, TableColumn>
  /** Scans that may find their documents by terms, where they are in the store. */
  readonly found: FilteredScan[]
  /** Columns of the other scans. */
  readonly scanned: Set<string>
  /** Documents that are read of the store, in all splits together; null for all of them. */
  documents: number | null
}

/** A scan with conditions of single columns. */
interface FilteredScan {
  readonly columns: readonly TableColumn[]
  readonly conditions: readonly { readonly predicate: Expr; readonly column: TableColumn }[]
}

/**
 * Estimates what plans would read, without reading postings, columns or documents: a few splits of each table are opened
 * (their footers), and say where the columns are; their term dictionaries say where the postings are.
 */
export async function estimateReads(
  plans: readonly ExecutionPlan[],
  opener: SplitIndexOpener,
  signal?: AbortSignal,
): Promise<ReadEstimate> {
  const demands = new Map<string, Demand>()
  for (const plan of plans) collect(plan, null, demands)
  const tables: TableEstimate[] = []
  for (const demand of demands.values()) tables.push(await estimateTable(demand, opener, signal))
  const parts = tables.flatMap((table) => table.parts)
  return {
    splits: tables.reduce((sum, table) => sum + table.splits, 0),
    requests: parts.reduce((sum, part) => sum + part.requests, 0),
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    tables,
  }
}

/** `rows`: what the node above will ask for at most, by address; null when it is scanned. */
function collect(plan: ExecutionPlan, rows: number | null, demands: Map<string, Demand>): void {
  if (plan instanceof InvertedIndexExec) addText(demandOf(plan.table, demands), plan)
  if (plan instanceof TantivyAggregateExec && !plan.fromMetadata) {
    if (plan.inverted !== null) addText(demandOf(plan.table, demands), plan.inverted)
    addColumns(demandOf(plan.table, demands), plan.fields, null)
  }
  if (plan instanceof ColumnSource) addColumns(demandOf(plan.table, demands), plan, rows)
  if (plan instanceof DocumentFetchExec) {
    const demand = demandOf(plan.table, demands)
    for (const column of plan.columns.filter(isTableColumn)) demand.stored.set(columnKey(column), column)
    addDocuments(demand, plan.input.statistics.rows?.value ?? null)
  }
  const byAddress = plan instanceof DocIdJoinExec ? (plan.left.statistics.rows?.value ?? null) : null
  for (const [i, child] of plan.children.entries()) {
    collect(child, byAddress !== null && i === 1 ? byAddress : plan instanceof ProjectionExec ? rows : null, demands)
  }
}

function demandOf(table: ScanTable, demands: Map<string, Demand>): Demand {
  const key = table.layout.layoutId
  let demand = demands.get(key)
  if (demand === undefined) {
    demand = { table, text: [], columns: new Map(), stored: new Map(), found: [], scanned: new Set(), documents: 0 }
    demands.set(key, demand)
  }
  return demand
}

function addText(demand: Demand, { options }: InvertedIndexExec): void {
  const { filters, marks, scored } = options
  if (filters.length > 0) demand.text.push({ predicates: filters, scored })
  for (const { predicate } of marks) demand.text.push({ predicates: [predicate], scored: false })
}

function addColumns(demand: Demand, source: ColumnSource, rows: number | null): void {
  const { columns, query } = source.options
  if (query.length > 0) demand.text.push({ predicates: query, scored: false })
  const isStored = ({ source: { kind } }: SourceColumn): boolean => source instanceof DocumentExec || kind === 'path'
  for (const column of columns) {
    if (isTableColumn(column)) (isStored(column) ? demand.stored : demand.columns).set(columnKey(column), column)
    else if (column.source.kind === 'mark') demand.text.push({ predicates: [column.source.predicate], scored: false })
  }
  const conditions = rows === null ? conditionsOf(source) : []
  const tableColumns = columns.filter(isTableColumn)
  if (conditions.length > 0) demand.found.push({ columns: tableColumns, conditions })
  else for (const column of tableColumns) demand.scanned.add(columnKey(column))
  if (!columns.some(isStored)) return
  const documents = rows ?? documentsRead(source, isStored)
  if (documents !== null || conditions.length === 0) addDocuments(demand, documents)
}

/** Conditions of a scan that terms of a field may answer. */
function conditionsOf({ options }: ColumnSource): FilteredScan['conditions'] {
  if (options.top !== null) return []
  return options.filters.flatMap(conjuncts).flatMap((predicate) => {
    const [i, ...others] = filteredColumns([predicate])
    const column = i === undefined ? undefined : options.columns[i]
    const isField = column !== undefined && isTableColumn(column) && column.source.kind === 'column'
    return isField && others.length === 0 ? [{ predicate, column }] : []
  })
}

/** Documents that a scan reads of the store; null for all of them. */
function documentsRead(source: ColumnSource, isStored: (column: SourceColumn) => boolean): number | null {
  const { columns, filters, top, fetch } = source.options
  if (source instanceof DocumentExec || (filters.length === 0 && top === null)) return fetch
  const reads = [...filteredColumns(filters), ...(top?.keys ?? []).map(({ column }) => column)]
  return reads.some((i) => isStored(columns[i]!)) ? null : (source.statistics.rows?.value ?? null)
}

function addDocuments(demand: Demand, rows: number | null): void {
  demand.documents = rows === null || demand.documents === null ? null : demand.documents + rows
}

function columnKey({ source }: TableColumn): string {
  return JSON.stringify(source.kind === 'path' ? [source.name, source.path] : [source.name])
}

interface Sum {
  requests: number
  bytes: number
}

interface StoreSum {
  blocks: number
  bytes: number
  used: boolean
  /** A split has a column of a scan in its store only. */
  whole: boolean
  /** Documents that scans find by terms. */
  found: number
}

async function estimateTable(
  demand: Demand,
  opener: SplitIndexOpener,
  signal: AbortSignal | undefined,
): Promise<TableEstimate> {
  const { table } = demand
  const { splits } = table.layout
  const sample = sampleOf(splits)
  const postings: Sum = { requests: 0, bytes: 0 }
  const columns: Sum = { requests: 0, bytes: 0 }
  const store: StoreSum = { blocks: 0, bytes: 0, used: false, whole: false, found: 0 }
  await Promise.all(
    sample.map(async (split) => {
      const index = await opener.open(split, signal)
      try {
        const directory = new DryDirectory(index.directory)
        const dry = await index.over(directory)
        await addPostings(demand, index, dry, directory)
        for (const [i, segment] of index.index.segments.entries()) {
          await addSegment(demand, index, segment, columns, store)
          await addFound(demand, index, segment, dry.segments[i]!, directory, store)
        }
        addReads(directory, postings)
      } catch (error) {
        throw index.errorAbout(error)
      }
    }),
  )
  const docs = (list: readonly SplitRef[]): number => list.reduce((sum, split) => sum + split.numDocs, 0)
  const scale = sample.length === splits.length ? 1 : docs(splits) / Math.max(1, docs(sample))
  const scaled = ({ requests, bytes }: Sum): Sum => ({
    requests: Math.ceil(requests * (splits.length / Math.max(1, sample.length))),
    bytes: Math.ceil(bytes * scale),
  })
  const sampled = scale === 1 ? '' : `, of ${sample.length} splits`
  const parts: PartEstimate[] = [
    {
      what: 'footers',
      requests: splits.length,
      bytes: splits.reduce((sum, split) => sum + split.footerEnd - split.footerStart, 0),
      by: 'metastore',
    },
  ]
  if (demand.text.length > 0 || postings.requests > 0) {
    parts.push({ what: 'postings', ...scaled(postings), by: `term dictionaries${sampled}` })
  }
  if (columns.requests > 0) {
    parts.push({ what: 'columns', ...scaled(columns), by: `column directories${sampled}` })
  }
  const { documents } = demand
  const wanted = store.whole || documents === null ? null : documents + Math.ceil(store.found * scale)
  if (store.used) parts.push(documentsOf(wanted, store, scale, sampled))
  return { table: table.name, splits: splits.length, pruned: table.pruned, opened: sample.length, parts }
}

/** Each document that is wanted lies in a block of its own, as far as there are blocks. */
function documentsOf(
  wanted: number | null,
  { blocks, bytes }: { readonly blocks: number; readonly bytes: number },
  scale: number,
  sampled: string,
): PartEstimate {
  const all = Math.ceil(blocks * scale)
  const requests = Math.min(wanted ?? all, all)
  return {
    what: 'documents',
    requests,
    bytes: blocks === 0 ? 0 : Math.ceil((requests * bytes) / blocks),
    by: `${wanted === null ? 'all blocks' : `blocks of about ${wanted} documents`} of the stores${sampled}`,
  }
}

/** Splits at even distances. */
function sampleOf(splits: readonly SplitRef[]): readonly SplitRef[] {
  if (splits.length <= SAMPLE) return splits
  return Array.from({ length: SAMPLE }, (_, i) => splits[Math.floor((i * splits.length) / SAMPLE)]!)
}

async function addPostings(demand: Demand, split: SplitIndex, index: Index, directory: DryDirectory): Promise<void> {
  const { mapping } = demand.table.index(split.ref.indexId)
  for (const { predicates, scored } of demand.text) {
    const query = textQuery(predicates, split, mapping)
    await directory.settle(
      (async () => {
        const statistics = scored ? { statistics: await statisticsOf(index, query) } : {}
        await Promise.all(index.segments.map((segment) => prepare(query, segment, { scoring: scored, ...statistics })))
      })(),
    )
  }
}

/** Adds each range that would be read, once. */
function addReads({ reads }: DryDirectory, sum: Sum): void {
  const seen = new Set<string>()
  for (const { file, start, end } of reads) {
    const key = `${file} ${start} ${end}`
    if (seen.has(key)) continue
    seen.add(key)
    sum.requests++
    sum.bytes += end - start
  }
}

/** Documents that scans read of the store where terms say which: of the condition that leaves the fewest. */
async function addFound(
  demand: Demand,
  split: SplitIndex,
  segment: SegmentReader,
  dry: SegmentReader,
  directory: DryDirectory,
  store: StoreSum,
): Promise<void> {
  const { mapping } = demand.table.index(split.ref.indexId)
  const { schema } = split.index
  const entries = await segment.columns()
  for (const { columns, conditions } of demand.found) {
    const isStored = (column: TableColumn): boolean => placeOf(column, schema, mapping, entries) === 'store'
    if (!columns.some(isStored)) continue
    store.used = true
    let fewest: number | null = null
    for (const { predicate, column } of conditions) {
      const field = resolveField(schema, mapping, column.source.name)
      const mapped = mapping.field(column.source.name)
      if (field.kind !== 'field' || mapped === null || typeName(column.type) === 'List' || !isStored(column)) continue
      const terms = indexedTerms(predicate, { entry: field.entry, mapped, type: column.type })
      if (terms === null) continue
      const { query } = terms
      if (query === null) {
        fewest = 0
        continue
      }
      await directory.settle(prepare(query, dry, { scoring: false }))
      const count = query instanceof TermSetQuery ? await documentsOfTerms(query, segment) : null
      if (count !== null) fewest = Math.min(fewest ?? count, count)
    }
    if (fewest === null) store.whole = true
    else store.found += fewest
  }
}

async function documentsOfTerms({ terms }: TermSetQuery, segment: SegmentReader): Promise<number> {
  let count = 0
  for (const [field, list] of terms) {
    const index = await segment.invertedIndex(field)
    const found = index === null ? [] : await index.terms.getMany(list)
    for (const entry of found) count += entry?.info.docFreq ?? 0
  }
  return count
}

/** Where a split has a column: the entry of its values, in its documents only, or nowhere that is read. */
function placeOf(
  { source }: TableColumn,
  schema: IndexSchema,
  mapping: DocMapping,
  entries: readonly ColumnEntry[],
): ColumnEntry | 'store' | null {
  if (source.kind === 'path') return 'store'
  if (source.name === INDEX_COLUMN) return null
  const field = resolveField(schema, mapping, source.name)
  if (field.kind === 'missing') return null
  const fast = field.kind === 'field' && mapping.field(source.name)?.fast === true
  return (fast ? entries.find(({ name }) => name === field.entry.name) : undefined) ?? 'store'
}

async function addSegment(
  demand: Demand,
  split: SplitIndex,
  segment: SegmentReader,
  sum: Sum,
  store: StoreSum,
): Promise<void> {
  const { mapping } = demand.table.index(split.ref.indexId)
  const { schema } = split.index
  const entries = await segment.columns()
  let fromStore = demand.stored.size > 0
  for (const [key, column] of demand.columns) {
    const entry = placeOf(column, schema, mapping, entries)
    if (entry === null) continue
    if (entry === 'store') {
      fromStore = true
      if (demand.scanned.has(key)) store.whole = true
      continue
    }
    if (split.directory.peek(`${segment.id}.fast`, entry.start, entry.end) !== null) continue
    // Of text: its dictionary's index, its terms and its values.
    sum.requests += entry.type === 'str' || entry.type === 'bytes' ? 3 : 1
    sum.bytes += entry.end - entry.start
  }
  if (!fromStore || segment.maxDoc === 0) return
  store.used = true
  store.blocks += (await segment.store()).blockOf(segment.maxDoc - 1) + 1
  store.bytes += split.directory.length(`${segment.id}.store`)
}
