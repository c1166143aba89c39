import { ArenaExhaustedError, Cache, Region, type Arena } from '@volley/kernels'
import type { DataType } from 'apache-arrow'
import type { MemoryPool } from '../memory/memory-pool.ts'
import { ServiceKey } from '../runtime/task-context.ts'
import type { Vector } from '../vectors/vector.ts'
import type { ArrowChunk } from './arrow-chunk.ts'
import { boundsOf, type ColumnBounds } from './column-bounds.ts'
import { loadColumn, type ColumnRows } from './load-column.ts'

/** Where the columns of tables in memory stay between queries. */
export const residentColumns: ServiceKey<ResidentColumns> = new ServiceKey<ResidentColumns>('resident columns')

/** Rows of a column of a chunk in the arena. It lives as long as its region. */
export class ResidentColumn {
  readonly vector: Vector
  /** The row of the chunk that it begins with. */
  readonly start: number
  readonly region: Region
  #bounds: ColumnBounds | null | undefined

  constructor(vector: Vector, start: number, region: Region) {
    this.vector = vector
    this.start = start
    this.region = region
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

/** Where a column that stays is noted. */
interface Place {
  readonly columns: Map<number, ResidentColumn>
  readonly position: number
}

/**
 * The columns of tables in memory that stay in a thread's arena: what queries read of them is a view. They are one of the
 * arena's caches; what a query has read is not given up for what else it reads, so a table that is too large stays in part.
 */
export class ResidentColumns {
  readonly #arena: Arena
  readonly #pool: MemoryPool
  readonly #chunks = new WeakMap<ArrowChunk, Map<number, ResidentColumn>>()
  /** Gives columns back whose chunk is no more. */
  readonly #lost = new FinalizationRegistry<Map<number, ResidentColumn>>((columns) => this.#forget(columns))
  readonly #kept: Cache<ResidentColumn, Place>

  constructor(arena: Arena, pool: MemoryPool) {
    this.#arena = arena
    this.#pool = pool
    this.#kept = new Cache(arena.caches, {
      name: 'columns of tables',
      dropped({ columns, position }, column) {
        if (columns.get(position) === column) columns.delete(position)
        column.region.release()
      },
    })
    arena.reclaim = () => this.#kept.shrink(Math.floor(this.#kept.bytes / 2))
  }

  /** Of what stays; columns that were given up are freed when no query has them any longer. */
  get bytes(): number {
    return this.#kept.bytes
  }

  /** Rows of a column that stay, some others perhaps with them; null where they are not there. */
  find({ chunk, position, from, to }: ColumnRows): ResidentColumn | null {
    const found = this.#chunks.get(chunk)?.get(position)
    if (found === undefined || from < found.start || to > found.end) return null
    this.#kept.get(found)
    return found
  }

  /** Brings rows of a column into the arena; null where there is no room for them, but for what was used since `begun`. */
  load(wanted: ColumnRows, type: DataType, begun: number): ResidentColumn | null {
    const found = this.find(wanted)
    if (found !== null) return found
    const { chunk, position } = wanted
    if (chunk.isDropped) return null
    const columns = this.#columnsOf(chunk)
    const other = columns.get(position)
    const from = Math.min(wanted.from, other?.start ?? Infinity)
    const to = Math.max(wanted.to, other?.end ?? 0)
    if (!this.#makeRoom(Math.ceil((chunk.bytesOf(position) * (to - from)) / chunk.rows), begun)) return null
    const region = new Region(this.#arena)
    let vector: Vector
    try {
      vector = loadColumn({ chunk, position, from, to }, type, region)
    } catch (error) {
      region.release()
      if (error instanceof ArenaExhaustedError) return null
      throw error
    }
    const old = columns.get(position)
    if (old !== undefined) this.#kept.delete(old)
    const column = new ResidentColumn(vector, from, region)
    columns.set(position, column)
    return this.#kept.set(column, { columns, position }, region.bytes) ? column : null
  }

  clear(): void {
    this.#kept.clear()
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

  #makeRoom(bytes: number, begun: number): boolean {
    const most = this.#pool.spareBytes
    if (bytes > most || !this.#arena.caches.makeRoom(bytes, begun)) return false
    const kept = this.#kept
    while (kept.bytes + bytes > most && kept.oldest < begun) kept.dropOldest()
    return kept.bytes + bytes <= most
  }

  #forget(columns: Map<number, ResidentColumn>): void {
    for (const column of columns.values()) this.#kept.delete(column)
  }
}
