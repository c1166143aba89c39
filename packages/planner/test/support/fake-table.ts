import {
  ColumnExpr,
  conjunction,
  ExecutionPlan,
  FilterExec,
  operatorStream,
  RecordBatch,
  segmentPartitioning,
  vectorOf,
  type BatchStream,
  type Estimate,
  type Expr,
  type Partitioning,
  type ScalarValue,
  type SortKey,
  type Statistics,
  type TaskContext,
} from '@volley/core'
import type {
  Distributable,
  ScanColumn,
  ScanRequest,
  SplitWeight,
  TableColumn,
  TableProvider,
  TextPredicate,
} from '@volley/planner'
import { Field, Schema, Uint32, Utf8, type DataType } from 'apache-arrow'

export interface FakeSplit {
  readonly id: string
  readonly rows: readonly (readonly ScalarValue[])[]
}

export interface FakeColumn {
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
}

const ADDRESS: readonly FakeColumn[] = [
  { name: '_split_id', type: new Utf8(), nullable: false },
  { name: '_segment_ord', type: new Uint32(), nullable: false },
  { name: '_doc_id', type: new Uint32(), nullable: false },
]

/** A table of rows in splits, with address columns, that can search its text columns by whole words. */
export class FakeTable implements TableProvider {
  readonly name: string
  readonly own: readonly FakeColumn[]
  readonly splits: readonly FakeSplit[]
  readonly supportsPaths: boolean
  readonly supportsText = true
  readonly #acceptsFilters: boolean

  constructor(
    name: string,
    own: readonly FakeColumn[],
    splits: readonly FakeSplit[],
    options: { readonly filters?: boolean; readonly paths?: boolean } = {},
  ) {
    this.name = name
    this.own = own
    this.splits = splits
    this.#acceptsFilters = options.filters ?? false
    this.supportsPaths = options.paths ?? false
  }

  get columns(): readonly TableColumn[] {
    return [...ADDRESS, ...this.own].map((column) => ({ ...column, visible: true, selectable: true, searchable: true }))
  }

  get rows(): Estimate {
    return { value: this.splits.reduce((sum, split) => sum + split.rows.length, 0), exact: true }
  }

  readonly bytes: Estimate | null = null

  get rowAddress(): TableProvider['rowAddress'] {
    return { layout: this.name, columns: ADDRESS.map(({ name }) => name) }
  }

  supportsFilter(_predicate: Expr, _column: (id: number) => ScanColumn | null): boolean {
    return this.#acceptsFilters
  }

  checkText(predicate: TextPredicate): void {
    if (!this.own.some((column) => column.name === predicate.field)) throw new Error(`no field ${predicate.field}`)
  }

  scan(request: ScanRequest): ExecutionPlan {
    const source = new FakeSource(this, this.splits, request, request.settings.targetPartitions, this.name)
    const filter = conjunction(request.filters)
    return filter === null ? source : new FilterExec(source, filter)
  }

  words(predicate: TextPredicate, row: readonly ScalarValue[]): boolean {
    const value = row[this.own.findIndex((column) => column.name === predicate.field)]
    if (typeof value !== 'string') return false
    const words = value.split(' ')
    return predicate.text.split(' ').every((word) => words.includes(word))
  }
}

/** Reads a task's splits; partition p has the p-th share of each split's documents. */
class FakeSource extends ExecutionPlan implements Distributable {
  override readonly kind = 'FakeSource'
  override readonly children: readonly ExecutionPlan[] = []
  override readonly schema: Schema
  readonly #table: FakeTable
  readonly #splits: readonly FakeSplit[]
  readonly #request: ScanRequest
  readonly #partitions: number
  readonly #lineage: string

  constructor(
    table: FakeTable,
    splits: readonly FakeSplit[],
    request: ScanRequest,
    partitions: number,
    lineage: string,
  ) {
    super()
    this.#table = table
    this.#splits = splits
    this.#request = request
    this.#partitions = partitions
    this.#lineage = lineage
    this.schema = new Schema(
      request.outputs.map(({ name, type, nullable, source }) => {
        const part =
          source.kind === 'column'
            ? { _split_id: 'split', _segment_ord: 'segment', _doc_id: 'doc' }[source.name]
            : undefined
        return new Field(name, type, nullable, part === undefined ? new Map() : new Map([['volley.address', part]]))
      }),
    )
  }

  override get partitioning(): Partitioning {
    return segmentPartitioning(`${this.#lineage}:${this.#splits.map((split) => split.id).join('+')}`, this.#partitions)
  }

  override get ordering(): readonly SortKey[] {
    return ADDRESS.flatMap((column) => {
      const index = this.#request.outputs.findIndex(
        ({ source }) => source.kind === 'column' && source.name === column.name,
      )
      if (index < 0) return []
      return [{ expr: new ColumnExpr(index, column.name, column.type, false), descending: false, nullsFirst: false }]
    })
  }

  override get statistics(): Statistics {
    return {
      rows: { value: this.#splits.reduce((sum, split) => sum + split.rows.length, 0), exact: false },
      bytes: null,
    }
  }

  override withChildren(): ExecutionPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    const { outputs, textFilters, fetch } = this.#request
    return [
      ['table', this.#table.name],
      ['columns', `[${outputs.map((output) => output.name).join(', ')}]`],
      ...(textFilters.length > 0 ? [['text', `[${textFilters.join(', ')}]`] as const] : []),
      ...(fetch === null ? [] : [['fetch', String(fetch)] as const]),
    ]
  }

  splitWeights(): readonly SplitWeight[] {
    return this.#splits.map((split) => ({ id: split.id, weight: split.rows.length }))
  }

  forTask(splitIds: ReadonlySet<string>): ExecutionPlan {
    const splits = this.#splits.filter((split) => splitIds.has(split.id))
    return new FakeSource(this.#table, splits, this.#request, this.#partitions, this.#lineage)
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return operatorStream(this.schema, [], this.#batches(partition, context))
  }

  async *#batches(partition: number, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const { outputs, textFilters } = this.#request
    for (const split of this.#splits) {
      const bound = (p: number) => Math.floor((p * split.rows.length) / this.#partitions)
      const rows: ScalarValue[][] = []
      for (let doc = bound(partition); doc < bound(partition + 1); doc++) {
        const row = split.rows[doc]!
        if (!textFilters.every((predicate) => this.#table.words(predicate, row))) continue
        rows.push(outputs.map(({ source }) => this.#value(source, split.id, doc, row)))
      }
      if (rows.length === 0) continue
      const region = context.region()
      const columns = this.schema.fields.map((field, i) =>
        vectorOf(
          field.type,
          rows.map((row) => row[i]!),
          region,
        ),
      )
      yield new RecordBatch(this.schema, columns, rows.length, null, region)
    }
  }

  #value(source: ScanColumn, split: string, doc: number, row: readonly ScalarValue[]): ScalarValue {
    switch (source.kind) {
      case 'mark':
        return this.#table.words(source.predicate, row)
      case 'score':
        return this.#request.textFilters.reduce((sum, predicate) => sum + predicate.text.length, 0) + doc
      case 'path': {
        let value: unknown = JSON.parse(
          row[this.#table.own.findIndex((column) => column.name === source.name)] as string,
        )
        for (const step of source.path) value = (value as Record<string, unknown> | null)?.[step]
        return value === undefined || value === null ? null : String(value)
      }
      case 'column':
        if (source.name === '_split_id') return split
        if (source.name === '_segment_ord') return 0
        if (source.name === '_doc_id') return doc
        return row[this.#table.own.findIndex((column) => column.name === source.name)]!
    }
  }
}
