import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import type { Vector } from './vector.ts'

/** In a list of rows: the row that is not there, which is taken as NULL. */
export const NO_ROW = 0xffffffff

/**
 * A dense copy: row k of the result is row `rows[k]` of the vector (row k, when `rows` is null), for k below `count`;
 * `NO_ROW` gives NULL. Dictionaries stay dictionaries (and share their values), constants stay constants.
 */
export function takeVector(vector: Vector, _rows: Uint32Array | null, _count: number, _region: Region): Vector {
  throw notSupported(`taking rows of ${vector.type}`)
}
