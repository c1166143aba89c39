import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { SqlState, VolleyError } from '../errors.ts'
import { writeInt64 } from '../types/ticks.ts'
import { wordsOf } from '../vectors/operand.ts'
import { constantVector } from '../vectors/build.ts'
import { PrimitiveVector, type Vector } from '../vectors/vector.ts'
import type { Starts } from './run-starts.ts'
import type { RankingName } from './streamed-call.ts'

/** Where the last row stood: first rows of its partition and peers, and the number of its peer group. */
export interface RankedRows {
  partitionStart: number
  peerStart: number
  denseRank: number
}

type Rank = (name: RankingName, type: DataType, buckets: number | null, region: Region) => Vector

/**
 * Ranks of rows that come batch by batch; `state` goes from one batch to the next. `peerEnds` and `partitionEnds` are null
 * where no function needs them.
 */
export function rankRows(
  { partitions, peers }: Starts,
  base: number,
  state: RankedRows,
  peerEnds: Float64Array | null,
  partitionEnds: Float64Array | null,
): Rank {
  const rows = partitions.length
  const partitionStarts = new Float64Array(rows)
  const peerStarts = new Float64Array(rows)
  const denseRanks = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    if (partitions[i] === 1) {
      state.partitionStart = base + i
      state.denseRank = 0
    }
    if (peers[i] === 1) {
      state.peerStart = base + i
      state.denseRank++
    }
    partitionStarts[i] = state.partitionStart
    peerStarts[i] = state.peerStart
    denseRanks[i] = state.denseRank
  }
  const place = (i: number): number => base + i - partitionStarts[i]!
  const size = (i: number): number => partitionEnds![i]! - partitionStarts[i]!
  const rank = (i: number): number => peerStarts[i]! - partitionStarts[i]!
  return (name, type, buckets, region) => {
    switch (name) {
      case 'row_number':
        return counts(type, rows, (i) => place(i) + 1, region)
      case 'rank':
        return counts(type, rows, (i) => rank(i) + 1, region)
      case 'dense_rank':
        return counts(type, rows, (i) => denseRanks[i]!, region)
      case 'percent_rank':
        return shares(type, rows, (i) => (size(i) === 1 ? 0 : rank(i) / (size(i) - 1)), region)
      case 'cume_dist':
        return shares(type, rows, (i) => (peerEnds![i]! - partitionStarts[i]!) / size(i), region)
      case 'ntile':
        return buckets === null
          ? constantVector(type, null, rows, region)
          : tiles(type, rows, place, size, buckets, region)
    }
  }
}

function counts(type: DataType, rows: number, of: (row: number) => number, region: Region): Vector {
  const values = region.i64(rows)
  const words = wordsOf(values)
  for (let i = 0; i < rows; i++) writeInt64(words, 2 * i, of(i))
  return new PrimitiveVector(type, rows, null, values)
}

function shares(type: DataType, rows: number, of: (row: number) => number, region: Region): Vector {
  const values = region.f64(rows)
  for (let i = 0; i < rows; i++) values[i] = of(i)
  return new PrimitiveVector(type, rows, null, values)
}

function tiles(
  type: DataType,
  rows: number,
  place: (row: number) => number,
  size: (row: number) => number,
  buckets: number,
  region: Region,
): Vector {
  if (buckets <= 0) {
    throw new VolleyError('argument of ntile must be greater than zero', { code: SqlState.invalidParameterValue })
  }
  const values = region.i32(rows)
  for (let i = 0; i < rows; i++) {
    const small = Math.floor(size(i) / buckets)
    const larger = (size(i) % buckets) * (small + 1)
    const k = place(i)
    values[i] = 1 + (k < larger ? Math.floor(k / (small + 1)) : (size(i) % buckets) + Math.floor((k - larger) / small))
  }
  return new PrimitiveVector(type, rows, null, values)
}
