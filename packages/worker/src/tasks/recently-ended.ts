import { SqlState, VolleyError } from '@volley/core'

/** Queries that are remembered: far more than can have a request under way. */
const REMEMBERED = 1000

/** The last queries that ended, so that a late request for one does not start it again. */
export class RecentlyEnded {
  readonly #queries = new Set<string>()

  add(query: string): void {
    this.#queries.add(query)
    if (this.#queries.size > REMEMBERED) this.#queries.delete(this.#queries.values().next().value!)
  }

  /** @throws VolleyError when the query has ended. */
  check(query: string): void {
    if (this.#queries.has(query)) throw new VolleyError(`query ${query} has ended`, { code: SqlState.queryCanceled })
  }
}
