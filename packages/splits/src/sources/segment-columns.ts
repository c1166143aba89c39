import type { OperatorMetrics, TaskContext, Vector } from '@volley/core'
import { constantVector } from '@volley/core'
import { Region } from '@volley/kernels'
import type { ScanColumn } from '@volley/planner'
import type { Column, ColumnEntry, FieldEntry } from '@volley/tantivy'
import type { DataType } from 'apache-arrow'
import type { DocMapping } from '../mapping/doc-mapping.ts'
import { jsonColumnName, resolveField } from '../mapping/resolve-field.ts'
import { INDEX_COLUMN } from '../provider/table-columns.ts'
import { fastColumn, type FastColumn, type OrdinalColumn } from './fast-column.ts'
import { aboutSplit, type DocUnit } from './opened-layout.ts'
import { checkReadBudget } from './read-meter.ts'
import type { ScanTable } from './scan-table.ts'
import { StoreColumns } from './store-columns.ts'

/** A column that a source gives, and what of the table it is. */
export interface SourceColumn {
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
  readonly source: Extract<ScanColumn, { kind: 'column' | 'path' }>
}

/** How a segment has a column; `raw` is the fast field's column itself. */
export type Means =
  | { readonly kind: 'fast'; readonly column: FastColumn; readonly raw: Column }
  | { readonly kind: 'store'; readonly slot: number }
  | { readonly kind: 'index' }
  | { readonly kind: 'missing' }

/**
 * The columns of a source in one opened segment, each by the means that this split has for it: a fast field, the document
 * store, or nothing (then every row is NULL). Holds one reference to the memory that its batches share; release it.
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

  /** Opens the columns of a unit, or those at `only`; the others are not to be read then. */
  static async open(
    unit: DocUnit,
    table: ScanTable,
    columns: readonly SourceColumn[],
    context: TaskContext,
    metrics: OperatorMetrics,
    only: readonly number[] | null = null,
  ): Promise<SegmentColumns> {
    checkReadBudget(context)
    const shared = new Region(context.arena)
    try {
      const { mapping } = table.index(unit.split.indexId)
      const schema = unit.index.index.schema
      const entries = columns.length === 0 ? [] : await unit.segment.columns()
      const stored: SourceColumn[] = []
      const means = await Promise.all(
        columns.map(async (column, i): Promise<Means> => {
          if (only !== null && !only.includes(i)) return { kind: 'missing' }
          if (column.source.kind === 'column') {
            if (column.source.name === INDEX_COLUMN) return { kind: 'index' }
            const field = resolveField(schema, mapping, column.source.name)
            if (field.kind === 'missing') return { kind: 'missing' }
            const mapped = mapping.field(column.source.name)
            const entry = field.kind === 'field' && mapped?.fast === true ? fastEntry(entries, field.entry.name) : null
            if (entry !== null && mapped !== null) {
              const raw = await unit.segment.openColumn(entry)
              const fast = fastColumn(raw, column.type, mapped, shared)
              if (fast !== null) return { kind: 'fast', column: fast, raw }
            }
          }
          stored.push(column)
          return { kind: 'store', slot: stored.length - 1 }
        }),
      )
      for (const { kind } of means) if (kind === 'fast' || kind === 'store') metrics.add(`columns_by_${kind}`, 1)
      const store = stored.length === 0 ? null : await StoreColumns.open(unit, mapping, stored, metrics)
      return new SegmentColumns(unit, mapping, columns, means, store, shared)
    } catch (error) {
      shared.release()
      throw unit.index.errorAbout(error)
    }
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

  /** The split's field of a table column; null where it has none of its own. */
  entry(name: string): FieldEntry | null {
    const field = resolveField(this.#unit.index.index.schema, this.#mapping, name)
    return field.kind === 'field' ? field.entry : null
  }

  /** Name of the fast column of the texts at a JSON path, as they are written; null where this split has none such. */
  pathColumn(name: string, path: readonly (string | number)[]): string | null {
    const field = resolveField(this.#unit.index.index.schema, this.#mapping, name)
    if (field.kind !== 'field' && field.kind !== 'dynamic') return null
    const { type, options } = field.entry
    const steps = path.filter((step) => typeof step === 'string')
    if (type !== 'json_object' || !options.fast || steps.length < path.length) return null
    if (options.fastTokenizer !== null && options.fastTokenizer !== 'raw') return null
    return jsonColumnName(field.entry, field.kind === 'dynamic' ? [...field.path, ...steps] : steps)
  }

  /** The columns at `wanted` for documents `start` to `end` (exclusive), deleted ones included. */
  readRange(wanted: readonly number[], start: number, end: number, region: Region): Promise<Vector[]> {
    const docs = () => Uint32Array.from({ length: end - start }, (_, i) => start + i)
    return aboutSplit(this.#unit, () =>
      this.#read(wanted, end - start, region, (column) => column.readRange(start, end, region), docs),
    )
  }

  /** The columns at `wanted` for a list of documents. */
  readDocs(wanted: readonly number[], docs: Uint32Array, region: Region): Promise<Vector[]> {
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

  async #read(
    wanted: readonly number[],
    length: number,
    region: Region,
    readFast: (column: FastColumn) => Promise<Vector>,
    docs: () => Uint32Array,
  ): Promise<Vector[]> {
    region.dependOn(this.#shared)
    const slots = wanted.flatMap((i) =>
      this.#means[i]!.kind === 'store' ? [(this.#means[i] as { slot: number }).slot] : [],
    )
    const stored = slots.length === 0 ? [] : await this.#store!.read(slots, docs(), region)
    const vectors: Vector[] = []
    for (const i of wanted) {
      const means = this.#means[i]!
      const { type } = this.#columns[i]!
      switch (means.kind) {
        case 'fast':
          vectors.push(await readFast(means.column))
          break
        case 'store':
          vectors.push(stored[slots.indexOf(means.slot)]!)
          break
        case 'index':
          vectors.push(constantVector(type, this.#unit.split.indexId, length, region))
          break
        case 'missing':
          vectors.push(constantVector(type, null, length, region))
          break
      }
    }
    return vectors
  }
}

function fastEntry(entries: readonly ColumnEntry[], name: string): ColumnEntry | null {
  return entries.find((entry) => entry.name === name) ?? null
}
