import { isInteger } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import { FLOAT64, INT32, INT64 } from '../types/type-factory.ts'
import { SqlState, VolleyError } from '../errors.ts'
import { Operand, wordsOf } from '../vectors/operand.ts'
import { PrimitiveVector, type Vector } from '../vectors/vector.ts'
import { int64At } from '../aggregates/state-vectors.ts'
import type { WindowFunction, WindowInput } from './window-function.ts'

/** row_number, rank, dense_rank, percent_rank, cume_dist, ntile. */
export const RANKING_FUNCTIONS: readonly WindowFunction[] = [
  count64('row_number', 'Number of the row in its partition, from 1.', (input, out) => {
    eachPartition(input, (start, end) => {
      for (let i = start; i < end; i++) out[2 * i] = i - start + 1
    })
  }),
  count64('rank', 'Number of the first of the row’s peers in its partition.', (input, out) => {
    eachPeerGroup(input, (start, end, partition) => {
      for (let i = start; i < end; i++) out[2 * i] = start - partition + 1
    })
  }),
  count64('dense_rank', 'Number of the row’s peer group in its partition.', (input, out) => {
    eachPeerGroup(input, (start, end, _partition, _size, group) => {
      for (let i = start; i < end; i++) out[2 * i] = group + 1
    })
  }),
  share('percent_rank', 'Rank less 1, over rows less 1.', (input, out) => {
    eachPeerGroup(input, (start, end, partition, size) => {
      out.fill(size === 1 ? 0 : (start - partition) / (size - 1), start, end)
    })
  }),
  share('cume_dist', 'Share of the rows that are before the row or its peers.', (input, out) => {
    eachPeerGroup(input, (start, end, partition, size) => {
      out.fill((end - partition) / size, start, end)
    })
  }),
  {
    name: 'ntile',
    description: 'Number of the bucket, of n as equal as can be, that the row falls into.',
    examples: [{ sql: 'ntile(2) OVER ()', result: '1' }],
    usesFrame: false,
    resolve(argTypes) {
      const fits = argTypes.length === 1 && (isInteger(argTypes[0]!) || typeName(argTypes[0]!) === 'Null')
      return fits ? { argTypes: [INT64], returnType: INT32, nullable: true } : null
    },
    evaluate: ntile,
  },
]

function eachPartition(input: WindowInput, visit: (start: number, end: number) => void): void {
  for (let p = 0; p + 1 < input.partitions.length; p++) visit(input.partitions[p]!, input.partitions[p + 1]!)
}

/** Visits peer groups with the first row and size of their partition, and their number in it. */
function eachPeerGroup(
  input: WindowInput,
  visit: (start: number, end: number, partition: number, size: number, group: number) => void,
): void {
  let g = 0
  eachPartition(input, (partition, partitionEnd) => {
    for (let group = 0; input.peers[g]! < partitionEnd; group++, g++) {
      visit(input.peers[g]!, input.peers[g + 1]!, partition, partitionEnd - partition, group)
    }
  })
}

/** A function whose numbers fit into the low words that `fill` writes. */
function count64(
  name: string,
  description: string,
  fill: (input: WindowInput, words: Int32Array) => void,
): WindowFunction {
  return {
    name,
    description,
    examples: [{ sql: `${name}() OVER ()`, result: '1' }],
    usesFrame: false,
    resolve: (argTypes) => (argTypes.length === 0 ? { argTypes, returnType: INT64, nullable: false } : null),
    evaluate(input) {
      const values = input.region.i64(input.rows)
      const words = wordsOf(values).fill(0)
      fill(input, words)
      return new PrimitiveVector(INT64, input.rows, null, values)
    },
  }
}

function share(
  name: string,
  description: string,
  fill: (input: WindowInput, out: Float64Array) => void,
): WindowFunction {
  return {
    name,
    description,
    examples: [{ sql: `${name}() OVER ()`, result: name === 'cume_dist' ? '1' : '0' }],
    usesFrame: false,
    resolve: (argTypes) => (argTypes.length === 0 ? { argTypes, returnType: FLOAT64, nullable: false } : null),
    evaluate(input) {
      const values = input.region.f64(input.rows)
      fill(input, values)
      return new PrimitiveVector(FLOAT64, input.rows, null, values)
    },
  }
}

function ntile(input: WindowInput): Vector {
  const buckets = new Operand(input.args[0]!)
  const values = input.region.i32(input.rows).fill(0)
  const validity = input.region.bitmap(input.rows, false)
  eachPartition(input, (start, end) => {
    // The number is that of the partition's first row.
    if (!buckets.isValid(start)) return
    const count = int64At(buckets.words, start & buckets.mask)
    if (count <= 0) {
      throw new VolleyError('argument of ntile must be greater than zero', { code: SqlState.invalidParameterValue })
    }
    const small = Math.floor((end - start) / count)
    const larger = (end - start) % count
    for (let i = start; i < end; i++) {
      const k = i - start
      const inLarger = k < larger * (small + 1)
      values[i] = 1 + (inLarger ? Math.floor(k / (small + 1)) : larger + Math.floor((k - larger * (small + 1)) / small))
      validity[i >>> 3]! |= 1 << (i & 7)
    }
  })
  return new PrimitiveVector(INT32, input.rows, validity, values)
}
