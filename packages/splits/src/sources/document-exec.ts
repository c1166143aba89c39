import { ColumnSource, type ColumnSourceOptions } from './column-source.ts'
import type { ScanTable } from './scan-table.ts'

/** `d`: live documents with columns of their stored form. */
export class DocumentExec extends ColumnSource {
  override readonly kind = 'DocumentExec'

  protected override withTable(table: ScanTable): DocumentExec {
    return new DocumentExec(table, this.optionsFor(table))
  }

  override withOptions(options: ColumnSourceOptions): DocumentExec {
    return new DocumentExec(this.table, options)
  }
}
