import {
  typeName,
  type Expr,
  type PrimitiveVector,
  type RecordBatch,
  type ScalarValue,
  type TaskContext,
} from '@volley/core'
import { concatWords } from '@volley/kernels'
import type { NumericColumn } from '@volley/tantivy'
import { addressFields } from './address.ts'
import { BestRows } from './best-rows.ts'
import type { DocFilter } from '../filters/doc-filter.ts'
import { filteredColumns } from '../filters/segment-filter.ts'
import { aliveOnly } from './doc-selection.ts'
import type { OrdinalColumn } from './fast-column.ts'
import { FirstKeys } from './first-keys.ts'
import { matchingDocs } from './matching-docs.ts'
import type { Candidates, ColumnSource, TopRows } from './column-source.ts'
import { keyWords, wordsOfValue, type TopKey } from './key-words.ts'
import { KeyZones, type ZoneDocs } from './key-zones.ts'
import type { SplitRef } from '../layout/layout.ts'
import type { DocUnit, SplitUnits } from './opened-layout.ts'
import type { SegmentColumns } from './segment-columns.ts'
import { timesOf, type SplitSkip } from './split-skip.ts'
import { isAfter, lesser, topPoolOf, type KeyOrdinals, type TopPool } from './top-pool.ts'
import { nanosPerUnit } from './timestamps.ts'

/** Share of selected rows below which keys are read document by document. */
const SPARSE = 0.4
/** Documents between which the k-th row is looked at anew, at most. */
const WINDOW = 16_384
/** Documents that are ranked before all others, of all of a unit, for a first k-th row. */
const SAMPLE = 1024
/** A list of less than so many times what is looked at first is not looked through by zones. */
const FEW = 4
/** Nor is one of a smaller share of the unit's documents: a zone then has few of them, and costs as much as they do. */
const ZONED = 1 / 16

/** Splits that are opened ahead. */
const AHEAD = 8

/** Documents of a unit, ascending. */
export interface UnitDocs {
  readonly unit: DocUnit
  readonly docs: Uint32Array
}

/** Documents in address order of a unit; null: those that the pool has of the place. */
interface Found {
  readonly unit: DocUnit
  readonly place: number
  readonly docs: Uint32Array | null
}

/**
 * The documents among which the first k of a partition are, in address order. What promises the first rows is read first:
 * splits by their time range, or segments by their column's bounds; what cannot reach the k-th row that is known, of any partition or task, is left out: rows, whole segments by
 * the column's bounds, and whole splits, unopened, by their time range.
 */
export async function bestDocs(
  source: ColumnSource,
  top: TopRows,
  parts: readonly SplitUnits[],
  splits: SplitSkip,
  context: TaskContext,
): Promise<UnitDocs[]> {
  const search = new TopSearch(source, top, context)
  const found: Found[] = []
  if (search.hasBounds && !parts.some((part) => search.isTimed(part))) {
    for (const unit of await search.byBounds(parts, splits)) {
      context.throwIfCancelled()
      const best = await search.unit(unit)
      if (best !== null) found.push(best)
    }
    return search.inPlace(found, parts)
  }
  const order = search.inOrder(parts)
  for (const [i, part] of order.entries()) {
    context.throwIfCancelled()
    if (!splits.mayHold(part.split) || search.skips(part)) continue
    // One ahead: the next may turn out not to be needed.
    const next = order[i + 1]
    if (next !== undefined && splits.mayHold(next.split) && !search.isBehind(next)) next.open().catch(() => {})
    for (const unit of await part.open()) {
      context.throwIfCancelled()
      const best = await search.unit(unit)
      if (best !== null) found.push(best)
    }
  }
  return search.inPlace(found, parts)
}

class TopSearch {
  readonly #source: ColumnSource
  readonly #top: TopRows
  readonly #context: TaskContext
  readonly #pool: TopPool

  constructor(source: ColumnSource, top: TopRows, context: TaskContext) {
    this.#source = source
    this.#top = top
    this.#context = context
    this.#pool = topPoolOf(source, top, context)
  }

  /** Whether segments know the bounds of the first key. */
  get hasBounds(): boolean {
    return this.#pool.counts[0] === 3
  }

  /** Whether the first key is the time that a split's range is of. */
  isTimed(part: SplitUnits): boolean {
    return this.#bestTime(part) !== null
  }

  /** All units, those first whose column begins best; before them those of which it is not known. */
  async byBounds(parts: readonly SplitUnits[], splits: SplitSkip): Promise<DocUnit[]> {
    const ranked: { unit: DocUnit; best: bigint | number | null }[] = []
    for (const [place, part] of parts.entries()) {
      if (!splits.mayHold(part.split)) continue
      for (const next of parts.slice(place + 1, place + 1 + AHEAD)) {
        if (splits.mayHold(next.split)) next.open().catch(() => {})
      }
      for (const unit of await part.open()) ranked.push({ unit, best: null })
    }
    if (ranked.length < 2) return ranked.map(({ unit }) => unit)
    const { k, keys } = this.#top
    const rows: (readonly Uint32Array[])[] = []
    for (const each of ranked) {
      const columns = await this.#source.openColumns(each.unit, this.#context, keyColumns(keys))
      each.best = this.#bestValue(columns)
      const zones = this.#hasNoConditions ? KeyZones.of(each.unit, columns, keys, this.#pool.counts) : null
      if (zones !== null) rows.push(zones.firstRows(Math.ceil((2 * k) / ranked.length)))
      columns.release()
    }
    this.#pool.lower(rows)
    const sign = keys[0]!.descending ? -1 : 1
    ranked.sort((a, b) => {
      if (a.best === null || b.best === null) return +(a.best !== null) - +(b.best !== null)
      return a.best < b.best ? -sign : a.best > b.best ? sign : 0
    })
    return ranked.map(({ unit }) => unit)
  }

  /** Those first whose time range begins best, where the first key is time. */
  inOrder(parts: readonly SplitUnits[]): readonly SplitUnits[] {
    const ranked = parts.map((part, i) => ({ part, i, best: this.#bestTime(part) }))
    const sign = this.#top.keys[0]!.descending ? -1 : 1
    ranked.sort((a, b) => {
      if (a.best === null || b.best === null || a.best === b.best) return a.i - b.i
      return a.best < b.best ? -sign : sign
    })
    return ranked.map(({ part }) => part)
  }

  /** Whether no row of a split counts, by its time range. */
  isBehind(part: { readonly split: SplitRef }): boolean {
    const time = this.#bestTime(part)
    return time !== null && this.#isBehind(time)
  }

  /** The same, counted. */
  skips(part: SplitUnits): boolean {
    const behind = this.isBehind(part)
    if (behind) {
      const metrics = this.#context.metricsOf(this.#source)
      metrics.add('splits_skipped', 1)
      if (this.#pool.isFromOthers) metrics.add('splits_skipped_by_others', 1)
    }
    return behind
  }

  /** The best rows of a unit; null when it is known to have none that count. */
  async unit(unit: DocUnit): Promise<Found | null> {
    if (this.isBehind(unit)) return this.#skipped()
    const read = keyColumns(this.#top.keys)
    const keys = await this.#source.openColumns(unit, this.#context, read)
    try {
      const bound = this.#bestValue(keys)
      if (bound !== null && this.#isBehind(bound)) return this.#skipped()
      const first = FirstKeys.of(keys, this.#top.keys, this.#pool.counts)
      const zones = KeyZones.of(unit, keys, this.#top.keys, this.#pool.counts)
      const ordinals = new Map<number, OrdinalColumn>()
      for (const i of read) {
        const column = keys.ordinals(i)
        if (column?.sorted !== true) continue
        ordinals.set(i, column)
        keys.useOrdinals(i)
      }
      const segment = await this.#source.openColumns(unit, this.#context, filteredColumns(this.#source.options.filters))
      try {
        return await this.#scan(unit, segment, keys, ordinals, first, zones)
      } finally {
        segment.release()
      }
    } finally {
      keys.release()
    }
  }

  /** What was found, in the order of the documents, without what is behind what is known by now. */
  inPlace(found: readonly Found[], parts: readonly SplitUnits[]): UnitDocs[] {
    const places = new Map(parts.map(({ split }, i) => [split.splitId, i]))
    const pooled = this.#pool.docsOf(found.map(({ place }) => place))
    return found
      .map(({ unit, docs }, i) => ({ unit, docs: docs ?? pooled[i]!, part: places.get(unit.split.splitId)! }))
      .sort((a, b) => a.part - b.part || a.unit.segment.ord - b.unit.segment.ord || a.unit.start - b.unit.start)
      .filter(({ docs }) => docs.length > 0)
  }

  async #scan(
    unit: DocUnit,
    segment: SegmentColumns,
    keys: SegmentColumns,
    ordinals: KeyOrdinals,
    first: FirstKeys | null,
    zones: KeyZones | null,
  ): Promise<Found> {
    const place = this.#pool.placeOf(unit)
    const best: Best = { rows: this.#pool.listFor(), place, limit: null }
    let ranked: boolean | null = null
    if (first !== null) {
      if (this.#pool.text !== null) best.limit = await first.setText(this.#pool.text)
      const later: DocFilter[] = []
      const candidates = await this.#candidates(unit, segment, zones === null ? null : later)
      const least = Math.max(FEW * this.#batchOf(0), ZONED * (unit.end - unit.start))
      const few = candidates.found !== null && candidates.found.length < least
      ranked =
        zones === null || few
          ? await this.#scanWindows(unit, segment, keys, first, candidates, later, best)
          : await this.#scanZones(unit, segment, keys, first, candidates, later, zones, best)
    }
    const docs = ranked === true ? null : await this.#scanBatches(unit, segment, keys, ranked === null ? best : null)
    if (docs !== null) return { unit, place, docs }
    if (!(await this.#pool.merge(best.rows, place, ordinals, this.#context))) {
      return { unit, place, docs: best.rows.kept().docs.slice().sort() }
    }
    this.#pool.publish()
    return { unit, place, docs: null }
  }

  /** Ranks the documents that satisfy the filters; gives them when keys have no words, all where they are not ranked. */
  async #scanBatches(
    unit: DocUnit,
    segment: SegmentColumns,
    keys: SegmentColumns,
    best: Best | null,
  ): Promise<Uint32Array | null> {
    let all: Uint32Array[] | null = best === null ? [] : null
    for await (const batch of this.#source.scanUnit(unit, segment, this.#context, null, [])) {
      try {
        const rows = rowsOf(batch)
        if (all === null && best !== null) {
          best.limit = this.#limit(best)
          if (await this.#rank(rows, keys, best)) continue
        }
        // Those that are not among the best by now do not count.
        all ??= [keptAt(best!)]
        all.push(rows.selection === null ? rows.docs.slice() : Uint32Array.from(rows.selection, (i) => rows.docs[i]!))
      } finally {
        batch.release()
      }
    }
    return all === null ? null : concatWords(all)
  }

  /** Ranks the documents whose first key is not behind the k-th row that is known by then; false when keys have no words. */
  async #scanWindows(
    unit: DocUnit,
    segment: SegmentColumns,
    keys: SegmentColumns,
    first: FirstKeys,
    { found, filters }: Candidates,
    later: readonly DocFilter[],
    best: Best,
  ): Promise<boolean> {
    const total = found?.length ?? unit.end - unit.start
    best.limit = this.#limit(best)
    const isAll = found === null && later.length + filters.length === 0
    if (best.limit === null && isAll) best.limit = await this.#sampled(unit, keys)
    // Of a list, that many of its documents: the first few soon give a bound.
    let size = isAll || best.limit !== null ? WINDOW : SAMPLE
    for (let at = 0; at < total; at += size, size = Math.min(2 * size, WINDOW)) {
      const to = Math.min(at + size, total)
      const docs: ZoneDocs =
        found === null ? { spans: Uint32Array.of(unit.start + at, unit.start + to) } : { list: found.subarray(at, to) }
      if (!(await this.#scanDocs(docs, unit, segment, keys, first, filters, later, best))) return false
    }
    return true
  }

  /** The same zone by zone, those first that may have the first rows. */
  async #scanZones(
    unit: DocUnit,
    segment: SegmentColumns,
    keys: SegmentColumns,
    first: FirstKeys,
    { found, filters }: Candidates,
    later: readonly DocFilter[],
    zones: KeyZones,
    best: Best,
  ): Promise<boolean> {
    const isAll = found === null && later.length + filters.length === 0 && this.#hasNoConditions
    zones.filter(later)
    if (isAll) best.limit = lesser(best.limit, zones.firstLimit(this.#top.k))
    for (let round = 0; ; round++) {
      const docs = zones.next(this.#batchOf(round), this.#limit(best), found)
      if (docs === null) {
        this.#context.metricsOf(this.#source).add('zones_skipped', zones.left)
        return true
      }
      if (!(await this.#scanDocs(docs, unit, segment, keys, first, filters, later, best))) return false
    }
  }

  /** Documents that are looked at together: some for a first k-th row, then more. */
  #batchOf(round: number): number {
    return Math.min(SAMPLE + 2 * this.#top.k, WINDOW) * 2 ** Math.min(round, 8)
  }

  async #scanDocs(
    of: ZoneDocs,
    unit: DocUnit,
    segment: SegmentColumns,
    keys: SegmentColumns,
    first: FirstKeys,
    filters: readonly Expr[],
    later: readonly DocFilter[],
    best: Best,
  ): Promise<boolean> {
    const context = this.#context
    const pause = context.pause()
    if (pause !== null) await pause
    context.throwIfCancelled()
    best.limit = this.#limit(best)
    if (best.limit !== null) first.setBound(best.limit)
    let docs = aliveOnly('list' in of ? first.among(of.list) : first.ofSpans(of.spans), unit.segment.alive)
    for (const filter of later) docs = filter.among(docs)
    if (docs.length === 0) return true
    if (filters.length === 0) return this.#rank({ docs, selection: null }, keys, best)
    for await (const batch of this.#source.scanCandidates(unit, segment, context, { found: docs, filters }, [])) {
      try {
        if (!(await this.#rank(rowsOf(batch), keys, best))) return false
      } finally {
        batch.release()
      }
    }
    return true
  }

  /** Words that no row may be behind, as far as they go. */
  #limit({ rows, limit }: Best): Uint32Array | null {
    return lesser(lesser(rows.last(), this.#pool.limit), limit)
  }

  get #hasNoConditions(): boolean {
    const { query, filters, runtime = [] } = this.#source.options
    return query.length + filters.length + runtime.length === 0
  }

  /** What the structures of a segment say of the source's conditions. */
  async #candidates(unit: DocUnit, segment: SegmentColumns, later: DocFilter[] | null): Promise<Candidates> {
    const { query } = this.#source.options
    // Without any, deleted documents are left out as they come.
    if (this.#hasNoConditions) return { found: null, filters: [] }
    const docs = query.length === 0 ? null : await matchingDocs(unit, this.#source.table, query, this.#context)
    if (docs !== null) this.#context.metricsOf(this.#source).add('docs_matched', docs.length)
    if (docs?.length === 0) return { found: docs, filters: [] }
    return this.#source.candidates(unit, segment, this.#context, docs, later)
  }

  /** Words of a row that k rows of a unit are not behind, by some of its documents. */
  async #sampled(unit: DocUnit, keys: SegmentColumns): Promise<Uint32Array | null> {
    const total = unit.end - unit.start
    const count = this.#batchOf(0)
    if (total < 2 * count) return null
    const docs = Uint32Array.from({ length: count }, (_, i) => unit.start + Math.floor((i * total) / count))
    const live = aliveOnly(docs, unit.segment.alive)
    const best: Best = { rows: new BestRows(this.#top.k, this.#pool.width), place: 0, limit: null }
    const isRanked = live.length > 0 && (await this.#rank({ docs: live, selection: null }, keys, best))
    return isRanked ? best.rows.last() : null
  }

  /** Ranks the rows of a batch; false when a key has no words. */
  async #rank(rows: Rows, keys: SegmentColumns, best: Best): Promise<boolean> {
    const region = this.#context.region()
    try {
      const { docs, selection } = rows
      const first = docs[0]!
      const wanted = this.#top.keys.map((key) => key.column)
      const isRange = docs.at(-1)! - first === docs.length - 1
      const vectors = isRange
        ? await keys.readRange(wanted, first, first + docs.length, region)
        : await keys.readDocs(wanted, docs, region)
      const words: Uint32Array[] = []
      for (const [k, key] of this.#top.keys.entries()) {
        const own = keyWords(vectors[k]!, key, this.#pool.counts[k]!, region)
        if (own === null) return false
        words.push(...own)
      }
      this.#context.metricsOf(this.#source).add('docs_ranked', selection?.length ?? docs.length)
      best.rows.add(words, docs, selection, best.limit, best.place)
      return true
    } finally {
      region.release()
    }
  }

  #skipped(): null {
    this.#context.metricsOf(this.#source).add('segments_skipped', 1)
    return null
  }

  /** Whether a row with this value as its first key comes behind the k-th row that is known. */
  #isBehind(value: bigint | number): boolean {
    const { limit, shared, counts } = this.#pool
    const [key] = this.#top.keys as [TopKey, ...TopKey[]]
    const count = counts[0]!
    if (limit === null || shared < count) return false
    const region = this.#context.region()
    try {
      const { type } = this.#source.options.columns[key.column]!
      const words = wordsOfValue(value as ScalarValue, type, key, count, region)
      return words !== null && isAfter(Uint32Array.from(words), limit.subarray(0, count))
    } finally {
      region.release()
    }
  }

  /** The best time that a split's range leaves for the first key; null where that is not the index's time. */
  #bestTime({ split }: { readonly split: SplitRef }): bigint | null {
    const [key] = this.#top.keys as [TopKey, ...TopKey[]]
    const times = timesOf(this.#source, this.#source.options.columns[key.column]!, split)
    return times && (key.descending ? times.last : times.first)
  }

  /** The best value of the first key's column; null where it is not known, or NULLs come before it. */
  #bestValue(keys: SegmentColumns): bigint | number | null {
    const [key] = this.#top.keys as [TopKey, ...TopKey[]]
    const means = keys.means(key.column)
    if (means.kind !== 'fast' || means.raw.cardinality === 'multivalued') return null
    const { raw } = means
    if (raw.type === 'str' || raw.type === 'bytes' || raw.type === 'ip' || raw.type === 'bool') return null
    if (key.nullsFirst && raw.numValues < raw.numDocs) return null
    const { minValue, maxValue } = raw as NumericColumn
    if (minValue === null || maxValue === null || Number.isNaN(minValue)) return null
    const value = key.descending ? maxValue : minValue
    const { type } = this.#source.options.columns[key.column]!
    if (typeName(type) !== 'Timestamp' || typeof value !== 'bigint') return value
    const unit = BigInt(nanosPerUnit(type))
    return value / unit - (value % unit < 0n ? 1n : 0n)
  }
}

/** Where rows of a unit are added, and words that they may not be behind. */
interface Best {
  readonly rows: BestRows
  readonly place: number
  limit: Uint32Array | null
}

function keyColumns(keys: readonly TopKey[]): number[] {
  return keys.map((key) => key.column)
}

interface Rows {
  readonly docs: Uint32Array
  readonly selection: Uint32Array | null
}

/** The documents of a batch, without those that are not selected where these are many. */
function rowsOf(batch: RecordBatch): Rows {
  const docs = (batch.columns[addressFields.length - 1] as PrimitiveVector).values as Uint32Array
  const { selection } = batch
  if (selection === null) return { docs, selection }
  if (selection.length > docs.length * SPARSE) return { docs, selection }
  return { docs: Uint32Array.from(selection, (i) => docs[i]!), selection: null }
}

/** Documents of a place that are among the best, ascending. */
function keptAt({ rows, place }: Best): Uint32Array {
  const { places, docs } = rows.kept()
  return docs.filter((_, i) => places[i] === place).sort()
}
