import { arenaOf } from './arena.ts'
import { type FixedColumn, Inputs, kindOf } from './fixed-column.ts'
import { wasmKernels, type WasmKernels } from './wasm-kernels.ts'

/**
 * Rows of a batch and their groups: the k-th is row `rows[k]`, or k, of group `groups[k]`, or 0; there are `groupCount` groups.
 */
export interface KernelRows {
  readonly rows: Uint32Array | null
  readonly groups: Uint32Array | null
  readonly count: number
  readonly groupCount: number
}

/** Rows that each group should have for it to be added up in several places. */
const ROWS_PER_GROUP = 8

/** Runs a kernel over groups; false where the results are not in one arena that has kernels. */
function overGroups(results: readonly ArrayBufferView[], run: (wasm: WasmKernels, inputs: Inputs) => void): boolean {
  const buffer = results[0]!.buffer as ArrayBuffer
  if (results.some((array) => array.buffer !== buffer)) return false
  const arena = arenaOf(buffer)
  const wasm = arena === null ? null : wasmKernels(buffer)
  if (arena === null || wasm === null) return false
  const inputs = new Inputs(arena)
  try {
    run(wasm, inputs)
    return true
  } finally {
    inputs.release()
  }
}

/** Room for so many bytes a group, where there are few groups for the rows; else 0. */
export function lanesOf({ count, groupCount }: KernelRows, inputs: Inputs, bytes: number): number {
  return groupCount * ROWS_PER_GROUP > count ? 0 : inputs.room(groupCount * bytes)
}

/** Throws where a list is shorter than the rows, or an array of results than so many numbers a group. */
export function checkRoom(rows: KernelRows, results: readonly (readonly [ArrayLike<number>, number])[]): void {
  const { count, groups, groupCount } = rows
  if ((groups !== null && count > groups.length) || (rows.rows !== null && count > rows.rows.length))
    throw new RangeError(`groups of ${count} rows: a list is shorter`)
  for (const [array, width] of results)
    if (array.length < groupCount * width) throw new RangeError(`results of ${groupCount} groups: an array is shorter`)
}

/**
 * Adds to `counts[g]` the number of rows of group g at which `column` (all rows, where it is null) is not NULL. Returns whether
 * it could: all but the column is in one arena.
 */
export function countGroups(column: FixedColumn | null, rows: KernelRows, counts: Float64Array): boolean {
  checkRoom(rows, [[counts, 1]])
  return overGroups([counts], (wasm, inputs) => {
    const validity = inputs.address(column?.validity ?? null)
    const mask = column?.mask ?? -1
    const [rowsAt, groups] = [inputs.address(rows.rows), inputs.address(rows.groups)]
    const lanes = lanesOf(rows, inputs, 16)
    wasm.countGroups(validity, mask, rowsAt, groups, rows.count, rows.groupCount, lanes, counts.byteOffset)
  })
}

/**
 * Adds integers to limbs of 32 bits, `width` of them a group: values of at most 32 bits to the first, the halves of those of 64
 * bits to the first two; at most 2^20 rows. Sets `seen[g]` where a group gets a value. Returns whether it could, as above.
 */
export function sumGroups(
  column: FixedColumn,
  rows: KernelRows,
  width: number,
  limbs: Float64Array,
  seen: Uint8Array,
): boolean {
  checkRoom(rows, [
    [limbs, width],
    [seen, 1],
  ])
  return overGroups([limbs, seen], (wasm, inputs) => {
    const [values, validity] = [inputs.address(column.values), inputs.address(column.validity)]
    const [rowsAt, groups] = [inputs.address(rows.rows), inputs.address(rows.groups)]
    const lanes = lanesOf(rows, inputs, 32)
    wasm.sumGroups(
      values,
      kindOf(column),
      column.mask,
      validity,
      rowsAt,
      groups,
      rows.count,
      rows.groupCount,
      lanes,
      width,
      limbs.byteOffset,
      seen.byteOffset,
    )
  })
}

/** The same for doubles: to sums, and to errors what rounding loses. */
export function sumGroupFloats(
  column: FixedColumn,
  rows: KernelRows,
  sums: Float64Array,
  errors: Float64Array,
  seen: Uint8Array,
): boolean {
  checkRoom(rows, [
    [sums, 1],
    [errors, 1],
    [seen, 1],
  ])
  return overGroups([sums, errors, seen], (wasm, inputs) => {
    const [values, validity] = [inputs.address(column.values), inputs.address(column.validity)]
    const [rowsAt, groups] = [inputs.address(rows.rows), inputs.address(rows.groups)]
    wasm.sumFloats(
      values,
      column.mask,
      validity,
      rowsAt,
      groups,
      rows.count,
      sums.byteOffset,
      errors.byteOffset,
      seen.byteOffset,
    )
  })
}

/**
 * Keeps the least (`sign` 1) or the greatest (-1) of each group: numbers of at most 32 bits and floats as doubles, integers of
 * 64 bits, two words each, as they are. Returns whether it could, as above.
 */
export function bestOfGroups(
  column: FixedColumn,
  rows: KernelRows,
  sign: 1 | -1,
  best: Float64Array | Int32Array,
  seen: Uint8Array,
): boolean {
  const long = column.values instanceof BigInt64Array || column.values instanceof BigUint64Array
  if (long !== best instanceof Int32Array || column.isBits) return false
  checkRoom(rows, [
    [best, long ? 2 : 1],
    [seen, 1],
  ])
  return overGroups([best, seen], (wasm, inputs) => {
    const [values, validity] = [inputs.address(column.values), inputs.address(column.validity)]
    const [rowsAt, groups] = [inputs.address(rows.rows), inputs.address(rows.groups)]
    const [bestAt, seenAt] = [best.byteOffset, seen.byteOffset]
    const { mask } = column
    if (long) {
      const flip = column.values instanceof BigUint64Array ? -(1n << 63n) : 0n
      wasm.bestIntegers(values, mask, validity, rowsAt, groups, rows.count, sign, flip, bestAt, seenAt)
    } else {
      wasm.bestNumbers(values, kindOf(column), mask, validity, rowsAt, groups, rows.count, sign, bestAt, seenAt)
    }
  })
}

/** Writes whole numbers as integers of 64 bits. Returns whether it could: both are in one arena with kernels. */
export function writeIntegers(values: Float64Array, count: number, out: BigInt64Array): boolean {
  if (count > values.length || count > out.length) throw new RangeError(`${count} integers: an array is shorter`)
  const { buffer } = values
  const wasm = out.buffer === buffer ? wasmKernels(buffer) : null
  wasm?.writeIntegers(values.byteOffset, count, out.byteOffset)
  return wasm !== null
}

/**
 * Writes sums of one limb of 32 bits or two a group, of which the first of two is in [0, 2^32), as integers of 128 bits. Returns
 * whether it could, as above.
 */
export function writeSums(limbs: Float64Array, width: 1 | 2, count: number, out: Uint32Array): boolean {
  if (count * width > limbs.length || count * 4 > out.length) throw new RangeError(`${count} sums: an array is shorter`)
  const { buffer } = limbs
  const wasm = out.buffer === buffer ? wasmKernels(buffer) : null
  wasm?.writeSums(limbs.byteOffset, width, count, out.byteOffset)
  return wasm !== null
}
