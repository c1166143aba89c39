import { ColumnSource, type ColumnSourceOptions } from './column-source.ts'
import type { ScanTable } from './scan-table.ts'

/** `f`: live documents with their fast fields. A split in which a field is not fast reads it from its document store. */
export class FastFieldExec extends ColumnSource {
  override readonly kind = 'FastFieldExec'

  protected override withTable(table: ScanTable): FastFieldExec {
    return new FastFieldExec(table, this.options)
  }

  override withOptions(options: ColumnSourceOptions): FastFieldExec {
    return new FastFieldExec(this.table, options)
  }
}
