import { SqlState, VolleyError, type Estimate, type ExecutionPlan, type Expr } from '@volley/core'
import type { ScanColumn, ScanRequest, TableProvider, TextPredicate } from '@volley/planner'
import { Layout, type SplitRef } from '../layout/layout.ts'
import { checkTextPredicate } from '../sources/text-query.ts'
import { DocumentExec } from '../sources/document-exec.ts'
import { FastFieldExec } from '../sources/fast-field-exec.ts'
import { InvertedIndexExec } from '../sources/inverted-index-exec.ts'
import { joinByAddress } from '../sources/join-by-address.ts'
import { ScanTable, type ScannedIndex } from '../sources/scan-table.ts'
import type { SourceColumn } from '../sources/segment-columns.ts'
import { isAddress, projectOutputs } from './project-outputs.ts'
import { tableColumns, type SplitColumn } from './table-columns.ts'

/** The indexes behind one table name, with the splits of the statement's snapshot. */
export interface TableSnapshot {
  readonly snapshotId: string
  readonly indexes: readonly ScannedIndex[]
  readonly splits: readonly SplitRef[]
}

/**
 * One logical table over all splits of an index, or of the indexes that a pattern names (then with a column `_index`).
 * Splits appear in the physical plan only: `inv ⋈ f ⋈ d` over one layout.
 */
export class QuickwitTableProvider implements TableProvider {
  readonly name: string
  readonly columns: readonly SplitColumn[]
  readonly supportsPaths = true
  readonly supportsText = true
  readonly snapshot: TableSnapshot
  readonly #byName: ReadonlyMap<string, SplitColumn>

  constructor(name: string, snapshot: TableSnapshot) {
    this.name = name
    this.snapshot = snapshot
    this.columns = tableColumns(snapshot.indexes)
    this.#byName = new Map(this.columns.map((column) => [column.name, column]))
  }

  get rows(): Estimate {
    return { value: this.snapshot.splits.reduce((sum, split) => sum + split.numDocs, 0), exact: true }
  }

  get bytes(): Estimate {
    return { value: this.rows.value * 100, exact: false }
  }

  /** Filters stay above the scan in the logical plan; FastFieldFilterPushdown moves what the sources evaluate. */
  supportsFilter(_predicate: Expr, _column: (id: number) => ScanColumn | null): boolean {
    return false
  }

  checkText(predicate: TextPredicate): void {
    if (predicate.field !== null && predicate.form !== 'query') {
      const column = this.#byName.get(predicate.field)
      if (column === undefined || !column.searchable) {
        throw new VolleyError(
          `column "${predicate.field}" of "${this.name}" is not indexed, so it cannot be searched`,
          {
            code: SqlState.undefinedColumn,
          },
        )
      }
    }
    for (const index of this.snapshot.indexes) checkTextPredicate(predicate, index.mapping)
  }

  scan(request: ScanRequest): ExecutionPlan {
    const { outputs, textFilters } = request
    const layout = Layout.create(this.snapshot.snapshotId, this.snapshot.splits, request.settings.targetPartitions)
    const table = new ScanTable(this.name, this.snapshot.indexes, layout)
    const fast: SourceColumn[] = []
    const stored: SourceColumn[] = []
    for (const output of outputs) {
      const { source } = output
      if (source.kind !== 'column' && source.kind !== 'path') continue
      if (isAddress(source)) continue
      const column = this.#byName.get(source.name)!
      const target = source.kind === 'column' && column.fast ? fast : stored
      target.push({ name: output.name, type: output.type, nullable: output.nullable, source })
    }
    const marks = outputs.flatMap(({ name, source }) =>
      source.kind === 'mark' ? [{ name, predicate: source.predicate }] : [],
    )
    const scored = outputs.some((output) => output.source.kind === 'score')
    const sources: ExecutionPlan[] = []
    if (textFilters.length > 0 || marks.length > 0) {
      sources.push(new InvertedIndexExec(table, { filters: textFilters, marks, scored, topK: null }))
    }
    const fetchInSource = sources.length === 0 ? request.fetch : null
    const columnOptions = { filters: [], query: [], top: null }
    if (fast.length > 0 || (sources.length === 0 && stored.length === 0)) {
      sources.push(new FastFieldExec(table, { ...columnOptions, columns: fast, fetch: fetchInSource }))
    }
    if (stored.length > 0) {
      sources.push(
        new DocumentExec(table, {
          ...columnOptions,
          columns: stored,
          fetch: sources.length === 0 ? fetchInSource : null,
        }),
      )
    }
    const joined = sources.reduce((left, right) => joinByAddress(left, right))
    return projectOutputs(joined, outputs)
  }
}
