import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import type { Vector } from './vector.ts'

/** All rows of the vectors (of one type), one after the other. Vectors that share one dictionary keep it. */
export function concatVectors(vectors: readonly Vector[], _region: Region): Vector {
  throw notSupported(`concatenating ${vectors[0]?.type}`)
}
