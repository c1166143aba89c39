import { encodeJsonPath, type FieldEntry, type IndexSchema } from '@volley/tantivy'
import { type DocMapping, DYNAMIC_COLUMN, SOURCE_COLUMN, splitFieldPath } from './doc-mapping.ts'

/**
 * How a split holds a column: as a field of its own, as a path inside a JSON field (the dynamic one, mostly), as the whole
 * document, or not at all.
 */
export type FieldResolution =
  | { readonly kind: 'field'; readonly entry: FieldEntry }
  | { readonly kind: 'dynamic'; readonly entry: FieldEntry; readonly path: readonly string[] }
  | { readonly kind: 'source' }
  | { readonly kind: 'missing' }

/**
 * Finds a SQL column in a split by the split's own schema, for a column that the mapping gained later is in the dynamic
 * part of older splits.
 */
export function resolveField(schema: IndexSchema, mapping: DocMapping, column: string): FieldResolution {
  if (column === SOURCE_COLUMN) return { kind: 'source' }
  const name = mapping.field(column)?.tantivyName ?? column
  const found = findField(schema, name)
  if (found === null || (found.path.length > 0 && found.entry.type !== 'json_object')) return { kind: 'missing' }
  return found.path.length === 0 ? { kind: 'field', entry: found.entry } : { kind: 'dynamic', ...found }
}

/**
 * The field of a name as queries write it (dots inside a step escaped), and the steps below it: the exact field, else the
 * longest declared JSON prefix, else everything below `_dynamic`; null when there is none of them.
 */
export function findField(
  schema: IndexSchema,
  name: string,
): { readonly entry: FieldEntry; readonly path: readonly string[] } | null {
  const exact = schema.field(name)
  if (exact !== undefined) return { entry: exact, path: [] }
  for (let dot = name.length - 1; dot > 0; dot--) {
    if (name[dot] !== '.' || name[dot - 1] === '\\') continue
    const entry = schema.field(name.slice(0, dot))
    if (entry !== undefined) return { entry, path: splitFieldPath(name.slice(dot + 1)) }
  }
  const dynamic = schema.field(DYNAMIC_COLUMN)
  return dynamic === undefined ? null : { entry: dynamic, path: splitFieldPath(name) }
}

/**
 * Name of the column that holds a JSON path (formats/quickwit-split.md §9.3): the field's name and the steps, joined by
 * byte 1; with `expandDots` a dot inside a key parts two steps.
 */
export function jsonColumnName(entry: FieldEntry, path: readonly string[]): string {
  return path.length === 0 ? entry.name : `${entry.name}\x01${encodeJsonPath(path, entry.options.expandDots)}`
}
