import type { Vector } from '@volley/core'
import { Region } from '@volley/kernels'
import type { Field } from 'apache-arrow'
import { parquetSchema, type ColumnChunk as FileColumn } from 'hyparquet'
import type { FileChunk } from '../file-format.ts'
import { ColumnReader, type ColumnChunk } from './column-reader.ts'
import { corrupt, type OpenFile } from './parquet-file.ts'
import { readByLibrary, type LibraryColumn } from './library-column.ts'
import { layoutOf } from './value-layout.ts'

type Source = ColumnChunk | LibraryColumn

/** The rows of a row group, whose column chunks are in memory as they are in the file, and decoded as they are asked for. */
export class RowGroupReader implements FileChunk {
  readonly rows: number
  readonly #path: string
  readonly #sources: readonly Source[]
  readonly #readers: (ColumnReader | null)[]
  /** Rows of each column that have been read or left out. */
  readonly #positions: number[]
  /** Memory that vectors share. */
  #kept: Region | null = null

  private constructor(path: string, rows: number, sources: readonly Source[]) {
    this.#path = path
    this.rows = rows
    this.#sources = sources
    this.#readers = sources.map(() => null)
    this.#positions = sources.map(() => 0)
  }

  static async open(file: OpenFile, group: number, columns: readonly Field[]): Promise<RowGroupReader> {
    const { metadata } = file
    const rowGroup = metadata.row_groups[group]!
    const trees = new Map(parquetSchema(metadata).children.map((tree) => [tree.element.name, tree]))
    const chunks = new Map<string, FileColumn>()
    for (const column of rowGroup.columns) {
      const path = column.meta_data?.path_in_schema
      if (path?.length === 1) chunks.set(path[0]!, column)
    }
    const sources: Source[] = []
    for (const field of columns) {
      const tree = trees.get(field.name)
      const chunk = chunks.get(field.name)
      const meta = chunk?.meta_data
      const layout = meta === undefined ? null : layoutOf(tree, meta, field.type)
      if (meta === undefined || layout === null || chunk!.file_path !== undefined) {
        sources.push(await readByLibrary(file, group, field))
        continue
      }
      const start = Number(meta.dictionary_page_offset ?? meta.data_page_offset)
      const first = Math.min(start, Number(meta.data_page_offset))
      const bytes = await file.bytes(first, first + Number(meta.total_compressed_size))
      const nullable = tree!.element.repetition_type === 'OPTIONAL'
      sources.push({ bytes, meta, type: field.type, layout, nullable })
    }
    return new RowGroupReader(file.path, Number(rowGroup.num_rows), sources)
  }

  columns(start: number, end: number, region: Region, which: readonly number[]): Vector[] {
    try {
      return which.map((i) => this.#column(i, start, end, region))
    } catch (error) {
      throw corrupt(error, this.#path)
    }
  }

  #column(i: number, start: number, end: number, region: Region): Vector {
    const source = this.#sources[i]!
    if (!('layout' in source)) return source.vector(start, end, region)
    this.#kept ??= new Region(region.arena)
    region.dependOn(this.#kept)
    const reader = (this.#readers[i] ??= new ColumnReader(source, this.#kept))
    reader.skip(start - this.#positions[i]!)
    const vector = reader.read(end - start, region)
    this.#positions[i] = end
    return vector
  }

  release(): void {
    this.#kept?.release()
    this.#kept = null
  }
}
