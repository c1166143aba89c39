import { vectorOf, type OperatorMetrics, type ScalarValue, type Vector } from '@volley/core'
import type { Region } from '@volley/kernels'
import type { DocStore } from '@volley/tantivy'
import type { DocMapping } from '../mapping/doc-mapping.ts'
import type { ColumnValue } from '../mapping/column-value.ts'
import { DocumentReader } from '../mapping/document-reader.ts'
import type { DocUnit } from './opened-layout.ts'
import type { SourceColumn, TableColumn } from './segment-columns.ts'

/** Columns of one segment that come from its document store, read together: a document is decoded once for all of them. */
export class StoreColumns {
  readonly #store: DocStore
  readonly #reader: (wanted: readonly number[]) => DocumentReader
  readonly #columns: readonly SourceColumn[]
  readonly #metrics: OperatorMetrics

  private constructor(
    store: DocStore,
    reader: (wanted: readonly number[]) => DocumentReader,
    columns: readonly SourceColumn[],
    metrics: OperatorMetrics,
  ) {
    this.#store = store
    this.#reader = reader
    this.#columns = columns
    this.#metrics = metrics
  }

  static async open(
    unit: DocUnit,
    mapping: DocMapping,
    columns: readonly TableColumn[],
    metrics: OperatorMetrics,
  ): Promise<StoreColumns> {
    const { schema } = unit.index.index
    const reader = (wanted: readonly number[]) =>
      new DocumentReader(
        schema,
        mapping,
        wanted.map((i) => columns[i]!.source),
      )
    return new StoreColumns(await unit.segment.store(), reader, columns, metrics)
  }

  /** The columns at `wanted` of some documents: their store blocks are fetched first, then decoded without waiting. */
  async read(wanted: readonly number[], docs: Uint32Array, region: Region): Promise<Vector[]> {
    await this.#store.warm(docs)
    const reader = this.#reader(wanted)
    const columns: ScalarValue[][] = wanted.map(() => [])
    const row: ColumnValue[] = []
    for (const doc of docs) {
      reader.read(this.#store, doc, row)
      for (let i = 0; i < columns.length; i++) columns[i]!.push(row[i]!)
    }
    this.#metrics.add('docs_fetched', docs.length)
    return columns.map((values, i) => vectorOf(this.#columns[wanted[i]!]!.type, values, region))
  }
}
