import { boundOf, mayHold, orderedValue, type ColumnBound, type Expr } from '@volley/core'
import type { Field } from 'apache-arrow'
import {
  readColumnIndex,
  readOffsetIndex,
  type ColumnChunk,
  type FileMetaData,
  type OffsetIndex,
  type SchemaElement,
} from 'hyparquet'
import { parsers, type OpenFile } from './parquet-file.ts'

/** Rows from the first (inclusive) to the last (exclusive). */
export type RowRange = readonly [start: number, end: number]

/** Least and greatest values of pages; null where a page has none, or does not say. */
interface PageBounds {
  readonly starts: readonly number[]
  readonly bounds: readonly (readonly [low: number | bigint, high: number | bigint] | null)[]
  /** Pages whose rows are all NULL. */
  readonly empty: readonly boolean[]
}

const offsetIndexes = new WeakMap<ColumnChunk, OffsetIndex | null>()
const pageBounds = new WeakMap<ColumnChunk, PageBounds | null>()

async function indexBytes(
  file: OpenFile,
  offset: bigint | undefined,
  length: number | undefined,
): Promise<DataView | null> {
  if (offset === undefined || length === undefined || length <= 0) return null
  const bytes = await file.bytes(Number(offset), Number(offset) + length)
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Where the pages of a column chunk are; null where the file does not say. */
export async function offsetIndex(file: OpenFile, chunk: ColumnChunk): Promise<OffsetIndex | null> {
  let index = offsetIndexes.get(chunk)
  if (index === undefined) {
    const view = await indexBytes(file, chunk.offset_index_offset, chunk.offset_index_length)
    index = view === null ? null : readOffsetIndex({ view, offset: 0 })
    offsetIndexes.set(chunk, index)
  }
  return index
}

async function boundsOfPages(file: OpenFile, chunk: ColumnChunk, element: SchemaElement): Promise<PageBounds | null> {
  let known = pageBounds.get(chunk)
  if (known === undefined) {
    known = null
    const offsets = await offsetIndex(file, chunk)
    const view = await indexBytes(file, chunk.column_index_offset, chunk.column_index_length)
    if (offsets !== null && view !== null) {
      const {
        null_pages: empty,
        min_values: lows,
        max_values: highs,
      } = readColumnIndex({ view, offset: 0 }, element, parsers)
      const starts = offsets.page_locations.map((page) => Number(page.first_row_index))
      const bounds = starts.map((_, i) => {
        const [low, high] = [orderedValue(lows[i]), orderedValue(highs[i])]
        return low === null || high === null ? null : ([low, high] as const)
      })
      if (empty.length === starts.length && starts[0] === 0) known = { starts, bounds, empty }
    }
    pageBounds.set(chunk, known)
  }
  return known
}

/** Rows of a row group that may pass all filters, by what its page indexes say. */
export async function allowedRows(
  file: OpenFile,
  group: FileMetaData['row_groups'][number],
  columns: readonly Field[],
  filters: readonly Expr[],
  source: (name: string) => { readonly chunk: ColumnChunk; readonly element: SchemaElement } | null,
): Promise<{ readonly ranges: readonly RowRange[]; readonly skipped: number }> {
  const rows = Number(group.num_rows)
  let ranges: readonly RowRange[] = [[0, rows]]
  let skipped = 0
  for (const filter of filters) {
    const bound = boundOf(filter, columns)
    const from = bound === null ? null : source(columns[bound.column]!.name)
    if (bound === null || from === null) continue
    const index = await boundsOfPages(file, from.chunk, from.element)
    if (index === null) continue
    const allowed: RowRange[] = []
    for (const [i, start] of index.starts.entries()) {
      if (mayHaveRows(index, i, bound)) allowed.push([start, index.starts[i + 1] ?? rows])
      else skipped++
    }
    ranges = intersect(ranges, allowed)
  }
  return { ranges, skipped }
}

function mayHaveRows({ bounds, empty }: PageBounds, page: number, { op, value }: ColumnBound): boolean {
  if (empty[page] === true) return false
  const known = bounds[page] ?? null
  return known === null || mayHold(op, known[0], known[1], value)
}

/** Rows that are in a range of both, those that follow on one another as one. */
export function intersect(left: readonly RowRange[], right: readonly RowRange[]): RowRange[] {
  const out: RowRange[] = []
  let j = 0
  for (const [start, end] of left) {
    while (j < right.length && right[j]![1] <= start) j++
    for (let k = j; k < right.length && right[k]![0] < end; k++) {
      const range: RowRange = [Math.max(start, right[k]![0]), Math.min(end, right[k]![1])]
      const last = out.at(-1)
      if (last !== undefined && last[1] === range[0]) out[out.length - 1] = [last[0], range[1]]
      else if (range[0] < range[1]) out.push(range)
    }
  }
  return out
}
