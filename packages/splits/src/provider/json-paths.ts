import { SqlState, VolleyError } from '@volley/core'
import type { SplitRef } from '../layout/layout.ts'
import type { SplitIndex, SplitIndexOpener } from '../opener/split-index-opener.ts'
import type { SplitFieldsEntry, SplitFieldType } from '../bundle/split-fields.ts'
import { DYNAMIC_COLUMN, joinFieldPath, type DocMapping } from '../mapping/doc-mapping.ts'
import { findField } from '../mapping/resolve-field.ts'
import type { TableSnapshot } from './quickwit-table-provider.ts'

/** A path that documents have in a JSON column. */
export interface JsonPath {
  readonly column: string
  /** Steps below the column, as queries write them: joined by dots, dots inside a step escaped. */
  readonly path: string
  /** Types that its values have: of integers and floats together only the wider. */
  readonly types: readonly SplitFieldType[]
  readonly searchable: boolean
  readonly fast: boolean
  /** Splits that have it, of those that were asked. */
  readonly splits: number
}

export interface JsonPaths {
  readonly paths: readonly JsonPath[]
  /** Splits that were asked. */
  readonly asked: number
}

/** Newest splits that are asked for their paths. */
const ASKED = 64
const CONCURRENT = 16

/**
 * The paths of a table's JSON columns, the dynamic one included, sorted by name: from the lists of fields of its newest
 * splits (`split_fields`), or, of a split without one, from its fast fields.
 */
export async function jsonPaths(
  snapshot: TableSnapshot,
  opener: SplitIndexOpener,
  signal?: AbortSignal,
): Promise<JsonPaths> {
  const mappings = new Map(snapshot.indexes.map(({ indexId, mapping }) => [indexId, mapping]))
  if (![...mappings.values()].some(hasPaths)) return { paths: [], asked: 0 }
  // Ids begin with the time of creation.
  const newest = [...snapshot.splits].sort((a, b) => (a.splitId < b.splitId ? 1 : -1)).slice(0, ASKED)
  const found = new Map<string, Collected>()
  let asked = 0
  for (let at = 0; at < newest.length; at += CONCURRENT) {
    await Promise.all(
      newest.slice(at, at + CONCURRENT).map(async (split) => {
        const index = await openIfThere(split, opener, signal)
        if (index === null) return
        asked++
        collect(await entriesOf(index, signal), index, mappings.get(split.indexId)!, found)
      }),
    )
  }
  const paths = [...found.values()].map(({ types, splits, ...path }): JsonPath => {
    return { ...path, types: widest(types), splits: splits.size }
  })
  const name = ({ column, path }: JsonPath): string => `${column}\0${path}`
  return { paths: paths.sort((a, b) => (name(a) < name(b) ? -1 : 1)), asked }
}

/** Null for a split whose file has gone: a description needs no snapshot. */
async function openIfThere(
  split: SplitRef,
  opener: SplitIndexOpener,
  signal: AbortSignal | undefined,
): Promise<SplitIndex | null> {
  try {
    return await opener.open(split, signal)
  } catch (error) {
    if (error instanceof VolleyError && error.code === SqlState.undefinedFile) return null
    throw error
  }
}

interface Collected {
  readonly column: string
  readonly path: string
  readonly types: Set<SplitFieldType>
  readonly splits: Set<string>
  searchable: boolean
  fast: boolean
}

function hasPaths({ fields, dynamic }: DocMapping): boolean {
  return dynamic !== null || fields.some(({ type }) => type === 'json')
}

async function entriesOf(split: SplitIndex, signal: AbortSignal | undefined): Promise<readonly SplitFieldsEntry[]> {
  const listed = await split.splitFields(signal)
  if (listed !== null) return listed
  const entries: SplitFieldsEntry[] = []
  for (const segment of split.index.segments) {
    for (const { name, type } of await segment.columns()) {
      const [field, ...steps] = name.split('\x01')
      if (steps.length === 0) continue
      const indexed = split.index.schema.field(field!)?.options.record !== null
      entries.push({ name: `${field}.${joinFieldPath(steps)}`, type, searchable: indexed, aggregatable: true })
    }
  }
  return entries
}

function collect(
  entries: readonly SplitFieldsEntry[],
  split: SplitIndex,
  mapping: DocMapping,
  found: Map<string, Collected>,
): void {
  for (const { name, type, searchable, aggregatable } of entries) {
    const field = findField(split.index.schema, name)
    if (field === null || field.entry.type !== 'json_object' || field.path.join('') === '') continue
    const place = placeOf(field.entry.name, field.path, mapping)
    if (place === null) continue
    const key = `${place.column}\0${place.path}`
    let path = found.get(key)
    if (path === undefined) {
      path = { ...place, types: new Set(), splits: new Set(), searchable: false, fast: false }
      found.set(key, path)
    }
    path.types.add(type)
    path.splits.add(split.ref.splitId)
    path.searchable ||= searchable
    path.fast ||= aggregatable
  }
}

/** Which column of the table has a path of a split's field; null for one that is, or became, a column itself. */
function placeOf(
  field: string,
  steps: readonly string[],
  mapping: DocMapping,
): { readonly column: string; readonly path: string } | null {
  if (field !== DYNAMIC_COLUMN) {
    const mapped = mapping.fieldOfTantivyName(field)
    return mapped?.type === 'json' ? { column: mapped.name, path: joinFieldPath(steps) } : null
  }
  for (let length = 1; length <= steps.length; length++) {
    const mapped = mapping.fieldOfTantivyName(joinFieldPath(steps.slice(0, length)))
    if (mapped === null) continue
    if (mapped.type !== 'json' || length === steps.length) return null
    return { column: mapped.name, path: joinFieldPath(steps.slice(length)) }
  }
  return mapping.dynamic === null ? null : { column: DYNAMIC_COLUMN, path: joinFieldPath(steps) }
}

function widest(types: ReadonlySet<SplitFieldType>): SplitFieldType[] {
  return [...types]
    .filter((type) => !((type === 'i64' || type === 'u64') && types.has('f64')))
    .filter((type) => !(type === 'u64' && types.has('i64')))
    .sort()
}
