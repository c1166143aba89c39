import { arenaOf, type Arena } from './arena.ts'
import { type FixedColumn, Inputs, kindOf } from './fixed-column.ts'
import { wasmKernels } from './wasm-kernels.ts'

/** The least and the greatest of the integers of some rows; null where all are NULL, or the arena has no kernels. */
export function boundIntegers(
  arena: Arena,
  column: FixedColumn,
  rows: Uint32Array | null,
  count: number,
): readonly [least: bigint, most: bigint] | null {
  const wasm = wasmKernels(arena.buffer)
  if (wasm === null) return null
  const inputs = new Inputs(arena)
  try {
    const [values, validity] = [inputs.address(column.values), inputs.address(column.validity)]
    const rowsAt = inputs.address(rows)
    const out = inputs.room(16)
    if (wasm.boundColumn(values, kindOf(column), column.mask, validity, rowsAt, count, out) === 0) return null
    const unsigned = column.values instanceof BigUint64Array
    const bounds = new (unsigned ? BigUint64Array : BigInt64Array)(arena.buffer, out, 2)
    return [bounds[0]!, bounds[1]!]
  } finally {
    inputs.release()
  }
}

/** Sums of integers: of those of at most 32 bits in `low`; of the halves of those of 64, low ones unsigned. */
export interface IntegerSums {
  readonly low: number
  readonly high: number
  /** How many are not NULL. */
  readonly count: number
}

/** Sums the integers of at most 2^20 rows; null where the column is not in an arena with kernels. */
export function sumIntegers(column: FixedColumn, rows: Uint32Array | null, count: number): IntegerSums | null {
  const { buffer } = column.values
  const arena = arenaOf(buffer)
  const wasm = arena === null ? null : wasmKernels(buffer)
  if (arena === null || wasm === null || count > 1 << 20) return null
  const inputs = new Inputs(arena)
  try {
    const [validity, rowsAt] = [inputs.address(column.validity), inputs.address(rows)]
    const out = inputs.room(16)
    const { values, mask } = column
    const present = wasm.sumColumn(values.byteOffset, kindOf(column), mask, validity, rowsAt, count, out)
    const sums = new BigInt64Array(arena.buffer, out, 2)
    return { low: Number(sums[0]!), high: Number(sums[1]!), count: present }
  } finally {
    inputs.release()
  }
}
