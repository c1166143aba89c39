/** A count that is exact, an estimate, or not known. */
export interface Estimate {
  readonly value: number
  readonly exact: boolean
}

export interface Statistics {
  readonly rows: Estimate | null
  readonly bytes: Estimate | null
}

export const unknownStatistics: Statistics = { rows: null, bytes: null }
