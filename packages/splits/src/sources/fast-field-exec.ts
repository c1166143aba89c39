import { typeName } from '@volley/core'
import { ColumnSource, type ColumnSourceOptions } from './column-source.ts'
import type { ScanTable } from './scan-table.ts'
import { isTableColumn } from './segment-columns.ts'

/** `f`: live documents with their fast fields. A split in which a field is not fast reads it from its document store. */
export class FastFieldExec extends ColumnSource {
  override readonly kind = 'FastFieldExec'

  protected override withTable(table: ScanTable): FastFieldExec {
    return new FastFieldExec(table, this.optionsFor(table))
  }

  /**
   * Fields whose text is NULL here where it has 255 bytes or more: Quickwit leaves such values out of its columns.
   */
  get cutTextFields(): readonly string[] {
    return this.options.columns.filter(isTableColumn).flatMap(({ type, source }) => {
      const isText = this.table.indexes.some(({ mapping }) => mapping.field(source.name)?.type === 'text')
      return isText && typeName(type) === 'Utf8' ? [source.name] : []
    })
  }

  override withOptions(options: ColumnSourceOptions): FastFieldExec {
    return new FastFieldExec(this.table, options)
  }
}
