/**
 * Queries that a coordinator holds by beats. One whose beats stay out for more than `ticks` ticks of a timer expires. Ticks are
 * counted, not the clock: after a stall of this very process, beats that wait in its sockets are heard before the next tick.
 */
export class Leases {
  readonly #ticks: number
  readonly #expire: (query: string) => void
  readonly #missed = new Map<string, number>()
  readonly #timer: NodeJS.Timeout

  constructor(ticks: number, tickMs: number, expire: (query: string) => void) {
    this.#ticks = ticks
    this.#expire = expire
    this.#timer = setInterval(() => this.#tick(), tickMs)
    this.#timer.unref()
  }

  renew(query: string): void {
    this.#missed.set(query, 0)
  }

  /** Whether the query was held. */
  drop(query: string): boolean {
    return this.#missed.delete(query)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    for (const [query, missed] of this.#missed) {
      if (missed < this.#ticks) {
        this.#missed.set(query, missed + 1)
        continue
      }
      this.#missed.delete(query)
      this.#expire(query)
    }
  }
}
