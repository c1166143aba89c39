/** How long a coordinator waits for workers, in milliseconds. */
export interface Patience {
  /** A worker that does not say hello within this is not there. */
  readonly helloMs: number
  /** Between two beats of a query. */
  readonly beatMs: number
  /** A worker that leaves this many beats in a row unanswered is lost. Beats are counted, not time: see Leases. */
  readonly beatsMissed: number
  /** Nothing is waited for longer than this when a query ends. */
  readonly endMs: number
}

/** A lost worker fails its queries within 5 s. */
export const defaultPatience: Patience = { helloMs: 3500, beatMs: 700, beatsMissed: 4, endMs: 1500 }
