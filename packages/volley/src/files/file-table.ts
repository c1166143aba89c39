import { notSupported, visitExpr, type ExecutionPlan, type Expr } from '@volley/core'
import {
  ColumnRef,
  type ScanColumn,
  type ScanRequest,
  type TableColumn,
  type TableProvider,
  type ValueRange,
} from '@volley/planner'
import { Field, Schema } from 'apache-arrow'
import type { FileFormatName, FileOptions, FilePart } from './file-format.ts'
import { dealParts } from './deal-parts.ts'
import { FileScanExec } from './file-scan-exec.ts'
import { fileFormat, filesOf } from './formats.ts'

interface Files {
  readonly location: string
  readonly format: FileFormatName
  readonly options: FileOptions
  readonly parts: readonly FilePart[]
  readonly ranges: boolean
  readonly columnRanges: ReadonlyMap<string, ValueRange>
}

/** A table of files of one format on this machine. */
export class FileTable implements TableProvider {
  readonly name: string
  readonly columns: readonly TableColumn[]
  readonly location: string
  readonly format: FileFormatName
  readonly options: FileOptions
  readonly parts: readonly FilePart[]
  readonly supportsPaths = false
  readonly supportsText = false
  readonly #ranges: boolean
  readonly #columnRanges: ReadonlyMap<string, ValueRange>
  readonly #schema: Schema
  readonly #positions: ReadonlyMap<string, number>

  private constructor(name: string, columns: readonly TableColumn[], files: Files) {
    this.name = name
    this.columns = columns
    this.location = files.location
    this.format = files.format
    this.options = files.options
    this.parts = files.parts
    this.#ranges = files.ranges
    this.#columnRanges = files.columnRanges
    this.#schema = new Schema(columns.map(fieldOf))
    // Of columns of one name, the first.
    this.#positions = new Map(columns.map((column, i) => [column.name, i] as const).toReversed())
  }

  /**
   * Finds the files, and the columns where none are given.
   *
   * @throws VolleyError for a location without files, or files of another format
   */
  static async open(
    name: string,
    columns: readonly TableColumn[],
    format: FileFormatName,
    location: string,
    options: FileOptions,
  ): Promise<FileTable> {
    const paths = filesOf(location, format)
    const reader = await fileFormat(format)
    const parts = (await Promise.all(paths.map((path) => reader.parts(path)))).flat()
    let own = columns
    const [first] = paths
    if (columns.length === 0 && first !== undefined) own = (await reader.fields(first, options)).map(columnOf)
    else if (format !== 'csv' && first !== undefined) {
      const fields = await reader.fields(first, options)
      const found = new Map(fields.map((field) => [field.name, field]))
      // What a file says of its columns is how they are read.
      own = columns.map((column) => ({ ...column, type: found.get(column.name)?.type ?? column.type }))
    }
    const known = reader.columnRanges === undefined ? [] : await Promise.all(paths.map(reader.columnRanges))
    const columnRanges = widest(known)
    return new FileTable(name, own, { location, format, options, parts, ranges: reader.ranges ?? false, columnRanges })
  }

  /** The table with the files that are there now. */
  reopen(): Promise<FileTable> {
    return FileTable.open(this.name, this.columns, this.format, this.location, this.options)
  }

  get rows(): { value: number; exact: boolean } | null {
    if (this.parts.some((part) => part.rows === null)) return null
    return { value: this.parts.reduce((sum, part) => sum + part.rows!, 0), exact: true }
  }

  get bytes(): { value: number; exact: boolean } {
    return { value: this.parts.reduce((sum, part) => sum + part.bytes, 0), exact: false }
  }

  columnRange(name: string): ValueRange | null {
    return this.#columnRanges.get(name) ?? null
  }

  /** Columns of Parquet are read one by one: those of rows that a filter drops, and of whole row groups, can be left. */
  supportsFilter(predicate: Expr, column: (id: number) => ScanColumn | null): boolean {
    if (this.format !== 'parquet') return false
    let plain = true
    visitExpr(predicate, (node) => {
      if (node instanceof ColumnRef) plain &&= column(node.id)?.kind === 'column'
    })
    return plain
  }

  checkText(): void {
    throw notSupported(`text search in table "${this.name}"`, 'text search needs an index')
  }

  scan(request: ScanRequest): ExecutionPlan {
    const wanted = request.outputs.map(({ source }) =>
      source.kind === 'column' ? (this.#positions.get(source.name) ?? -1) : -1,
    )
    const count = Math.max(1, Math.min(request.settings.targetPartitions, this.parts.length))
    return new FileScanExec({
      format: this.format,
      options: this.options,
      tableSchema: this.#schema,
      wanted,
      schema: new Schema(request.outputs.map(fieldOf)),
      partitions: dealParts(this.parts, count, false),
      filters: request.filters,
      fetch: request.fetch,
      dealt: request.dealt ?? false,
      ranges: this.#ranges,
    })
  }
}

function fieldOf({ name, type, nullable }: { name: string; type: Field['type']; nullable: boolean }): Field {
  return new Field(name, type, nullable)
}

function columnOf(field: Field): TableColumn {
  const { name, type, nullable } = field
  return { name, type, nullable, visible: true, selectable: true, searchable: false }
}

/** Bounds that hold for all of some files: of the columns that each says bounds of. */
function widest(files: readonly ReadonlyMap<string, ValueRange>[]): ReadonlyMap<string, ValueRange> {
  const [first = new Map<string, ValueRange>(), ...rest] = files
  const all = new Map<string, ValueRange>()
  for (const [name, range] of first) {
    const others = rest.map((file) => file.get(name))
    if (others.includes(undefined)) continue
    const ranges = [range, ...(others as ValueRange[])]
    all.set(name, {
      min: Math.min(...ranges.map(({ min }) => min)),
      max: Math.max(...ranges.map(({ max }) => max)),
    })
  }
  return all
}
