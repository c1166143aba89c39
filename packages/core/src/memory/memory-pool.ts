import { Caches } from '@volley/kernels'
import { SqlState, VolleyError } from '../errors.ts'

/** What a holder of memory is told about itself as it grows and shrinks. */
interface HeldBytes {
  hold(delta: number): void
}

/** The part of a query's share up to which any of its operators may take more than an equal part of it. */
const UNDIVIDED = 0.7
/** The part of a limit that is kept for the least that operators which spill must have. */
const KEPT = 0.5
/** No operator has more kept for it. */
const MOST_KEPT = 4 << 20
/** The part of a limit that caches may take. */
const CACHED = 0.75
/** Where an equal part of a limit is below, operators get that and no more. */
const SCARCE = 128 * 1024
/** The part of a scarce limit that is for operators which spill; the rest is for those that cannot. */
const DIVIDED = 0.75

/**
 * Counts what the operators of all queries of a session hold, in arenas and beside them, against one limit.
 *
 * What cannot be spilled is given to who comes first. The rest is shared fairly (as DataFusion's FairSpillPool does it):
 * each running query that has operators which spill may use an equal part of it. Its operators take of that as they need it
 * until it gets scarce; then each that has not ended yet may hold an equal part. Operators reserve before they grow, and
 * spill when they are refused.
 *
 * Whether a query can run does not depend on which of its operators comes first: something is kept for each from the
 * start (`floor`), which nobody else is given. One that needs more has those spill that hold the most (as Velox's memory
 * arbitrator does it). Where a limit is so small that the operators' parts of it are hardly what they must have, it is
 * divided evenly, once and for all.
 *
 * Caches have what operators leave of the limit, up to a part of it, and give it back as operators need it.
 */
export class MemoryPool {
  /** Bytes; Infinity is no limit. */
  readonly limitBytes: number
  /** They have what the operators leave of the limit. */
  readonly caches: Caches
  readonly #queries = new Map<string, QueryMemory>()
  #usedBytes = 0
  #peakBytes = 0
  #unspillableBytes = 0
  /** What operators and caches may hold together: the least limit of the queries that run, or that ran last. */
  #allBytes = Infinity

  constructor(limitBytes: number = Infinity, caches: Caches = new Caches()) {
    this.limitBytes = limitBytes
    this.caches = caches
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get peakBytes(): number {
    return this.#peakBytes
  }

  /** What columns that stay may take of the memory that operators have, as things are. */
  get spareBytes(): number {
    return Math.min(this.limitBytes * CACHED, this.limitBytes - this.#usedBytes)
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
   * for operators and caches: operators have the pool's where that is below.
   */
  query(queryId: string, limitBytes: number = Infinity): QueryMemory {
    let query = this.#queries.get(queryId)
    if (query === undefined) {
      query = new QueryMemory(this, limitBytes, () => this.#queries.delete(queryId))
      this.#queries.set(queryId, query)
      this.#allBytes = Math.min(...[...this.#queries.values()].map(({ allBytes }) => allBytes))
      this.#leaveRest()
    }
    return query
  }

  /** What is kept for operators of running queries that hold less. */
  get keptBytes(): number {
    let bytes = 0
    for (const query of this.#queries.values()) bytes += query.keptBytes
    return bytes
  }

  /** Who holds the most of those that can be asked to spill; null when nobody can. */
  largestLender(except: MemoryReservation): MemoryReservation | null {
    let largest: MemoryReservation | null = null
    for (const query of this.#queries.values()) {
      for (const lender of query.lenders) {
        if (lender !== except && lender.bytes > (largest?.bytes ?? 0)) largest = lender
      }
    }
    return largest
  }

  /** For reservations alone. */
  count(bytes: number, spillable: boolean): void {
    this.#usedBytes += bytes
    if (!spillable) this.#unspillableBytes += bytes
    if (this.#usedBytes > this.#peakBytes) this.#peakBytes = this.#usedBytes
    this.#leaveRest()
  }

  #leaveRest(): void {
    this.caches.capacity = Math.max(0, Math.min(this.#allBytes * CACHED, this.#allBytes - this.#usedBytes))
  }
}

/** What one query holds. */
export class QueryMemory {
  readonly pool: MemoryPool
  /** Of its operators. */
  readonly limitBytes: number
  /** Of operators and caches. */
  readonly allBytes: number
  /** When it began, by the time of the caches. */
  readonly begun: number
  readonly #ended: () => void
  readonly #reservations = new Set<MemoryReservation>()
  #entered = 0
  #expected = 0
  #finished = 0
  #active = 0
  #holding = 0
  #mostHolding = 0
  #spillableBytes = 0

  constructor(pool: MemoryPool, limitBytes: number, ended: () => void) {
    this.pool = pool
    this.limitBytes = Math.min(limitBytes, pool.limitBytes)
    this.allBytes = limitBytes
    this.begun = pool.caches.tick()
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

  /** Operators that spill and hold something at a time at most: it does not change as they come and go. */
  get #operators(): number {
    return Math.max(1, this.#expected, this.#mostHolding)
  }

  /** An equal part of the limit for each operator, whichever have begun or ended: what buffers are measured by. */
  get part(): number {
    return this.limitBytes / Math.max(1, this.pool.spillingQueries) / this.#operators
  }

  /** Whether the limit is so small that each operator has an equal part of it and no more. */
  get scarce(): boolean {
    return this.part < SCARCE
  }

  /** What each operator that spills may hold, whatever the others have. */
  get floor(): number {
    return this.scarce ? this.part * DIVIDED : Math.min(MOST_KEPT, this.part * KEPT)
  }

  /** What its operators hold less than what is kept for them. */
  get keptBytes(): number {
    if (this.limitBytes === Infinity) return 0
    const { floor } = this
    let bytes = Math.min(this.#operators, this.consumers) * floor
    for (const reservation of this.#reservations) bytes -= reservation.takenOf(floor)
    return Math.max(0, bytes)
  }

  /** Whether something is kept for each of the operators that have begun. */
  get keepsForAll(): boolean {
    return this.#active <= this.#operators
  }

  /** Its operators that hold more than what is kept for them, and can be asked to spill now. */
  get lenders(): readonly MemoryReservation[] {
    const { floor } = this
    return [...this.#reservations].filter((reservation) => reservation.lends && reservation.bytes > floor)
  }

  /** For reservations alone: what one held and holds. */
  count(before: number, after: number, spillable: boolean): void {
    const bytes = after - before
    if (spillable) {
      this.#spillableBytes += bytes
      this.#holding += +(after > 0) - +(before > 0)
      this.#mostHolding = Math.max(this.#mostHolding, this.#holding)
    }
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
  /** Spills what is held, where that can be asked for. */
  #lend: (() => Promise<void>) | null = null
  #lent: Promise<void> | null = null
  #failure: unknown = null

  constructor(query: QueryMemory, options: ReservationOptions) {
    this.#query = query
    this.#options = options
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The most that it may hold as things are. */
  get capacity(): number {
    const { limitBytes, spillableBytes, scarce, floor } = this.#query
    if (limitBytes === Infinity) return Infinity
    if (!this.#options.spillable) return this.#left
    if (scarce) return floor
    const undivided = this.#query.share * UNDIVIDED - spillableBytes + this.#bytes
    return Math.max(Math.min(this.#left, Math.max(this.equalPart, undivided)), floor)
  }

  /** What it may hold when memory is scarce. What it cannot do without should be far below. */
  get equalPart(): number {
    return this.#query.scarce ? this.#query.floor : this.#query.share / Math.max(1, this.#query.consumers)
  }

  /** What it may hold whatever others have. What it does at a time should need no more. */
  get floor(): number {
    return this.#query.limitBytes === Infinity ? Infinity : this.#query.floor
  }

  /** What buffers are measured by: the same for all of a query's operators, from the start to the end. */
  get part(): number {
    return this.#query.part
  }

  /** Whether it can be asked to spill now. */
  get lends(): boolean {
    return this.#lend !== null || this.#lent !== null
  }

  /** What it holds of what is kept for it. */
  takenOf(floor: number): number {
    return this.#options.spillable ? Math.min(floor, this.#bytes) : 0
  }

  /** Holds `bytes` from now on, if they are granted; to hold less always is. */
  tryResize(bytes: number): boolean {
    if (this.#freed) return true
    if (bytes > this.#bytes && bytes > this.capacity) return false
    this.#set(bytes)
    return true
  }

  /**
   * Holds `bytes` from now on: the least that the operator needs to get on, for which others may have to spill. `why` is
   * for the error.
   *
   * @throws VolleyError 53200 when that is more than it can have.
   */
  async require(bytes: number, why?: string): Promise<void> {
    if (this.tryResize(bytes)) return
    if (this.#options.spillable && this.#query.scarce) {
      // What the others need does not come into it.
      if (bytes > this.#query.part) throw this.refused(bytes, why)
      this.#set(bytes)
      return
    }
    while (bytes > this.#left) {
      const lender = this.#query.pool.largestLender(this)
      if (lender === null) throw this.refused(bytes, why)
      const before = lender.bytes
      await lender.#giveBack()
      if (lender.bytes >= before) throw this.refused(bytes, why)
    }
    if (!this.#freed) this.#set(bytes)
  }

  /**
   * Waits for something; what is held may be asked for meanwhile: `lend` then writes it to disk, and holds less. While that
   * goes on, this does not return.
   */
  async lending<T>(work: Promise<T>, lend: () => Promise<void>): Promise<T> {
    if (this.#query.limitBytes === Infinity) return work
    this.#lend = lend
    try {
      return await work
    } finally {
      this.#lend = null
      await this.#settled()
    }
  }

  async #settled(): Promise<void> {
    await this.#lent
    if (this.#failure !== null) throw this.#failure
  }

  /** What is held may be asked for until it is freed, of a holder that others may read meanwhile. */
  lendAlways(lend: () => Promise<void>): void {
    this.#lend = async () => {
      await lend()
      if (!this.#freed) this.lendAlways(lend)
    }
  }

  #giveBack(): Promise<void> {
    // Its failure is its own operator's.
    this.#lent ??= this.#lend!()
      .catch((error: unknown) => {
        this.#failure = error
      })
      .finally(() => {
        this.#lent = null
      })
    return this.#lent
  }

  /** What nobody else holds or has kept for it. */
  get #left(): number {
    const { limitBytes, pool, floor } = this.#query
    const own = this.#options.spillable && this.#query.keepsForAll ? floor - this.takenOf(floor) : 0
    return limitBytes - pool.usedBytes + this.#bytes - Math.max(0, pool.keptBytes - own)
  }

  /** What is thrown when nothing is left to spill. */
  refused(bytes: number, why?: string): VolleyError {
    return outOfMemory(this.#options.operator, bytes, this.#query.limitBytes, this.capacity, why)
  }

  free(): void {
    if (this.#freed) return
    this.#set(0)
    this.#freed = true
    this.#lend = null
    this.#options.ended(this)
  }

  #set(wanted: number): void {
    const bytes = Math.ceil(wanted)
    const before = this.#bytes
    if (bytes === before) return
    this.#bytes = bytes
    this.#query.count(before, bytes, this.#options.spillable)
    this.#options.held?.hold(bytes - before)
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
