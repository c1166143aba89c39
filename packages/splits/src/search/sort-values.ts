import type { HitAddress, SortField, SortValue } from './search-request.ts'

/** Compares values of any types as numbers; booleans are 0 and 1, and doubles compare in the total order of IEEE 754. */
export function compareSortValues(a: SortValue, b: SortValue): number {
  if (a.type === 'f64' || b.type === 'f64') return totalOrder(Number(a.value), Number(b.value))
  const [left, right] = [BigInt(a.value), BigInt(b.value)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** -0 is below 0, and NaN above all. */
function totalOrder(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  if (a === 0 && b === 0) return Number(Object.is(b, -0)) - Number(Object.is(a, -0))
  return a - b
}

/** What a hit is ranked by. */
export interface RankedHit {
  readonly sort: readonly (SortValue | null)[]
  readonly address: HitAddress
}

/**
 * Order of hits, the first one first: by each sort field, hits without a value last in either order, then by address in
 * the order of the first field.
 */
export function compareHits(fields: readonly SortField[]): (a: RankedHit, b: RankedHit) => number {
  const first = orderOf(fields)
  return (a, b) => compareValues(fields, a.sort, b.sort) || first * compareAddresses(a.address, b.address)
}

/** 1 for ascending addresses, -1 for descending ones. */
export function orderOf(fields: readonly SortField[]): 1 | -1 {
  return fields[0]?.order === 'asc' ? 1 : -1
}

/** The same by sort values only. */
export function compareValues(
  fields: readonly SortField[],
  a: readonly (SortValue | null)[],
  b: readonly (SortValue | null)[],
): number {
  for (const [k, { order }] of fields.entries()) {
    const [left, right] = [a[k] ?? null, b[k] ?? null]
    if (left === null || right === null) {
      if (left !== right) return left === null ? 1 : -1
      continue
    }
    const sign = compareSortValues(left, right)
    if (sign !== 0) return order === 'asc' ? sign : -sign
  }
  return 0
}

export function compareAddresses(a: HitAddress, b: HitAddress): number {
  if (a.splitId !== b.splitId) return a.splitId < b.splitId ? -1 : 1
  return a.segment - b.segment || a.doc - b.doc
}
