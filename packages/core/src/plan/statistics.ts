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

/** Statistics of all of them together. */
export function addEstimates(all: readonly Statistics[]): Statistics {
  const sum = (estimates: readonly (Estimate | null)[]): Estimate | null =>
    estimates.reduce(
      (a, b) => (a === null || b === null ? null : { value: a.value + b.value, exact: a.exact && b.exact }),
      { value: 0, exact: true },
    )
  return { rows: sum(all.map((one) => one.rows)), bytes: sum(all.map((one) => one.bytes)) }
}
