import type { Region } from '@volley/kernels'
import type { Schema } from 'apache-arrow'
import type { TaskContext } from '../runtime/task-context.ts'
import { sliceVector } from '../vectors/flatten.ts'
import { takeVector } from '../vectors/take.ts'
import { NullVector, type Vector } from '../vectors/vector.ts'
import type { ArrowChunk } from './arrow-chunk.ts'
import { ChunkConditions } from './chunk-conditions.ts'
import type { ColumnBounds } from './column-bounds.ts'
import { copyRows, GatheredRows } from './gather-chunk.ts'
import { residentColumns, type ResidentColumn, type ResidentColumns } from './resident-columns.ts'

/** Where fewer of a chunk's rows than this were gathered of a column, in all, it is not brought in for them. */
const WORTH = 1 / 8

/** The columns of a chunk as a scan reads them: those that stay in the arena, for as long as the scan is at the chunk. */
export class ChunkColumns {
  /** What it holds; batches that share memory with it depend on it. */
  readonly region: Region
  readonly conditions: ChunkConditions
  readonly #chunk: ArrowChunk
  readonly #schema: Schema
  readonly #wanted: readonly number[]
  readonly #context: TaskContext
  readonly #cache: ResidentColumns | null
  readonly #limitBytes: number
  /** Undefined where it was not asked for; null where it cannot stay. */
  readonly #columns: (ResidentColumn | null | undefined)[]
  #blank: readonly Vector[] = []

  constructor(chunk: ArrowChunk, schema: Schema, wanted: readonly number[], context: TaskContext) {
    const { settings } = context
    this.region = context.region()
    this.conditions = new ChunkConditions(schema, this.region)
    this.#chunk = chunk
    this.#schema = schema
    this.#wanted = wanted
    this.#context = context
    const isOn = settings.get('resident_columns') !== 'off' && context.hasService(residentColumns)
    this.#cache = isOn ? context.service(residentColumns) : null
    this.#limitBytes = Number(settings.get('memory_limit') ?? 0) || Infinity
    this.#columns = wanted.map(() => undefined)
  }

  release(): void {
    this.region.release()
  }

  /** The row behind the Arrow batch that has a row. */
  batchEnd(row: number): number {
    return this.#chunk.starts[this.#chunk.batchOf(row) + 1]!
  }

  /** Whether a column stays in the arena; with `load`, it is brought in if it can be. */
  resident(i: number, load: boolean): boolean {
    return this.#resident(i, load) !== null
  }

  /** Bounds of a column's blocks, where it stays. */
  bounds(i: number): ColumnBounds | null {
    return this.#resident(i, false)?.bounds ?? null
  }

  /** Columns of NULLs, in the place of those that are not read. */
  blank(length: number): readonly Vector[] {
    if (this.#blank[0]?.length !== length) {
      this.#blank = this.#schema.fields.map(({ type }) => new NullVector(type, length, null))
    }
    return this.#blank
  }

  slice(i: number, start: number, end: number, region: Region): Vector {
    const column = this.#resident(i, end - start > this.#context.batchSize)
    if (column !== null) return sliceVector(column.vector, start, end, region)
    return copyRows(this.#chunk, this.#wanted[i]!, this.#schema.fields[i]!.type, start, end, region)
  }

  /** Gathers rows, ascending, of one column after another. */
  taker(rows: Uint32Array, region: Region): (i: number) => Vector {
    let gathered: GatheredRows | null = null
    return (i) => {
      const isWorth = this.#chunk.gather(this.#wanted[i]!, rows.length) > this.#chunk.rows * WORTH
      const column = this.#resident(i, isWorth)
      if (column !== null) return takeVector(column.vector, rows, rows.length, region)
      gathered ??= new GatheredRows(this.#chunk, rows, rows.length)
      return gathered.column(this.#wanted[i]!, this.#schema.fields[i]!.type, region)
    }
  }

  #resident(i: number, load: boolean): ResidentColumn | null {
    const known = this.#columns[i]
    if (known !== undefined) return known
    if (this.#cache === null) return (this.#columns[i] = null)
    const { queryId } = this.#context
    const position = this.#wanted[i]!
    const found = load
      ? this.#cache.load(this.#chunk, position, this.#schema.fields[i]!.type, { queryId, limitBytes: this.#limitBytes })
      : this.#cache.find(this.#chunk, position, queryId)
    if (found !== null) this.region.dependOn(found.region)
    if (found !== null || load) this.#columns[i] = found
    return found
  }
}
