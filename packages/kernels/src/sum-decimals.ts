import { arenaOf } from './arena.ts'
import { wasmKernels } from './wasm-kernels.ts'

/** Rows that each group should have, for sums of their own to pay. */
const ROWS_PER_GROUP = 4

/**
 * Adds 128-bit integers (four words each, row i at `i & mask`) that fit in 64 bits to sums of four limbs of 32 bits, of which
 * only the highest is signed: the value of `rows[k]` (of row k, where `rows` is null) to that of group `groups[k]`, for k from
 * `from` to `end` (exclusive). Each limb grows by less than 2^32. Returns the first k that is left to others: all of them
 * outside of an arena, and where groups have few rows.
 */
export function sumDecimals(
  words: Int32Array,
  mask: number,
  rows: Uint32Array | null,
  groups: Uint32Array,
  from: number,
  end: number,
  groupCount: number,
  limbs: Float64Array,
): number {
  const { buffer } = words
  if (groupCount * ROWS_PER_GROUP > end - from) return from
  const arena = arenaOf(buffer)
  const wasm = arena === null ? null : wasmKernels(buffer)
  if (arena === null || wasm === null) return from
  if (end > groups.length || (rows !== null && end > rows.length) || limbs.length < groupCount * 4)
    throw new RangeError(`sums of ${end} rows in ${groupCount} groups: an array is shorter`)
  const outside = (list: Uint32Array): boolean => list.buffer !== buffer
  const bytes = (list: Uint32Array | null): number => (list !== null && outside(list) ? end * 4 : 0)
  const sums = arena.alloc(groupCount * 16 + bytes(groups) + bytes(rows))
  try {
    let at = sums + groupCount * 16
    const inside = (list: Uint32Array): number => {
      if (!outside(list)) return list.byteOffset
      new Uint32Array(buffer, at, end).set(list.subarray(0, end))
      at += end * 4
      return at - end * 4
    }
    const low = new Uint32Array(buffer, sums, groupCount * 4).fill(0)
    const high = new Int32Array(buffer, sums, groupCount * 4)
    const rowsAt = rows === null ? 0 : inside(rows)
    const next = wasm.sumDecimals(words.byteOffset, mask, rowsAt, inside(groups), from, end, sums)
    for (let i = 0; i < groupCount * 4; i += 4) {
      limbs[i]! += low[i]!
      limbs[i + 1]! += low[i + 1]!
      limbs[i + 2]! += low[i + 2]!
      limbs[i + 3]! += high[i + 3]!
    }
    return next
  } finally {
    arena.free(sums)
  }
}
