import { ArenaExhaustedError, Region, type Arena } from '@volley/kernels'
import type { DataType } from 'apache-arrow'
import type { MemoryPool, PoolCache } from '../memory/memory-pool.ts'
import { ServiceKey } from '../runtime/task-context.ts'
import type { Vector } from '../vectors/vector.ts'
import type { ArrowChunk } from './arrow-chunk.ts'
import { boundsOf, type ColumnBounds } from './column-bounds.ts'
import { loadColumn, type ColumnRows } from './load-column.ts'

/** The part of a memory limit that columns may take which stay. */
const SHARE = 0.75

/** Where the columns of tables in memory stay between queries. */
export const residentColumns: ServiceKey<ResidentColumns> = new ServiceKey<ResidentColumns>('resident columns')

/** Rows of a column of a chunk in the arena. It lives as long as its region. */
export class ResidentColumn {
  readonly vector: Vector
  /** The row of the chunk that it begins with. */
  readonly start: number
  readonly region: Region
  readonly bytes: number
  /** Which query used it last, and when. */
  query = ''
  used = 0
  #bounds: ColumnBounds | null | undefined

  constructor(vector: Vector, start: number, region: Region, bytes: number) {
    this.vector = vector
    this.start = start
    this.region = region
    this.bytes = bytes
  }

  /** The row behind it. */
  get end(): number {
    return this.start + this.vector.length
  }

  /** Bounds of its blocks, read when they are first asked for. */
  get bounds(): ColumnBounds | null {
    if (this.#bounds === undefined) this.#bounds = boundsOf(this.vector)
    return this.#bounds
  }
}

/**
 * The columns of tables in memory that stay in a thread's arena: what queries read of them is a view. They take what
 * operators leave of the memory limit, and give it back when operators need it, the least recently used first; what a query has
 * read is not given up for what else it reads, so a table that is too large stays in part.
 */
export class ResidentColumns implements PoolCache {
  readonly #arena: Arena
  readonly #pool: MemoryPool
  readonly #chunks = new WeakMap<ArrowChunk, Map<number, ResidentColumn>>()
  /** Gives columns back whose chunk is no more. */
  readonly #lost = new FinalizationRegistry<Map<number, ResidentColumn>>((columns) => this.#forget(columns))
  /** With the map that it is in. */
  readonly #all = new Map<
    ResidentColumn,
    { readonly columns: Map<number, ResidentColumn>; readonly position: number }
  >()
  #bytes = 0
  #clock = 0

  constructor(arena: Arena, pool: MemoryPool) {
    this.#arena = arena
    this.#pool = pool
    pool.cache = this
    arena.reclaim = () => this.shrink(Math.floor(this.#bytes / 2))
  }

  /** Of what stays; columns that were given up are freed when no query has them any longer. */
  get bytes(): number {
    return this.#bytes
  }

  /** Rows of a column that stay, some others perhaps with them; null where they are not there. */
  find({ chunk, position, from, to }: ColumnRows, queryId: string): ResidentColumn | null {
    const found = this.#chunks.get(chunk)?.get(position)
    if (found === undefined || from < found.start || to > found.end) return null
    found.used = ++this.#clock
    found.query = queryId
    return found
  }

  /** Brings rows of a column into the arena; null where there is no room for them under the limit (bytes). */
  load(
    wanted: ColumnRows,
    type: DataType,
    { queryId, limitBytes }: { readonly queryId: string; readonly limitBytes: number },
  ): ResidentColumn | null {
    const found = this.find(wanted, queryId)
    if (found !== null) return found
    const { chunk, position } = wanted
    if (chunk.isDropped) return null
    const columns = this.#columnsOf(chunk)
    const other = columns.get(position)
    const from = Math.min(wanted.from, other?.start ?? Infinity)
    const to = Math.max(wanted.to, other?.end ?? 0)
    const about = Math.ceil((chunk.bytesOf(position) * (to - from)) / chunk.rows)
    if (!this.#makeRoom(about, limitBytes, queryId)) return null
    const before = this.#arena.liveBytes
    const region = new Region(this.#arena)
    let vector: Vector
    try {
      vector = loadColumn({ chunk, position, from, to }, type, region)
    } catch (error) {
      region.release()
      if (error instanceof ArenaExhaustedError) return null
      throw error
    }
    const column = new ResidentColumn(vector, from, region, this.#arena.liveBytes - before)
    const old = columns.get(position)
    if (old !== undefined) this.#drop(old)
    column.used = ++this.#clock
    column.query = queryId
    columns.set(position, column)
    this.#all.set(column, { columns, position })
    this.#bytes += column.bytes
    return column
  }

  shrink(bytes: number): boolean {
    if (this.#bytes <= bytes) return false
    this.#giveUp(bytes, null)
    return true
  }

  clear(): void {
    for (const column of this.#all.keys()) this.#drop(column)
  }

  #columnsOf(chunk: ArrowChunk): Map<number, ResidentColumn> {
    let columns = this.#chunks.get(chunk)
    if (columns === undefined) {
      const own = (columns = new Map<number, ResidentColumn>())
      this.#chunks.set(chunk, own)
      this.#lost.register(chunk, own)
      chunk.onDrop(() => this.#forget(own))
    }
    return columns
  }

  /** Gives up what other queries have used, if that makes room. */
  #makeRoom(bytes: number, limitBytes: number, queryId: string): boolean {
    const limit = Math.min(limitBytes, this.#pool.limitBytes)
    const most = Math.min(limit * SHARE, limit - this.#pool.usedBytes)
    if (bytes > most) return false
    this.#giveUp(most - bytes, queryId)
    return this.#bytes + bytes <= most
  }

  /** Gives up columns, the least recently used first and none that a query has used, until they take `bytes` at most. */
  #giveUp(bytes: number, except: string | null): void {
    if (this.#bytes <= bytes) return
    const oldest = [...this.#all.keys()].filter(({ query }) => query !== except).sort((a, b) => a.used - b.used)
    for (const column of oldest) {
      if (this.#bytes <= bytes) return
      this.#drop(column)
    }
  }

  #forget(columns: Map<number, ResidentColumn>): void {
    for (const column of columns.values()) this.#drop(column)
  }

  #drop(column: ResidentColumn): void {
    const place = this.#all.get(column)
    if (place === undefined) return
    place.columns.delete(place.position)
    this.#all.delete(column)
    this.#bytes -= column.bytes
    column.region.release()
  }
}
