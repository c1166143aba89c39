import { Field } from 'apache-arrow'
import { parquetSchema } from 'hyparquet'
import type { FileFormat, FilePart, ReadRequest } from './file-format.ts'
import { allowedRows, intersect } from './parquet/page-index.ts'
import { corrupt, openParquet, withParquet, type OpenFile } from './parquet/parquet-file.ts'
import { typeOf } from './parquet/parquet-types.ts'
import { flatColumns, RowGroupReader } from './parquet/row-group-reader.ts'
import { allowedByStatistics, boundsIn, columnRanges } from './parquet/row-group-statistics.ts'

/** Apache Parquet: metadata and rare encodings by hyparquet, flat columns straight into vectors. */
export const parquetFormat: FileFormat = {
  fields: (path) =>
    withParquet(path, ({ metadata }) =>
      parquetSchema(metadata).children.map(
        (tree) => new Field(tree.element.name, typeOf(tree), tree.element.repetition_type !== 'REQUIRED'),
      ),
    ),

  columnRanges: (path) => withParquet(path, ({ metadata }) => columnRanges(metadata)),

  parts: (path) =>
    withParquet(path, ({ metadata }) =>
      metadata.row_groups.map((group, part) => ({
        path,
        part,
        rows: Number(group.num_rows),
        bytes: Number(group.total_byte_size),
      })),
    ),

  ranges: true,

  async *read(request) {
    const files = new OpenFiles()
    // The next row group is fetched while the one before is decoded.
    let ahead: Promise<RowGroupReader | null> | null = null
    try {
      for (const [i, part] of request.parts.entries()) {
        request.signal?.throwIfAborted()
        const current = await (ahead ?? openGroup(files, part, request))
        const next = request.parts[i + 1]
        ahead = next === undefined ? null : openGroup(files, next, request)
        ahead?.catch(() => {})
        if (current === null) continue
        try {
          if (request.isUnwanted((column) => current.bounds(column))) request.count('row_groups_skipped', 1)
          else yield current
        } finally {
          await current.close()
        }
      }
    } finally {
      await (await ahead?.catch(() => null))?.close()
      await files.close()
    }
  },
}

/** The row group, on its way to be fetched; null when no row of it can pass. */
async function openGroup(files: OpenFiles, part: FilePart, request: ReadRequest): Promise<RowGroupReader | null> {
  let reader: RowGroupReader | null = null
  try {
    const file = await files.open(part.path)
    reader = await readerOf(file, part, request, () => files.leave(part.path))
    reader?.load(request.first)?.catch(() => {})
    return reader
  } catch (error) {
    throw corrupt(error, part.path)
  } finally {
    if (reader === null) files.leave(part.path)
  }
}

async function readerOf(
  file: OpenFile,
  part: FilePart,
  request: ReadRequest,
  onRelease: () => void,
): Promise<RowGroupReader | null> {
  const columns = request.wanted.map((i) => request.fields[i]!)
  const group = part.part!
  const rowGroup = file.metadata.row_groups[group]!
  const isUnwanted = request.isUnwanted((column) => boundsIn(rowGroup, columns[column]!))
  if (isUnwanted || !allowedByStatistics(file.metadata, group, columns, request.filters)) {
    request.count('row_groups_skipped', 1)
    return null
  }
  const flat = flatColumns(file, group)
  const { ranges, skipped } = await allowedRows(file, rowGroup, columns, request.filters, (name) => {
    const found = flat.get(name)
    return found === undefined ? null : { chunk: found.chunk, element: found.tree.element }
  })
  if (skipped > 0) request.count('pages_skipped', skipped)
  const own = intersect(ranges, [part.range ?? [0, Number(rowGroup.num_rows)]])
  if (own.length === 0) return null
  return new RowGroupReader(file, group, columns, own, request.arena, request.count, onRelease)
}

/** The files that a scan reads: each is open as long as a row group of it is. */
class OpenFiles {
  readonly #files = new Map<string, { readonly file: Promise<OpenFile>; users: number }>()
  readonly #closing: Promise<void>[] = []

  open(path: string): Promise<OpenFile> {
    let known = this.#files.get(path)
    if (known === undefined) this.#files.set(path, (known = { file: openParquet(path), users: 0 }))
    known.users++
    return known.file
  }

  leave(path: string): void {
    const known = this.#files.get(path)!
    if (--known.users > 0) return
    this.#files.delete(path)
    this.#closing.push(
      known.file.then(
        (file) => file.close(),
        () => {},
      ),
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.#closing)
  }
}
