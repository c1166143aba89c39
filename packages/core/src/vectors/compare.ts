import { notSupported } from '../errors.ts'
import type { Vector } from './vector.ts'

/**
 * Order of two rows' values: negative, 0 or positive; the vectors have one type. NULLs are equal and after everything;
 * NaN is equal to itself and above every number.
 */
export function compareRows(a: Vector, _i: number, _b: Vector, _j: number): number {
  throw notSupported(`comparing ${a.type}`)
}

/** Whether two rows' values are equal, NULL being equal to NULL. */
export function equalRows(a: Vector, i: number, b: Vector, j: number): boolean {
  return compareRows(a, i, b, j) === 0
}

/** Compares rows of two sets of sort-key columns; built once for a pair of batches, not for a row. */
export class RowComparator {
  readonly left: readonly Vector[]
  readonly right: readonly Vector[]
  readonly keys: readonly { readonly descending: boolean; readonly nullsFirst: boolean }[]

  constructor(
    left: readonly Vector[],
    right: readonly Vector[],
    keys: readonly { readonly descending: boolean; readonly nullsFirst: boolean }[],
  ) {
    this.left = left
    this.right = right
    this.keys = keys
  }

  compare(_i: number, _j: number): number {
    throw notSupported('comparing rows')
  }
}
