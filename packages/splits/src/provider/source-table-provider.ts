import type { Estimate, ExecutionPlan } from '@volley/core'
import { TextPredicate, type ScanRequest, type TableColumn, type TableProvider } from '@volley/planner'
import { Float64 } from 'apache-arrow'
import { Layout } from '../layout/layout.ts'
import { addressFields } from '../sources/address.ts'
import { DocumentExec } from '../sources/document-exec.ts'
import { FastFieldExec } from '../sources/fast-field-exec.ts'
import { InvertedIndexExec } from '../sources/inverted-index-exec.ts'
import { ScanTable } from '../sources/scan-table.ts'
import { checkTextPredicate } from '../sources/text-query.ts'
import { projectOutputs, SCORE_COLUMN } from './project-outputs.ts'
import type { TableSnapshot } from './quickwit-table-provider.ts'
import { INDEX_COLUMN, tableColumns } from './table-columns.ts'

/** Table functions that reach one source of an index, and how many arguments follow the index. */
export const sourceFunctions: Readonly<Record<string, { readonly args: number }>> = {
  inverted_index: { args: 1 },
  fast_fields: { args: 0 },
  documents: { args: 0 },
}

/**
 * `inverted_index('logs', 'message:timeout')`, `fast_fields('logs')` or `documents('logs')`: one source of an index as a
 * table that starts with the address columns. Two of them over one index join on the address without an exchange.
 */
export class SourceTableProvider implements TableProvider {
  readonly name: string
  readonly columns: readonly TableColumn[]
  readonly supportsPaths: boolean
  readonly supportsText = false
  readonly #function: string
  readonly #snapshot: TableSnapshot
  readonly #query: TextPredicate | null

  constructor(name: string, index: string, snapshot: TableSnapshot, query: string | null) {
    this.name = `${name}(${index})`
    this.#function = name
    this.#snapshot = snapshot
    this.#query = query === null ? null : new TextPredicate('query', null, [], query)
    this.supportsPaths = name === 'documents'
    if (this.#query !== null) for (const { mapping } of snapshot.indexes) checkTextPredicate(this.#query, mapping)
    this.columns = [...addressFields.map((field) => visible(field.name, field.type, false)), ...this.#ownColumns()]
  }

  get rows(): Estimate {
    return { value: this.#snapshot.splits.reduce((sum, split) => sum + split.numDocs, 0), exact: this.#query === null }
  }

  get bytes(): Estimate {
    return { value: this.rows.value * 16 * this.columns.length, exact: false }
  }

  get rowAddress(): TableProvider['rowAddress'] {
    return { layout: this.#snapshot.snapshotId, columns: addressFields.map((field) => field.name) }
  }

  supportsFilter(): boolean {
    return false
  }

  checkText(): void {}

  scan(request: ScanRequest): ExecutionPlan {
    const layout = Layout.create(this.#snapshot.snapshotId, this.#snapshot.splits, request.settings.targetPartitions)
    const table = new ScanTable(
      this.#snapshot.indexes.map((index) => index.indexId).join(','),
      this.#snapshot.indexes,
      layout,
    )
    return projectOutputs(this.#source(table, request), request.outputs)
  }

  #source(table: ScanTable, request: ScanRequest): ExecutionPlan {
    if (this.#query !== null) {
      const scored = request.outputs.some(({ source }) => source.kind === 'column' && source.name === SCORE_COLUMN)
      return new InvertedIndexExec(table, { filters: [this.#query], marks: [], scored, topK: null })
    }
    const columns = request.outputs.flatMap(({ name, type, nullable, source }) =>
      (source.kind === 'column' && !addressFields.some((field) => field.name === source.name)) || source.kind === 'path'
        ? [{ name, type, nullable, source }]
        : [],
    )
    const options = { columns, filters: [], query: [], top: null, fetch: request.fetch }
    return this.#function === 'documents' ? new DocumentExec(table, options) : new FastFieldExec(table, options)
  }

  #ownColumns(): TableColumn[] {
    if (this.#function === 'inverted_index') return [visible(SCORE_COLUMN, new Float64(), false)]
    const stored = this.#function === 'documents'
    const isStored = (name: string) =>
      this.#snapshot.indexes.some(({ mapping }) => mapping.field(name)?.stored !== false)
    return tableColumns(this.#snapshot.indexes).filter(
      (column) => column.selectable && column.name !== INDEX_COLUMN && (stored ? isStored(column.name) : column.fast),
    )
  }
}

function visible(name: string, type: TableColumn['type'], nullable: boolean): TableColumn {
  return { name, type, nullable, visible: true, selectable: true, searchable: false }
}
