/** Why a document has its score: a value, what it is, and the values that it is made of. */
export interface Explanation {
  readonly description: string
  readonly value: number
  readonly details?: readonly Explanation[]
  /** What of the query it belongs to. */
  readonly context?: string
}

export function leaf(description: string, value: number): Explanation {
  return { description, value }
}
