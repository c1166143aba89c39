import { SqlState, typesEqual, VolleyError } from '@volley/core'
import type { TableColumn } from '@volley/planner'
import { Utf8 } from 'apache-arrow'
import { columnsOf } from '../mapping/mapping-columns.ts'
import type { ScannedIndex } from '../sources/scan-table.ts'

/** A column of a Quickwit table, and whether the fast-field source reads it. */
export interface SplitColumn extends TableColumn {
  readonly fast: boolean
}

/** Name of the column that says which index a row is of. */
export const INDEX_COLUMN = '_index'

/**
 * The columns of one index, or of all indexes behind a pattern: then the union by name, NULL where an index lacks one, and
 * a visible `_index`.
 *
 * @throws VolleyError when two indexes give one name different types.
 */
export function tableColumns(indexes: readonly ScannedIndex[]): readonly SplitColumn[] {
  if (indexes.length !== 1) return unitedColumns(indexes)
  let columns = columnsOfOne.get(indexes[0]!)
  if (columns === undefined) columnsOfOne.set(indexes[0]!, (columns = unitedColumns(indexes)))
  return columns
}

const columnsOfOne = new WeakMap<ScannedIndex, readonly SplitColumn[]>()

function unitedColumns(indexes: readonly ScannedIndex[]): SplitColumn[] {
  const byName = new Map<string, SplitColumn>()
  const owner = new Map<string, string>()
  for (const { indexId, mapping } of indexes) {
    for (const column of columnsOf(mapping)) {
      const fast = mapping.field(column.name)?.fast === true && mapping.field(column.name)!.type !== 'json'
      const known = byName.get(column.name)
      if (known === undefined) {
        byName.set(column.name, { ...column, fast })
        owner.set(column.name, indexId)
        continue
      }
      if (!typesEqual(known.type, column.type)) {
        throw new VolleyError(
          `column "${column.name}" is ${known.type} in index ${owner.get(column.name)} and ${column.type} in ${indexId}; query them one by one`,
          { code: SqlState.datatypeMismatch },
        )
      }
      byName.set(column.name, {
        ...known,
        fast: known.fast && fast,
        selectable: known.selectable || column.selectable,
        visible: known.visible || column.visible,
        searchable: known.searchable || column.searchable,
      })
    }
  }
  const index: SplitColumn = {
    name: INDEX_COLUMN,
    type: new Utf8(),
    nullable: false,
    visible: indexes.length > 1,
    selectable: true,
    searchable: false,
    comment: 'the index that the row is of',
    fast: true,
  }
  return [...byName.values(), index]
}
