import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import type { Selection } from './record-batch.ts'
import type { Vector } from './vector.ts'

/** The same rows without dictionary or constant encoding; other vectors as they are. Only selected rows are defined. */
export function flattenVector(vector: Vector, _selection: Selection | null, _region: Region): Vector {
  throw notSupported(`flattening ${vector.type}`)
}

/** Rows `start` to `end` (exclusive); shares values, copies bitmaps into the region. */
export function sliceVector(vector: Vector, _start: number, _end: number, _region: Region): Vector {
  throw notSupported(`slicing ${vector.type}`)
}
