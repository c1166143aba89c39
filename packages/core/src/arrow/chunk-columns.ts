import type { Region } from '@volley/kernels'
import type { Schema } from 'apache-arrow'
import type { TaskContext } from '../runtime/task-context.ts'
import { sliceVector } from '../vectors/flatten.ts'
import { takeVector } from '../vectors/take.ts'
import { NullVector, type Vector } from '../vectors/vector.ts'
import type { ArrowChunk } from './arrow-chunk.ts'
import { ChunkConditions } from './chunk-conditions.ts'
import { BLOCK_ROWS, rangeIn } from './column-bounds.ts'
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
  /** The rows that the scan is of, and others beside them. */
  readonly #range: { readonly from: number; readonly to: number }
  readonly #schema: Schema
  readonly #wanted: readonly number[]
  readonly #context: TaskContext
  readonly #cache: ResidentColumns | null
  /** Undefined where it was not asked for; null where it cannot stay. */
  readonly #columns: (ResidentColumn | null | undefined)[]
  #blank: readonly Vector[] = []

  /** For rows `from` to `to` (exclusive) of the chunk. */
  constructor(
    chunk: ArrowChunk,
    { from, to }: { readonly from: number; readonly to: number },
    schema: Schema,
    wanted: readonly number[],
    context: TaskContext,
  ) {
    const { settings } = context
    this.region = context.region()
    this.conditions = new ChunkConditions(schema, this.region)
    this.#chunk = chunk
    const blocks = (row: number): number => Math.ceil(row / BLOCK_ROWS) * BLOCK_ROWS
    this.#range = { from: from - (from % BLOCK_ROWS), to: Math.min(chunk.rows, blocks(to)) }
    this.#schema = schema
    this.#wanted = wanted
    this.#context = context
    const isOn = settings.get('resident_columns') !== 'off' && context.hasService(residentColumns)
    this.#cache = isOn ? context.service(residentColumns) : null
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

  /** Bounds of some rows of a column, where it stays. */
  bounds(i: number, start: number, end: number): readonly [low: number, high: number] | null {
    const column = this.#resident(i, false)
    const bounds = column?.bounds ?? null
    return column === null || bounds === null ? null : rangeIn(bounds, start - column.start, end - column.start)
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
    if (column !== null) return sliceVector(column.vector, start - column.start, end - column.start, region)
    return copyRows(this.#chunk, this.#wanted[i]!, this.#schema.fields[i]!.type, start, end, region)
  }

  /** Gathers rows, ascending, of one column after another. */
  taker(rows: Uint32Array, region: Region): (i: number) => Vector {
    let gathered: GatheredRows | null = null
    let [places, base] = [rows, 0]
    return (i) => {
      const isWorth = this.#chunk.gather(this.#wanted[i]!, rows.length) > (this.#range.to - this.#range.from) * WORTH
      const column = this.#resident(i, isWorth)
      if (column !== null) {
        if (column.start !== base) {
          base = column.start
          places = region.u32(rows.length)
          for (let k = 0; k < rows.length; k++) places[k] = rows[k]! - base
        }
        return takeVector(column.vector, places, rows.length, region)
      }
      gathered ??= new GatheredRows(this.#chunk, rows, rows.length)
      return gathered.column(this.#wanted[i]!, this.#schema.fields[i]!.type, region)
    }
  }

  #resident(i: number, load: boolean): ResidentColumn | null {
    const known = this.#columns[i]
    if (known !== undefined) return known
    if (this.#cache === null) return (this.#columns[i] = null)
    const rows = { chunk: this.#chunk, position: this.#wanted[i]!, ...this.#range }
    const found = load
      ? this.#cache.load(rows, this.#schema.fields[i]!.type, this.#context.begun)
      : this.#cache.find(rows)
    if (found !== null) this.region.dependOn(found.region)
    if (found !== null || load) this.#columns[i] = found
    return found
  }
}
