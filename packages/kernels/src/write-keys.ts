import { arenaOf } from './arena.ts'
import { type FixedColumn, Inputs, kindOf } from './fixed-column.ts'
import { wasmKernels } from './wasm-kernels.ts'

/**
 * Writes the words of the rows' values to `out[k * stride + at]` and on, `width` of them: those of short values have a zero
 * behind them, -0 is written as 0, every NaN as one. Returns whether it could: `out` is in an arena with kernels.
 */
export function writeKeys(
  column: FixedColumn,
  rows: Uint32Array | null,
  count: number,
  out: Uint32Array,
  at: number,
  stride: number,
  width: 1 | 2,
): boolean {
  const { buffer } = out
  const arena = arenaOf(buffer)
  const wasm = arena === null ? null : wasmKernels(buffer)
  if (arena === null || wasm === null) return false
  if (count > 0 && (count - 1) * stride + at + width > out.length)
    throw new RangeError(`words of ${count} keys: there are ${out.length}`)
  const inputs = new Inputs(arena)
  try {
    const [values, rowsAt] = [inputs.address(column.values), inputs.address(rows)]
    const to = out.byteOffset + at * 4
    wasm.writeKeys(values, kindOf(column), column.mask, rowsAt, count, stride, width, to)
    return true
  } finally {
    inputs.release()
  }
}

/**
 * `out[k]` is `numbers[codes[row]]` of the k-th row (of `rows`, or k), `none` where the row is NULL. Returns how many rows have
 * a code whose number is `none`; null where the arrays are not of one arena with kernels.
 */
export function numbersOfCodes(
  codes: Uint32Array,
  validity: Uint8Array | null,
  rows: Uint32Array | null,
  count: number,
  numbers: Uint32Array,
  none: number,
  out: Uint32Array,
): number | null {
  const { buffer } = out
  const arena = arenaOf(buffer)
  const wasm = arena === null ? null : wasmKernels(buffer)
  if (arena === null || wasm === null || numbers.buffer !== buffer || count > out.length) return null
  const inputs = new Inputs(arena)
  try {
    const [codesAt, validityAt, rowsAt] = [inputs.address(codes), inputs.address(validity), inputs.address(rows)]
    return wasm.numbersOfCodes(codesAt, validityAt, rowsAt, count, numbers.byteOffset, none, out.byteOffset)
  } finally {
    inputs.release()
  }
}
