import type { OperatorMetrics, TaskContext, Vector } from '@volley/core'
import { constantVector } from '@volley/core'
import { Region } from '@volley/kernels'
import type { ScanColumn } from '@volley/planner'
import type { Column, FieldEntry, SegmentReader } from '@volley/tantivy'
import type { DataType } from 'apache-arrow'
import { allDocs } from '../filters/doc-lists.ts'
import type { DocMapping, MappedField } from '../mapping/doc-mapping.ts'
import { jsonColumnName, resolveField } from '../mapping/resolve-field.ts'
import { INDEX_COLUMN } from '../provider/table-columns.ts'
import { plainTerms } from '../opener/term-cache.ts'
import { fastColumn, type FastColumn, type FieldForm, type OrdinalColumn } from './fast-column.ts'
import { narrowedText } from './narrowed-text.ts'
import { aboutSplit, type DocUnit } from './opened-layout.ts'
import { jsonTermPrefix } from '../query-language/terms.ts'
import { pathKey } from './path-key.ts'
import { isExact, promotedColumn } from './promoted-column.ts'
import { checkReadBudget } from './read-meter.ts'
import type { ScanTable } from './scan-table.ts'
import { StoreColumns } from './store-columns.ts'
import { markBits, markVector } from './text-marks.ts'

/** A column that a source gives, and what of the table it is. */
export interface SourceColumn {
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
  readonly source: Extract<ScanColumn, { kind: 'column' | 'path' | 'mark' }>
}

/** A column that a split may have, as a field or in its documents. */
export interface TableColumn extends SourceColumn {
  readonly source: Extract<ScanColumn, { kind: 'column' | 'path' }>
}

export function isTableColumn(column: SourceColumn): column is TableColumn {
  return column.source.kind !== 'mark'
}

/** How a segment has a column; `raw` is the fast field's column itself, of the same type. */
export type Means =
  | {
      readonly kind: 'fast'
      readonly column: FastColumn
      readonly raw: Column
      /** Whether it is what was read from the documents of the unit, and says nothing of others. */
      readonly ofUnit: boolean
    }
  | { readonly kind: 'promoted'; readonly column: FastColumn }
  | { readonly kind: 'store'; readonly slot: number }
  /** Whether a document matches a text predicate: a bit for each document of the unit. */
  | { readonly kind: 'mark'; readonly bits: Uint8Array }
  | { readonly kind: 'index' }
  | { readonly kind: 'missing' }

/**
 * The columns of a source in one opened segment, each by the means that this split has for it: a fast field, the document
 * store, the inverted index, or nothing (then every row is NULL). The texts at a JSON path are a column once they were read from all documents of
 * the unit. Holds one reference to the memory that its batches share; release it.
 */
export class SegmentColumns {
  readonly #unit: DocUnit
  readonly #mapping: DocMapping
  readonly #columns: readonly SourceColumn[]
  readonly #means: Means[]
  readonly #store: StoreColumns | null
  /** What batches of this segment share, such as dictionaries. */
  readonly #shared: Region

  private constructor(
    unit: DocUnit,
    mapping: DocMapping,
    columns: readonly SourceColumn[],
    means: Means[],
    store: StoreColumns | null,
    shared: Region,
  ) {
    this.#unit = unit
    this.#mapping = mapping
    this.#columns = columns
    this.#means = means
    this.#store = store
    this.#shared = shared
  }

  /**
   * Opens the columns of a unit, or those at `only`; the others are not to be read then. Does not wait where they are fast
   * and were opened before.
   */
  static open(
    unit: DocUnit,
    table: ScanTable,
    columns: readonly SourceColumn[],
    context: TaskContext,
    metrics: OperatorMetrics,
    only: readonly number[] | null = null,
  ): SegmentColumns | Promise<SegmentColumns> {
    checkReadBudget(context)
    const { mapping } = table.index(unit.split.indexId)
    const places: Place[] = []
    for (const [i, column] of columns.entries()) {
      const place = only !== null && !only.includes(i) ? NOWHERE : knownPlace(unit, mapping, column, context)
      if (place === null || place.kind === 'store')
        return SegmentColumns.find(unit, table, columns, context, metrics, only)
      places.push(place)
    }
    return SegmentColumns.at(unit, mapping, columns, places, context, metrics)
  }

  private static async find(
    unit: DocUnit,
    table: ScanTable,
    columns: readonly SourceColumn[],
    context: TaskContext,
    metrics: OperatorMetrics,
    only: readonly number[] | null,
  ): Promise<SegmentColumns> {
    const { mapping } = table.index(unit.split.indexId)
    try {
      const places = await Promise.all(
        columns.map((column, i) =>
          only !== null && !only.includes(i) ? NOWHERE : placeOf(unit, table, mapping, column, context),
        ),
      )
      const stored = columns.filter((_, i) => places[i]!.kind === 'store').filter(isTableColumn)
      const keptFrom = keepsPaths(context) ? Math.min(MANY, context.batchSize) : null
      const store = stored.length === 0 ? null : await StoreColumns.open(unit, mapping, stored, keptFrom, metrics)
      return SegmentColumns.at(unit, mapping, columns, places, context, metrics, store)
    } catch (error) {
      throw unit.index.errorAbout(error)
    }
  }

  private static at(
    unit: DocUnit,
    mapping: DocMapping,
    columns: readonly SourceColumn[],
    places: readonly Place[],
    context: TaskContext,
    metrics: OperatorMetrics,
    store: StoreColumns | null = null,
  ): SegmentColumns {
    const shared = new Region(context.arena)
    const terms = context.settings.get('resident_terms') === 'off' ? plainTerms : unit.index.terms
    let slot = 0
    const means = places.map((place, i): Means => {
      if (place.kind === 'index' || place.kind === 'missing') return place
      const ofUnit = place.kind === 'fast' && place.ofUnit
      metrics.add(`columns_by_${ofUnit ? 'read_path' : place.kind}`, 1)
      if (place.kind === 'store') return { kind: 'store', slot: slot++ }
      if (place.kind === 'mark') return place
      const { type } = columns[i]!
      if (place.kind === 'promoted') return { kind: 'promoted', column: promotedColumn(place.raw, type, place.mapped) }
      const column = fastColumn(place.raw, type, place.mapped, shared, terms)!
      return { kind: 'fast', column, raw: place.raw, ofUnit }
    })
    return new SegmentColumns(unit, mapping, columns, means, store, shared)
  }

  /** Number of columns. */
  get width(): number {
    return this.#columns.length
  }

  column(i: number): SourceColumn {
    return this.#columns[i]!
  }

  means(i: number): Means {
    return this.#means[i]!
  }

  /** Whether one of the columns at `wanted` is read from documents. */
  readsDocuments(wanted: readonly number[]): boolean {
    return wanted.some((i) => this.#means[i]!.kind === 'store')
  }

  /** The column at `i` as ordinals; null where it is no text of a fast field. */
  ordinals(i: number): OrdinalColumn | null {
    const means = this.#means[i]!
    return means.kind === 'fast' ? (means.column.ordinals?.() ?? null) : null
  }

  /** Gives the column at `i` as ordinals from now on. */
  useOrdinals(i: number): void {
    const means = this.#means[i]!
    const column = this.ordinals(i)
    if (means.kind === 'fast' && column !== null) this.#means[i] = { ...means, column }
  }

  /** Gives the text column at `i` for these documents alone from now on. */
  async narrow(i: number, docs: Uint32Array, context: TaskContext): Promise<void> {
    const means = this.#means[i]!
    const ordinals = this.ordinals(i)
    if (means.kind !== 'fast' || ordinals === null) return
    const column = await aboutSplit(this.#unit, () =>
      narrowedText(ordinals, this.#columns[i]!.type, docs, this.#shared, context),
    )
    this.#means[i] = { ...means, column }
  }

  /** The split's field of a table column; null where it has none of its own. */
  entry(name: string): FieldEntry | null {
    const field = resolveField(this.#unit.index.index.schema, this.#mapping, name)
    return field.kind === 'field' ? field.entry : null
  }

  /** The field that the column at `i` is of, and whether the mapping in use wrote it; null where the split has none of its own. */
  indexed(i: number): { readonly entry: FieldEntry; readonly mapped: MappedField; readonly current: boolean } | null {
    const { source } = this.#columns[i]!
    const entry = source.kind === 'column' ? this.entry(source.name) : null
    const mapped = source.kind === 'column' ? this.#mapping.field(source.name) : null
    if (entry === null || mapped === null) return null
    return {
      entry,
      mapped,
      current: this.#unit.split.docMappingUid === this.#mapping.uid && this.#mapping.uid !== NIL_UID,
    }
  }

  /** Name of the fast column of the texts at a JSON path, as they are written; null where this split has none such. */
  pathColumn(name: string, path: readonly (string | number)[]): string | null {
    const found = this.#jsonField(name, path)
    if (found === null || !found.entry.options.fast) return null
    const { fastTokenizer } = found.entry.options
    return fastTokenizer !== null && fastTokenizer !== 'raw' ? null : jsonColumnName(found.entry, found.steps)
  }

  /** What the terms of strings at a JSON path begin with, where they are indexed untouched; null where they are not. */
  indexedPath(
    name: string,
    path: readonly (string | number)[],
  ): { readonly ord: number; readonly prefix: Uint8Array } | null {
    const found = this.#jsonField(name, path)
    if (found === null) return null
    const { ord, options } = found.entry
    if (options.record === null || options.tokenizer !== 'raw') return null
    return { ord, prefix: jsonTermPrefix(found.steps, options.expandDots, 'str') }
  }

  /** The JSON field of a path of keys, and the steps below it; null where this split has none such. */
  #jsonField(name: string, path: readonly (string | number)[]): { entry: FieldEntry; steps: readonly string[] } | null {
    const field = resolveField(this.#unit.index.index.schema, this.#mapping, name)
    const steps = path.filter((step) => typeof step === 'string')
    if ((field.kind !== 'field' && field.kind !== 'dynamic') || steps.length < path.length) return null
    if (field.entry.type !== 'json_object') return null
    return { entry: field.entry, steps: field.kind === 'dynamic' ? [...field.path, ...steps] : steps }
  }

  /** The columns at `wanted` for documents `start` to `end` (exclusive), deleted ones included. */
  readRange(
    wanted: readonly number[],
    start: number,
    end: number,
    region: Region,
  ): readonly Vector[] | Promise<readonly Vector[]> {
    const docs = () => allDocs(start, end)
    return aboutSplit(this.#unit, () =>
      this.#read(wanted, end - start, region, (column) => column.readRange(start, end, region), docs),
    )
  }

  /** The columns at `wanted` for a list of documents. */
  readDocs(
    wanted: readonly number[],
    docs: Uint32Array,
    region: Region,
  ): readonly Vector[] | Promise<readonly Vector[]> {
    return aboutSplit(this.#unit, () =>
      this.#read(
        wanted,
        docs.length,
        region,
        (column) => column.readDocs(docs, region),
        () => docs,
      ),
    )
  }

  release(): void {
    this.#shared.release()
  }

  #read(
    wanted: readonly number[],
    length: number,
    region: Region,
    readFast: (column: FastColumn) => Vector | Promise<Vector>,
    docs: () => Uint32Array,
  ): readonly Vector[] | Promise<readonly Vector[]> {
    region.dependOn(this.#shared)
    let stored: Promise<readonly Vector[]> | null = null
    const slots = (): number[] =>
      wanted.flatMap((i) => (this.#means[i]!.kind === 'store' ? [(this.#means[i] as { slot: number }).slot] : []))
    const vectorOf = (i: number): Vector | Promise<Vector> => {
      const means = this.#means[i]!
      const { type } = this.#columns[i]!
      switch (means.kind) {
        case 'fast':
        case 'promoted':
          return readFast(means.column)
        case 'store':
          stored ??= this.#store!.read(slots(), docs(), region)
          return stored.then((vectors) => vectors[slots().indexOf(means.slot)]!)
        case 'mark':
          return markVector(means.bits, this.#unit.start, docs(), region)
        case 'index':
          return constantVector(type, this.#unit.split.indexId, length, region)
        case 'missing':
          return constantVector(type, null, length, region)
      }
    }
    const vectors: Vector[] = []
    for (const [k, i] of wanted.entries()) {
      const vector = vectorOf(i)
      if (vector instanceof Promise) return readOn(vectors, vector, wanted.slice(k + 1), vectorOf)
      vectors.push(vector)
    }
    return vectors
  }
}

/** Reads what is left one by one, behind the first that has to be waited for. */
async function readOn(
  vectors: Vector[],
  first: Promise<Vector>,
  rest: readonly number[],
  vectorOf: (i: number) => Vector | Promise<Vector>,
): Promise<Vector[]> {
  vectors.push(await first)
  for (const i of rest) vectors.push(await vectorOf(i))
  return vectors
}

/** Documents that are read together from which on texts at JSON paths are kept: fewer may be all that is ever asked for. */
const MANY = 256

/** Where a segment has a column. */
type Place =
  | { readonly kind: 'fast'; readonly raw: Column; readonly mapped: FieldForm; readonly ofUnit: boolean }
  | { readonly kind: 'promoted'; readonly raw: Column; readonly mapped: MappedField }
  | Extract<Means, { kind: 'mark' | 'index' | 'missing' }>
  | { readonly kind: 'store' }

/** Of mappings that were written before mappings had one. */
const NIL_UID = '0'.repeat(26)

const PATH_TEXT: FieldForm = { type: 'text', outputFormat: null }

const NOWHERE: Place = { kind: 'missing' }

/** By segment, and by the column of a plan's source, which is of one table. */
const places = new WeakMap<SegmentReader, WeakMap<SourceColumn, Place>>()

function knownPlace(unit: DocUnit, mapping: DocMapping, column: SourceColumn, context: TaskContext): Place | null {
  return readPath(unit, mapping, column, context) ?? places.get(unit.segment)?.get(column) ?? null
}

function keepsPaths(context: TaskContext): boolean {
  return context.settings.get('resident_paths') !== 'off'
}

/** The texts at a JSON path that all documents of a unit were read for. */
function readPath(unit: DocUnit, mapping: DocMapping, { source }: SourceColumn, context: TaskContext): Place | null {
  if (source.kind !== 'path' || !source.text || !keepsPaths(context)) return null
  const raw = unit.index.paths.column(pathKey(unit, mapping, source))
  return raw && { kind: 'fast', raw, mapped: PATH_TEXT, ofUnit: true }
}

async function placeOf(
  unit: DocUnit,
  table: ScanTable,
  mapping: DocMapping,
  column: SourceColumn,
  context: TaskContext,
): Promise<Place> {
  const { source } = column
  // Of a unit, which may be a part of its segment.
  if (source.kind === 'mark') return { kind: 'mark', bits: await markBits(unit, table, source.predicate, context) }
  const read = readPath(unit, mapping, column, context)
  if (read !== null) return read
  let known = places.get(unit.segment)
  if (known === undefined) places.set(unit.segment, (known = new WeakMap()))
  let place = known.get(column)
  if (place === undefined) known.set(column, (place = await findPlace(unit, mapping, column, context)))
  return place
}

async function findPlace(
  unit: DocUnit,
  mapping: DocMapping,
  { source, type }: SourceColumn,
  context: TaskContext,
): Promise<Place> {
  if (source.kind !== 'column') return { kind: 'store' }
  if (source.name === INDEX_COLUMN) return { kind: 'index' }
  const field = resolveField(unit.index.index.schema, mapping, source.name)
  if (field.kind === 'missing') return NOWHERE
  const mapped = mapping.field(source.name)
  if (field.kind !== 'field' || mapped === null || field.entry.type === 'json_object') return { kind: 'store' }
  const { name, options } = field.entry
  const otherwise: Place = options.stored ? { kind: 'store' } : NOWHERE
  if (!options.fast) return otherwise
  const entry = (await unit.segment.columns()).find((column) => column.name === name)
  // A segment without the column has no value, or none that a column keeps.
  if (entry === undefined) return mapped.fast ? NOWHERE : otherwise
  const raw = await unit.segment.openColumn(entry)
  const scratch = context.region()
  const isFast = fastColumn(raw, type, mapped, scratch, plainTerms) !== null
  scratch.release()
  if (options.stored && !isExact(raw) && !(mapped.fast && isFast)) return otherwise
  return isFast ? { kind: 'fast', raw, mapped, ofUnit: false } : { kind: 'promoted', raw, mapped }
}
