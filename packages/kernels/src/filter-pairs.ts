import { wasmKernels } from './wasm-kernels.ts'

/** Below this many rows the call costs more than it saves. */
const WASM_FROM = 32

/** One side of a comparison: its value for a row is number `row & mask`, so that mask 0 makes it a constant and -1 a column. */
export interface PairSide {
  /** Integers of 32 bits, or words of those of 128 bits, the low one first. */
  readonly words: Int32Array
  readonly mask: number
}

export interface PairComparison {
  /** Whether the values are to be equal; else the left one is to be less. */
  readonly equal: boolean
  /** 1 selects the rows that do not pass. */
  readonly flip: number
}

/**
 * Writes the numbers of the rows for which the sides, integers of 32 bits, compare as asked to `out`, ascending, and answers
 * how many.
 *
 * Rows are 0 to `count - 1`, or the first `count` of `rows`. `out` has room for `count` numbers and may be `rows` itself. In
 * WebAssembly where all views are of one arena, else in JavaScript, with the same result.
 */
export function filterPairsI32(
  left: PairSide,
  right: PairSide,
  comparison: PairComparison,
  rows: Uint32Array | null,
  count: number,
  out: Uint32Array,
): number {
  return filterPairs(1, left, right, comparison, rows, count, out)
}

/** As `filterPairsI32`, for integers of 128 bits. */
export function filterPairsI128(
  left: PairSide,
  right: PairSide,
  comparison: PairComparison,
  rows: Uint32Array | null,
  count: number,
  out: Uint32Array,
): number {
  return filterPairs(4, left, right, comparison, rows, count, out)
}

/** Values of `width` words. */
function filterPairs(
  width: 1 | 4,
  left: PairSide,
  right: PairSide,
  { equal, flip }: PairComparison,
  rows: Uint32Array | null,
  count: number,
  out: Uint32Array,
): number {
  checkBounds(left, right, width, rows, count, out)
  const wasm = kernelsFor(left, right, rows, count, out)
  if (wasm === null) return twin(left, right, width, equal, flip, rows, count, out)
  const [a, b, selection] = [left.words.byteOffset, right.words.byteOffset, rows === null ? 0 : rows.byteOffset]
  const kernel = width === 1 ? wasm.filterPairsI32 : wasm.filterPairsI128
  return kernel(a, left.mask, b, right.mask, +equal, flip, selection, count, out.byteOffset)
}

function checkBounds(
  left: PairSide,
  right: PairSide,
  width: number,
  rows: Uint32Array | null,
  count: number,
  out: Uint32Array,
): void {
  if (count === 0) return
  const short = ({ words, mask }: PairSide): boolean => words.length < width * (mask === 0 || rows !== null ? 1 : count)
  if (count > out.length || (rows !== null && count > rows.length) || short(left) || short(right))
    throw new RangeError(`filter of ${count} rows: a column, the selection or the result is shorter`)
}

function kernelsFor(
  left: PairSide,
  right: PairSide,
  rows: Uint32Array | null,
  count: number,
  out: Uint32Array,
): ReturnType<typeof wasmKernels> {
  const { buffer } = out
  if (count < WASM_FROM || left.words.buffer !== buffer || right.words.buffer !== buffer) return null
  return rows !== null && rows.buffer !== buffer ? null : wasmKernels(buffer)
}

const SIGN = 0x80000000 | 0

/** Values of `width` words, the highest one signed. */
function twin(
  left: PairSide,
  right: PairSide,
  width: number,
  equal: boolean,
  flip: number,
  rows: Uint32Array | null,
  count: number,
  out: Uint32Array,
): number {
  let n = 0
  for (let k = 0; k < count; k++) {
    const row = rows === null ? k : rows[k]!
    const x = (row & left.mask) * width
    const y = (row & right.mask) * width
    let order = 0
    for (let w = width - 1; w >= 0 && order === 0; w--) {
      const sign = w === width - 1 ? 0 : SIGN
      const a = left.words[x + w]! ^ sign
      const b = right.words[y + w]! ^ sign
      order = +(a > b) - +(a < b)
    }
    out[n] = row
    n += +(equal ? order === 0 : order < 0) ^ flip
  }
  return n
}
