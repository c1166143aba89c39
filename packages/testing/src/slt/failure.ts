/** A query that did not give the expected answer. */
export interface Failure {
  /** File and line. */
  readonly at: string
  readonly sql: string
  readonly reason: string
}
