import { SqlState, VolleyError } from '../errors.ts'

/** What a holder of memory is told about itself as it grows and shrinks. */
interface HeldBytes {
  hold(delta: number): void
}

/** The part of a limit that a spilling operator may always hold, whatever others have: it must get on. */
const FLOOR_SHARE = 1 / 64
/** The part of a query's share up to which any of its operators may take more than an equal part of it. */
const UNDIVIDED = 0.7

/**
 * Counts what the operators of all queries of a session hold, in arenas and beside them, against one limit.
 *
 * What cannot be spilled is given to who comes first. The rest is shared fairly (as DataFusion's FairSpillPool does it):
 * each running query that has operators which spill may use an equal part of it. Its operators take of that as they need it
 * until it gets scarce; then each that has not ended yet may hold an equal part. Operators reserve before they grow, and
 * spill when they are refused.
 */
export class MemoryPool {
  /** Bytes; Infinity is no limit. */
  readonly limitBytes: number
  readonly #queries = new Map<string, QueryMemory>()
  #usedBytes = 0
  #peakBytes = 0
  #unspillableBytes = 0

  constructor(limitBytes: number = Infinity) {
    this.limitBytes = limitBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get peakBytes(): number {
    return this.#peakBytes
  }

  /** Bytes held by what cannot be spilled. */
  get unspillableBytes(): number {
    return this.#unspillableBytes
  }

  /** Running queries with operators that spill. */
  get spillingQueries(): number {
    let count = 0
    for (const query of this.#queries.values()) count += +(query.consumers > 0)
    return count
  }

  /**
   * The account of a query, which the contexts of all its tasks enter and leave. `limitBytes` is the session's limit,
   * where it is below the pool's.
   */
  query(queryId: string, limitBytes: number = Infinity): QueryMemory {
    let query = this.#queries.get(queryId)
    if (query === undefined) {
      query = new QueryMemory(this, limitBytes, () => this.#queries.delete(queryId))
      this.#queries.set(queryId, query)
    }
    return query
  }

  /** For reservations alone. */
  count(bytes: number, spillable: boolean): void {
    this.#usedBytes += bytes
    if (!spillable) this.#unspillableBytes += bytes
    if (this.#usedBytes > this.#peakBytes) this.#peakBytes = this.#usedBytes
  }
}

/** What one query holds. */
export class QueryMemory {
  readonly pool: MemoryPool
  readonly limitBytes: number
  readonly #ended: () => void
  readonly #reservations = new Set<MemoryReservation>()
  #entered = 0
  #expected = 0
  #finished = 0
  #active = 0
  #spillableBytes = 0

  constructor(pool: MemoryPool, limitBytes: number, ended: () => void) {
    this.pool = pool
    this.limitBytes = Math.min(limitBytes, pool.limitBytes)
    this.#ended = ended
  }

  /** Bytes held by its operators that spill. */
  get spillableBytes(): number {
    return this.#spillableBytes
  }

  /** What its operators that spill may hold together. */
  get share(): number {
    return (this.limitBytes - this.pool.unspillableBytes) / Math.max(1, this.pool.spillingQueries)
  }

  /** For reservations alone. */
  count(bytes: number, spillable: boolean): void {
    if (spillable) this.#spillableBytes += bytes
    this.pool.count(bytes, spillable)
  }

  /** Operators that spill and have not ended, those that have not begun included. */
  get consumers(): number {
    return Math.max(this.#active, this.#expected - this.#finished)
  }

  enter(): void {
    this.#entered++
  }

  /** The last one frees what is left. */
  leave(): void {
    if (--this.#entered > 0) return
    for (const reservation of this.#reservations) reservation.free()
    this.#ended()
  }

  /** Announces operators that will spill, so that those which begin first do not take the part of the others. */
  expect(consumers: number): void {
    this.#expected += consumers
  }

  /** An account of an operator, which frees it at its end. `operator` is named by errors. */
  reserve(operator: string, spillable: boolean, held?: HeldBytes): MemoryReservation {
    const ended = (ending: MemoryReservation): void => {
      this.#reservations.delete(ending)
      if (!spillable) return
      this.#active--
      this.#finished++
    }
    const reservation = new MemoryReservation(this, { operator, spillable, held: held ?? null, ended })
    this.#reservations.add(reservation)
    if (spillable) this.#active++
    return reservation
  }
}

interface ReservationOptions {
  readonly operator: string
  readonly spillable: boolean
  readonly held: HeldBytes | null
  readonly ended: (reservation: MemoryReservation) => void
}

/** Bytes that one operator, or one partition of it, holds. */
export class MemoryReservation {
  readonly #query: QueryMemory
  readonly #options: ReservationOptions
  #bytes = 0
  #freed = false

  constructor(query: QueryMemory, options: ReservationOptions) {
    this.#query = query
    this.#options = options
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The most that it may hold as things are. */
  get capacity(): number {
    const { limitBytes, spillableBytes } = this.#query
    if (limitBytes === Infinity) return Infinity
    const left = this.#left
    if (!this.#options.spillable) return left
    const undivided = this.#query.share * UNDIVIDED - spillableBytes + this.#bytes
    return Math.max(Math.min(left, Math.max(this.equalPart, undivided)), limitBytes * FLOOR_SHARE)
  }

  /** What it may hold when memory is scarce. What it cannot do without should be far below. */
  get equalPart(): number {
    return this.#query.share / Math.max(1, this.#query.consumers)
  }

  /** Holds `bytes` from now on, if they are granted; to hold less always is. */
  tryResize(bytes: number): boolean {
    if (this.#freed) return true
    if (bytes > this.#bytes && bytes > this.capacity) return false
    this.#set(bytes)
    return true
  }

  /**
   * Holds `bytes` from now on: the least that the operator needs to get on, which it gets whatever its share is.
   *
   * @throws VolleyError 53200 when that is more than is left of the limit.
   */
  resize(bytes: number): void {
    if (this.tryResize(bytes)) return
    if (bytes > this.#left) throw this.refused(bytes)
    this.#set(bytes)
  }

  /** What nobody else holds. */
  get #left(): number {
    return this.#query.limitBytes - this.#query.pool.usedBytes + this.#bytes
  }

  /** What is thrown when nothing is left to spill. */
  refused(bytes: number, why?: string): VolleyError {
    return outOfMemory(this.#options.operator, bytes, this.#query.limitBytes, this.capacity, why)
  }

  free(): void {
    if (this.#freed) return
    this.#set(0)
    this.#freed = true
    this.#options.ended(this)
  }

  #set(bytes: number): void {
    const delta = bytes - this.#bytes
    if (delta === 0) return
    this.#bytes = bytes
    this.#query.count(delta, this.#options.spillable)
    this.#options.held?.hold(delta)
  }
}

/** The one error of a query that cannot run within its limit. */
export function outOfMemory(
  operator: string,
  wanted: number,
  limit: number,
  available: number,
  why?: string,
): VolleyError {
  const bytes = (value: number): string => `${Math.max(0, Math.floor(value)).toLocaleString('en-US')} bytes`
  const reason = why === undefined ? '' : `: ${why}`
  return new VolleyError(
    `${operator} needs ${bytes(wanted)} of memory, but may use ${bytes(available)} under the memory_limit of ${bytes(limit)}${reason}`,
    { code: SqlState.outOfMemory, hint: 'raise memory_limit, or lower target_partitions or batch_size' },
  )
}
