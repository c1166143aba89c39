import { arenaOf } from './arena.ts'
import { Inputs } from './fixed-column.ts'
import { checkRoom, type KernelRows, lanesOf } from './group-sums.ts'
import { wasmKernels } from './wasm-kernels.ts'

/** A column of integers of 128 bits, four words each: row i is at `i & mask`, NULL where that bit of `validity` is 0. */
export interface WideColumn {
  readonly words: Int32Array
  readonly mask: number
  readonly validity: Uint8Array | null
}

/**
 * Adds integers that fit in 64 bits to sums of four limbs of 32 bits a group, from the k-th row on that is `from`: each of the
 * first two limbs grows by less than 2^32 a row. Sets `seen[g]` where a group gets a value. Without `groups` all rows are of
 * group 0. Returns the first k that is left to others; null where the results are not in one arena with kernels.
 */
export function sumDecimals(
  column: WideColumn,
  rows: KernelRows,
  from: number,
  limbs: Float64Array,
  seen: Uint8Array,
): number | null {
  const { buffer } = limbs
  const arena = arenaOf(buffer)
  const wasm = arena === null ? null : wasmKernels(buffer)
  if (arena === null || wasm === null || seen.buffer !== buffer) return null
  checkRoom(rows, [
    [limbs, 4],
    [seen, 1],
  ])
  const inputs = new Inputs(arena)
  try {
    const [words, validity] = [inputs.address(column.words), inputs.address(column.validity)]
    const [rowsAt, groups] = [inputs.address(rows.rows), inputs.address(rows.groups)]
    const lanes = groups === 0 ? 0 : lanesOf(rows, inputs, 64)
    return wasm.sumDecimals(
      words,
      column.mask,
      validity,
      rowsAt,
      groups,
      from,
      rows.count,
      rows.groupCount,
      lanes,
      limbs.byteOffset,
      seen.byteOffset,
    )
  } finally {
    inputs.release()
  }
}
