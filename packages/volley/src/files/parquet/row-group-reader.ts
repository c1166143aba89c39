import { takeVector, type Vector } from '@volley/core'
import { Region, SLACK_BYTES, type Arena } from '@volley/kernels'
import type { Field } from 'apache-arrow'
import { parquetSchema, type ColumnChunk as FileColumn, type RowGroup, type SchemaTree } from 'hyparquet'
import type { FileChunk, ValueBounds } from '../file-format.ts'
import { columnPages, type FileRun, type PageStart } from './column-pages.ts'
import { ColumnReader, type ColumnChunk } from './column-reader.ts'
import { readByLibrary, type LibraryColumn } from './library-column.ts'
import { offsetIndex, type RowRange } from './page-index.ts'
import { corrupt, type OpenFile } from './parquet-file.ts'
import { boundsIn } from './row-group-statistics.ts'
import { layoutOf } from './value-layout.ts'

/** A wanted column as the row group has it. */
interface Source {
  readonly field: Field
  /** Null where a library has to read it. */
  readonly flat: { readonly file: FileColumn; readonly chunk: ColumnChunk } | null
}

/** Bytes of a file that belong to a column. */
interface Wanted {
  readonly column: number
  readonly start: number
  readonly end: number
}

/** Gaps up to this many bytes are read along. */
const GAP = 64 * 1024
/** One request is for this many bytes at most, unless a page is larger. */
const AT_ONCE = 4 * 1024 * 1024

type FlatColumns = ReadonlyMap<string, { readonly tree: SchemaTree; readonly chunk: FileColumn }>

const known = new WeakMap<RowGroup, FlatColumns>()

/** Flat columns of a row group by name. */
export function flatColumns({ metadata }: OpenFile, group: number): FlatColumns {
  const rowGroup = metadata.row_groups[group]!
  const found = known.get(rowGroup)
  if (found !== undefined) return found
  const trees = new Map(parquetSchema(metadata).children.map((tree) => [tree.element.name, tree]))
  const flat = new Map<string, { tree: SchemaTree; chunk: FileColumn }>()
  for (const chunk of rowGroup.columns) {
    const path = chunk.meta_data?.path_in_schema
    const tree = path?.length === 1 ? trees.get(path[0]!) : undefined
    if (tree !== undefined && tree.children.length === 0) flat.set(path![0]!, { tree, chunk })
  }
  known.set(rowGroup, flat)
  return flat
}

/**
 * The rows of a row group. Columns are fetched when they are first asked for, as they are in the file, to the arena; their
 * pages are decoded as rows are.
 */
export class RowGroupReader implements FileChunk {
  readonly rows: number
  readonly ranges: readonly RowRange[]
  readonly #file: OpenFile
  readonly #group: number
  readonly #sources: readonly Source[]
  readonly #loaded: (Promise<void> | null | undefined)[]
  readonly #readers: (ColumnReader | LibraryColumn | null)[]
  readonly #count: (name: string, by: number) => void
  /** What the file has of the columns. */
  readonly #stored: Region
  /** What vectors share. */
  readonly #kept: Region
  readonly #onClose: () => void

  constructor(
    file: OpenFile,
    group: number,
    columns: readonly Field[],
    ranges: readonly RowRange[],
    arena: Arena,
    count: (name: string, by: number) => void,
    onClose: () => void,
  ) {
    const flat = flatColumns(file, group)
    this.rows = Number(file.metadata.row_groups[group]!.num_rows)
    this.ranges = ranges
    this.#file = file
    this.#group = group
    this.#sources = columns.map((field) => ({ field, flat: sourceOf(flat.get(field.name), field) }))
    this.#loaded = columns.map(() => undefined)
    this.#readers = columns.map(() => null)
    this.#count = count
    this.#onClose = onClose
    this.#stored = new Region(arena)
    this.#kept = new Region(arena)
  }

  /** Least and greatest value of a column; null where they are not known, or some row may be NULL. */
  bounds(which: number): ValueBounds | null {
    return boundsIn(this.#file.metadata.row_groups[this.#group]!, this.#sources[which]!.field)
  }

  load(which: readonly number[]): Promise<void> | null {
    const missing = which.filter((i) => this.#loaded[i] === undefined)
    if (missing.length > 0) {
      const loading = this.#fetch(missing)
      for (const i of missing) this.#loaded[i] = loading.then(() => void (this.#loaded[i] = null))
      // Who waits for it learns of an error.
      for (const i of missing) this.#loaded[i]!.catch(() => {})
    }
    const pending = which.flatMap((i) => this.#loaded[i] ?? [])
    return pending.length === 0 ? null : Promise.all(pending).then(() => {})
  }

  columns(start: number, end: number, rows: Uint32Array | null, region: Region, which: readonly number[]): Vector[] {
    try {
      region.dependOn(this.#kept)
      return which.map((i) => {
        const reader = this.#readers[i]!
        if (reader instanceof ColumnReader) return reader.read(start, end, rows, region)
        const vector = reader.vector(start, end, region)
        return rows === null ? vector : takeVector(vector, rows, rows.length, region)
      })
    } catch (error) {
      throw corrupt(error, this.#file.path)
    }
  }

  dictionary(start: number, end: number, which: number): Vector | null {
    const reader = this.#readers[which]!
    try {
      return reader instanceof ColumnReader ? reader.dictionary(start, end) : null
    } catch (error) {
      throw corrupt(error, this.#file.path)
    }
  }

  codes(start: number, end: number, which: number, region: Region): Uint32Array {
    try {
      return (this.#readers[which] as ColumnReader).readCodes(start, end, region).codes
    } catch (error) {
      throw corrupt(error, this.#file.path)
    }
  }

  /** Gives everything back, when what is under way has come. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#loaded)
    for (const reader of this.#readers) if (reader instanceof ColumnReader) reader.close()
    this.#stored.release()
    this.#kept.release()
    this.#onClose()
  }

  async #fetch(which: readonly number[]): Promise<void> {
    try {
      const wanted: Wanted[] = []
      const starts = new Map<number, readonly PageStart[]>()
      for (const i of which) {
        const { field, flat } = this.#sources[i]!
        if (flat === null) this.#readers[i] = await readByLibrary(this.#file, this.#group, field)
        else {
          const parts = await this.#partsOf(flat.file)
          starts.set(i, parts.starts)
          wanted.push(...parts.wanted.map(([start, end]) => ({ column: i, start, end })))
        }
      }
      const runs = await this.#read(wanted)
      for (const [i, pages] of starts) {
        const { chunk } = this.#sources[i]!.flat!
        const found = columnPages(chunk.meta, runs.get(i) ?? [], pages, this.rows)
        this.#readers[i] = new ColumnReader(chunk, found, this.#kept)
      }
    } catch (error) {
      throw corrupt(error, this.#file.path)
    }
  }

  /** The bytes of a column chunk that hold the rows of `ranges`. */
  async #partsOf(chunk: FileColumn): Promise<{ wanted: RowRange[]; starts: readonly PageStart[] }> {
    const meta = chunk.meta_data!
    const data = Number(meta.data_page_offset)
    const first = Math.min(data, Number(meta.dictionary_page_offset ?? data))
    const end = first + Number(meta.total_compressed_size)
    if (!(first >= 0 && end <= this.#file.byteLength)) throw new Error('a column chunk is not in the file')
    const [range] = this.ranges
    const isWhole = this.ranges.length === 1 && range![0] === 0 && range![1] === this.rows
    const index = isWhole ? null : await offsetIndex(this.#file, chunk)
    if (index === null) return { wanted: [[first, end]], starts: [] }
    const pages = index.page_locations.map(({ offset, compressed_page_size: size, first_row_index: row }) => ({
      offset: Number(offset),
      row: Number(row),
      size,
    }))
    const wanted: RowRange[] = []
    const dictionaryEnd = pages[0]?.offset ?? end
    if (first < dictionaryEnd) wanted.push([first, dictionaryEnd])
    for (const [i, { offset, row, size }] of pages.entries()) {
      if (!(size >= 0 && offset >= first && offset + size <= end)) throw new Error('a page is not in its column chunk')
      const next = pages[i + 1]?.row ?? this.rows
      if (this.ranges.some(([start, stop]) => start < next && row < stop)) wanted.push([offset, offset + size])
    }
    return { wanted, starts: pages }
  }

  /** Reads bytes of the file, those near to one another together: the runs of each column. */
  async #read(wanted: Wanted[]): Promise<Map<number, FileRun[]>> {
    wanted.sort((a, b) => a.start - b.start)
    const runs = new Map<number, FileRun[]>()
    const reads: Promise<void>[] = []
    for (let i = 0; i < wanted.length;) {
      const { start } = wanted[i]!
      let { end } = wanted[i]!
      let next = i + 1
      while (next < wanted.length && wanted[next]!.start <= end + GAP && wanted[next]!.end <= start + AT_ONCE) {
        end = Math.max(end, wanted[next++]!.end)
      }
      const length = end - start
      const bytes = this.#stored.u8(length + SLACK_BYTES).subarray(0, length)
      this.#count('bytes_read', length)
      reads.push(this.#file.readInto(bytes, start))
      for (; i < next; i++) {
        const { column, start: from, end: to } = wanted[i]!
        let own = runs.get(column)
        if (own === undefined) runs.set(column, (own = []))
        own.push({ offset: from, bytes: bytes.subarray(from - start, to - start) })
      }
    }
    await Promise.all(reads)
    return runs
  }
}

function sourceOf(
  found: { readonly tree: SchemaTree; readonly chunk: FileColumn } | undefined,
  { type }: Field,
): Source['flat'] {
  const meta = found?.chunk.meta_data
  if (found === undefined || meta === undefined || found.chunk.file_path !== undefined) return null
  const layout = layoutOf(found.tree, meta, type)
  if (layout === null) return null
  const nullable = found.tree.element.repetition_type === 'OPTIONAL'
  return { file: found.chunk, chunk: { meta, type, layout, nullable } }
}
