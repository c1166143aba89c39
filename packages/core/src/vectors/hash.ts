import { notSupported } from '../errors.ts'
import type { Selection } from './record-batch.ts'
import type { Vector } from './vector.ts'

/**
 * Hashes the selected rows: `out[k]` is the hash of the k-th selected row (row k, when all are). With `combine`, it is
 * mixed into what `out[k]` held, for keys of several columns. Equal values hash alike whatever their encoding, on every
 * machine: -0 as 0, every NaN alike, NULL as one value.
 */
export function hashVector(vector: Vector, _selection: Selection | null, _out: Uint32Array, _combine: boolean): void {
  throw notSupported(`hashing ${vector.type}`)
}
