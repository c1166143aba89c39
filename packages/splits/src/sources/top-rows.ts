import { typeName, type PrimitiveVector, type RecordBatch, type ScalarValue, type TaskContext } from '@volley/core'
import type { NumericColumn } from '@volley/tantivy'
import { addressFields } from './address.ts'
import { BestRows } from './best-rows.ts'
import { allDocs } from '../filters/doc-lists.ts'
import { filteredColumns } from '../filters/segment-filter.ts'
import { aliveOnly } from './doc-selection.ts'
import { FirstKeys } from './first-keys.ts'
import { matchingDocs } from './matching-docs.ts'
import type { Candidates, ColumnSource, TopRows } from './column-source.ts'
import { keyWords, wordsOfValue, wordsPerKey, type TopKey } from './key-words.ts'
import type { SplitRef } from '../layout/layout.ts'
import type { DocUnit, SplitUnits } from './opened-layout.ts'
import type { SegmentColumns } from './segment-columns.ts'
import { thresholdOf, type SharedThreshold } from './shared-threshold.ts'
import { timesOf, type SplitSkip } from './split-skip.ts'
import { nanosPerUnit } from './timestamps.ts'

/** Share of selected rows below which keys are read document by document. */
const SPARSE = 0.4
/** Documents between which the k-th row is looked at anew, at most. */
const WINDOW = 16_384
/** Documents that are ranked before all others, of all of a unit, for a first k-th row. */
const SAMPLE = 1024

/** Splits that are opened ahead. */
const AHEAD = 8

/** Documents of a unit, ascending. */
export interface UnitDocs {
  readonly unit: DocUnit
  readonly docs: Uint32Array
}

/** Documents in the order of the keys, with their leading words that compare across segments; null: in no order. */
interface Found {
  readonly unit: DocUnit
  readonly docs: Uint32Array
  readonly tuples: Uint32Array | null
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
  const found: (Found & { readonly place: number })[] = []
  if (search.hasBounds && !parts.some((part) => search.isTimed(part))) {
    for (const { unit, place } of await search.byBounds(parts, splits)) {
      context.throwIfCancelled()
      const best = await search.unit(unit)
      if (best !== null) found.push({ ...best, place })
    }
    return inPlace(found, search)
  }
  const order = search.inOrder(parts)
  for (const [i, part] of order.entries()) {
    context.throwIfCancelled()
    if (!splits.mayHold(part.split) || search.skips(part)) continue
    // One ahead: the next may turn out not to be needed.
    const next = order[i + 1]
    if (next !== undefined && splits.mayHold(next.split) && !search.isBehind(next)) next.open().catch(() => {})
    const place = parts.indexOf(part)
    for (const unit of await part.open()) {
      context.throwIfCancelled()
      const best = await search.unit(unit)
      if (best !== null) found.push({ ...best, place })
    }
  }
  return inPlace(found, search)
}

/** What was found, in the order of the documents, without what is behind what is known by now. */
function inPlace(found: (Found & { readonly place: number })[], search: TopSearch): UnitDocs[] {
  return found
    .sort((a, b) => a.place - b.place || a.unit.segment.ord - b.unit.segment.ord || a.unit.start - b.unit.start)
    .map((each) => ({ unit: each.unit, docs: search.within(each).sort() }))
    .filter(({ docs }) => docs.length > 0)
}

class TopSearch {
  readonly #source: ColumnSource
  readonly #top: TopRows
  readonly #context: TaskContext
  /** Words of each key. */
  readonly #counts: readonly number[]
  /** Leading words that mean the same in every segment: those before the first text, which counts by ordinals. */
  readonly #shared: number
  readonly #threshold: SharedThreshold
  /** Of a first key that is text: one that k rows of some segment are not behind. */
  #text: string | null = null

  constructor(source: ColumnSource, top: TopRows, context: TaskContext) {
    this.#source = source
    this.#top = top
    this.#context = context
    const types = top.keys.map((key) => source.options.columns[key.column]!.type)
    this.#counts = types.map((type) => wordsPerKey(type)!)
    const text = types.findIndex((type) => typeName(type) === 'Utf8')
    this.#shared = this.#counts.slice(0, text < 0 ? types.length : text).reduce((sum, count) => sum + count, 0)
    this.#threshold = thresholdOf(source, top, this.#shared, context)
  }

  /** Whether segments know the bounds of the first key. */
  get hasBounds(): boolean {
    return this.#counts[0] === 3
  }

  /** Whether the first key is the time that a split's range is of. */
  isTimed(part: SplitUnits): boolean {
    return this.#bestTime(part) !== null
  }

  /** All units, those first whose column begins best; before them those of which it is not known. */
  async byBounds(parts: readonly SplitUnits[], splits: SplitSkip): Promise<{ unit: DocUnit; place: number }[]> {
    const ranked: { unit: DocUnit; place: number; best: bigint | number | null }[] = []
    for (const [place, part] of parts.entries()) {
      if (!splits.mayHold(part.split)) continue
      for (const next of parts.slice(place + 1, place + 1 + AHEAD)) {
        if (splits.mayHold(next.split)) next.open().catch(() => {})
      }
      for (const unit of await part.open()) ranked.push({ unit, place, best: null })
    }
    if (ranked.length < 2) return ranked
    const [first] = this.#top.keys as [TopKey, ...TopKey[]]
    for (const each of ranked) {
      const keys = await this.#source.openColumns(each.unit, this.#context, [first.column])
      each.best = this.#bestValue(keys)
      keys.release()
    }
    const sign = first.descending ? -1 : 1
    return ranked.sort((a, b) => {
      if (a.best === null || b.best === null) return +(a.best !== null) - +(b.best !== null)
      return a.best < b.best ? -sign : a.best > b.best ? sign : 0
    })
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
      if (this.#threshold.isFromOthers) metrics.add('splits_skipped_by_others', 1)
    }
    return behind
  }

  /** The best rows of a unit; null when it is known to have none that count. */
  async unit(unit: DocUnit): Promise<Found | null> {
    if (this.isBehind(unit)) return this.#skipped()
    const keyColumns = this.#top.keys.map((key) => key.column)
    const keys = await this.#source.openColumns(unit, this.#context, keyColumns)
    try {
      const bound = this.#bestValue(keys)
      if (bound !== null && this.#isBehind(bound)) return this.#skipped()
      const first = FirstKeys.of(keys, this.#top.keys, this.#counts)
      for (const i of keyColumns) if (keys.ordinals(i)?.sorted === true) keys.useOrdinals(i)
      const segment = await this.#source.openColumns(unit, this.#context, filteredColumns(this.#source.options.filters))
      try {
        const found = await (first === null
          ? this.#scanBatches(unit, segment, keys)
          : this.#scanWindows(unit, segment, keys, first))
        if (found.tuples !== null) this.#threshold.add(found.tuples)
        return found
      } finally {
        segment.release()
      }
    } finally {
      keys.release()
    }
  }

  /** The documents of a unit that are not behind what is known by now. */
  within({ docs, tuples }: Found): Uint32Array {
    const limit = this.#threshold.last
    if (tuples === null || limit === null) return docs
    const width = this.#shared
    let count = docs.length
    while (count > 0 && isAfter(tuples, (count - 1) * width, limit)) count--
    return docs.subarray(0, count)
  }

  /** All documents that satisfy the filters. */
  async #scanBatches(unit: DocUnit, segment: SegmentColumns, keys: SegmentColumns): Promise<Found> {
    const best = this.#noRows()
    /** Every document, once a batch has a key without words. */
    let all: Uint32Array[] | null = null
    for await (const batch of this.#source.scanUnit(unit, segment, this.#context, null, [])) {
      try {
        const rows = rowsOf(batch)
        if (all === null && (await this.#rank(rows, keys, best, this.#threshold.last))) continue
        all ??= [best.finish(0).docs]
        all.push(rows.selection === null ? rows.docs.slice() : Uint32Array.from(rows.selection, (i) => rows.docs[i]!))
      } finally {
        batch.release()
      }
    }
    if (all === null) return { unit, ...best.finish(this.#shared) }
    return { unit, docs: joined(all), tuples: null }
  }

  /** Only the documents whose first key is not behind the k-th row that is known by then. */
  async #scanWindows(unit: DocUnit, segment: SegmentColumns, keys: SegmentColumns, first: FirstKeys): Promise<Found> {
    const source = this.#source
    const { found, filters } = await this.#candidates(unit, segment)
    const best = this.#noRows()
    let known = this.#threshold.last
    if (this.#text !== null) await first.setText(this.#text)
    else if (known === null && filters.length === 0) known = await this.#sampled(unit, found, keys)
    // Of a list, that many of its documents: the first few soon give a bound.
    const total = found?.length ?? unit.end - unit.start
    let size = found === null || known !== null ? WINDOW : SAMPLE
    for (let at = 0; at < total; at += size, size = Math.min(2 * size, WINDOW)) {
      this.#context.throwIfCancelled()
      const to = Math.min(at + size, total)
      const limit = lesser(lesser(best.last(), this.#threshold.last), known)
      if (limit !== null) first.setBound(limit)
      let docs: Uint32Array
      if (found !== null) docs = first.among(found.subarray(at, to))
      else {
        const [start, end] = [unit.start + at, unit.start + to]
        docs = aliveOnly(first.docs(start, end) ?? allDocs(start, end), unit.segment.alive)
      }
      if (docs.length === 0) continue
      if (filters.length === 0) {
        if (!(await this.#rank({ docs, selection: null }, keys, best, limit)))
          return this.#scanBatches(unit, segment, keys)
        continue
      }
      for await (const batch of source.scanCandidates(unit, segment, this.#context, { found: docs, filters }, [])) {
        try {
          if (!(await this.#rank(rowsOf(batch), keys, best, limit))) return this.#scanBatches(unit, segment, keys)
        } finally {
          batch.release()
        }
      }
    }
    const rows = best.finish(this.#shared)
    const last = this.#shared === 0 ? best.last() : null
    const text = last === null ? null : await first.textOf(last)
    if (text !== null) this.#text = text
    return { unit, ...rows }
  }

  /** What the structures of a segment say of the source's conditions. */
  async #candidates(unit: DocUnit, segment: SegmentColumns): Promise<Candidates> {
    const { query, filters, runtime = [] } = this.#source.options
    // Without any, deleted documents are left out as they come.
    if (query.length + filters.length + runtime.length === 0) return { found: null, filters: [] }
    const docs = query.length === 0 ? null : await matchingDocs(unit, this.#source.table, query, this.#context)
    if (docs !== null) this.#context.metricsOf(this.#source).add('docs_matched', docs.length)
    if (docs?.length === 0) return { found: docs, filters: [] }
    return this.#source.candidates(unit, segment, this.#context, docs)
  }

  /** Words of a row that k rows of a unit are not behind, by some of its documents. */
  async #sampled(unit: DocUnit, found: Uint32Array | null, keys: SegmentColumns): Promise<Uint32Array | null> {
    const total = found?.length ?? unit.end - unit.start
    const count = SAMPLE + 2 * this.#top.k
    if (total < 2 * count) return null
    const docs = Uint32Array.from({ length: count }, (_, i) => {
      const place = Math.floor((i * total) / count)
      return found === null ? unit.start + place : found[place]!
    })
    const best = this.#noRows()
    const live = found === null ? aliveOnly(docs, unit.segment.alive) : docs
    return live.length > 0 && (await this.#rank({ docs: live, selection: null }, keys, best, null)) ? best.last() : null
  }

  #noRows(): BestRows {
    return new BestRows(
      this.#top.k,
      this.#counts.reduce((sum, count) => sum + count, 0),
    )
  }

  /** Ranks the rows of a batch; false when a key has no words. */
  async #rank(rows: Rows, keys: SegmentColumns, best: BestRows, limit: Uint32Array | null): Promise<boolean> {
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
        const own = keyWords(vectors[k]!, key, this.#counts[k]!, region)
        if (own === null) return false
        words.push(...own)
      }
      this.#context.metricsOf(this.#source).add('docs_ranked', selection?.length ?? docs.length)
      best.add(words, docs, selection, limit)
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
    const limit = this.#threshold.last
    const [key] = this.#top.keys as [TopKey, ...TopKey[]]
    const count = this.#counts[0]!
    if (limit === null || this.#shared < count) return false
    const region = this.#context.region()
    try {
      const { type } = this.#source.options.columns[key.column]!
      const words = wordsOfValue(value as ScalarValue, type, key, count, region)
      return words !== null && isAfter(Uint32Array.from(words), 0, limit.subarray(0, count))
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

/** The tuple that comes first, as far as both go. */
function lesser(a: Uint32Array | null, b: Uint32Array | null): Uint32Array | null {
  if (a === null || b === null) return a ?? b
  return isAfter(a, 0, b.length < a.length ? b : b.subarray(0, a.length)) ? b : a
}

function isAfter(tuples: Uint32Array, at: number, limit: Uint32Array): boolean {
  for (let w = 0; w < limit.length; w++) {
    const difference = tuples[at + w]! - limit[w]!
    if (difference !== 0) return difference > 0
  }
  return false
}

function joined(lists: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0))
  let at = 0
  for (const list of lists) {
    all.set(list, at)
    at += list.length
  }
  return all
}
