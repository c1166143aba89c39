import type { WasmKernels } from './wasm-kernels.ts'
import { wasmKernels } from './wasm-kernels.ts'

export type CompareOp = '=' | '<>' | '<' | '<=' | '>' | '>='

/** Three comparisons and their opposites: NaN counts as above every number, so "not less" is "greater or equal". */
const OPS: Readonly<Record<CompareOp, { readonly base: 0 | 1 | 2; readonly inverted: boolean }>> = {
  '=': { base: 0, inverted: false },
  '<>': { base: 0, inverted: true },
  '<': { base: 1, inverted: false },
  '>=': { base: 1, inverted: true },
  '<=': { base: 2, inverted: false },
  '>': { base: 2, inverted: true },
}
/** Below this many rows the call costs more than it saves. */
const WASM_FROM = 32

type Numbers = Int32Array | Uint32Array | BigInt64Array | BigUint64Array | Float64Array

/**
 * Writes the numbers of the rows whose value compares with `constant` as asked to `out`, ascending, and answers how many.
 *
 * Rows are 0 to `count - 1`, or the first `count` of `selectionIn`. `out` has room for `count` numbers and may be
 * `selectionIn` itself. In WebAssembly where all views are of one arena, else in JavaScript, with the same result.
 */
export function filterCompareI32(
  values: Int32Array,
  op: CompareOp,
  constant: number,
  selectionIn: Uint32Array | null,
  count: number,
  out: Uint32Array,
): number {
  checkBounds(values, selectionIn, count, out)
  const { base, inverted } = OPS[op]
  const wasm = kernelsFor(values, selectionIn, count, out)
  if (wasm === null) return filterTwin(values, base, inverted, constant, selectionIn, count, out)
  const selection = selectionIn === null ? 0 : selectionIn.byteOffset
  return wasm.filterI32(values.byteOffset, base, inverted ? 15 : 0, constant, selection, count, out.byteOffset)
}

/** As `filterCompareI32`, for unsigned integers. */
export function filterCompareU32(
  values: Uint32Array,
  op: CompareOp,
  constant: number,
  selectionIn: Uint32Array | null,
  count: number,
  out: Uint32Array,
): number {
  checkBounds(values, selectionIn, count, out)
  const { base, inverted } = OPS[op]
  const wasm = kernelsFor(values, selectionIn, count, out)
  if (wasm === null) return filterTwin(values, base, inverted, constant, selectionIn, count, out)
  const selection = selectionIn === null ? 0 : selectionIn.byteOffset
  return wasm.filterU32(values.byteOffset, base, inverted ? 15 : 0, constant, selection, count, out.byteOffset)
}

/** As `filterCompareI32`, for 64-bit integers. */
export function filterCompareI64(
  values: BigInt64Array,
  op: CompareOp,
  constant: bigint,
  selectionIn: Uint32Array | null,
  count: number,
  out: Uint32Array,
): number {
  checkBounds(values, selectionIn, count, out)
  const { base, inverted } = OPS[op]
  const wasm = kernelsFor(values, selectionIn, count, out)
  if (wasm === null) return filterTwin64(values, base, inverted, constant, selectionIn, count, out)
  const selection = selectionIn === null ? 0 : selectionIn.byteOffset
  return wasm.filterI64(values.byteOffset, base, inverted ? 15 : 0, constant, selection, count, out.byteOffset)
}

/** As `filterCompareI32`, for unsigned 64-bit integers. */
export function filterCompareU64(
  values: BigUint64Array,
  op: CompareOp,
  constant: bigint,
  selectionIn: Uint32Array | null,
  count: number,
  out: Uint32Array,
): number {
  checkBounds(values, selectionIn, count, out)
  const { base, inverted } = OPS[op]
  const wasm = kernelsFor(values, selectionIn, count, out)
  if (wasm === null) return filterTwin64(values, base, inverted, constant, selectionIn, count, out)
  const selection = selectionIn === null ? 0 : selectionIn.byteOffset
  return wasm.filterU64(values.byteOffset, base, inverted ? 15 : 0, constant, selection, count, out.byteOffset)
}

/** As `filterCompareI32`, for floats in PostgreSQL's order: NaN equals NaN and is above every number; -0 equals 0. */
export function filterCompareF64(
  values: Float64Array,
  op: CompareOp,
  constant: number,
  selectionIn: Uint32Array | null,
  count: number,
  out: Uint32Array,
): number {
  checkBounds(values, selectionIn, count, out)
  const { base, inverted } = OPS[op]
  if (Number.isNaN(constant)) return filterNaN(values, base, inverted, selectionIn, count, out)
  const wasm = kernelsFor(values, selectionIn, count, out)
  if (wasm === null) return filterTwin(values, base, inverted, constant, selectionIn, count, out)
  const selection = selectionIn === null ? 0 : selectionIn.byteOffset
  return wasm.filterF64(values.byteOffset, base, inverted ? 15 : 0, constant, selection, count, out.byteOffset)
}

/** A kernel writes to addresses: what a typed array would ignore would there be another column's memory. */
function checkBounds(values: Numbers, selectionIn: Uint32Array | null, count: number, out: Uint32Array): void {
  if (count > out.length || count > (selectionIn ?? values).length) {
    throw new RangeError(`filter of ${count} rows: the column, the selection or the result is shorter`)
  }
}

function kernelsFor(
  values: Numbers,
  selectionIn: Uint32Array | null,
  count: number,
  out: Uint32Array,
): WasmKernels | null {
  if (count < WASM_FROM || values.buffer !== out.buffer) return null
  if (selectionIn !== null && selectionIn.buffer !== out.buffer) return null
  return wasmKernels(values.buffer)
}

// One store and one addition a row, whatever the answer: a branch on the data is three times slower.
function filterTwin(
  values: Int32Array | Uint32Array | Float64Array,
  base: 0 | 1 | 2,
  inverted: boolean,
  constant: number,
  selectionIn: Uint32Array | null,
  count: number,
  out: Uint32Array,
): number {
  const flip = +inverted
  let k = 0
  if (selectionIn === null) {
    if (base === 0) {
      for (let i = 0; i < count; i++) {
        out[k] = i
        k += +(values[i] === constant) ^ flip
      }
    } else if (base === 1) {
      for (let i = 0; i < count; i++) {
        out[k] = i
        k += +(values[i]! < constant) ^ flip
      }
    } else {
      for (let i = 0; i < count; i++) {
        out[k] = i
        k += +(values[i]! <= constant) ^ flip
      }
    }
    return k
  }
  for (let i = 0; i < count; i++) {
    const row = selectionIn[i]!
    const value = values[row]!
    out[k] = row
    k += +(base === 0 ? value === constant : base === 1 ? value < constant : value <= constant) ^ flip
  }
  return k
}

const SIGN = 0x80000000 | 0

/**
 * The twin for 64-bit integers, over their halves: a BigInt a row takes ten times longer. `a <= b` is "not b < a", so both
 * orders are one loop.
 */
function filterTwin64(
  values: BigInt64Array | BigUint64Array,
  base: 0 | 1 | 2,
  inverted: boolean,
  constant: bigint,
  selectionIn: Uint32Array | null,
  count: number,
  out: Uint32Array,
): number {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  // with the sign bits flipped, signed comparison orders what is unsigned
  const flipHigh = values instanceof BigUint64Array ? SIGN : 0
  const high = Number(BigInt.asIntN(32, constant >> 32n)) ^ flipHigh
  const low = Number(BigInt.asIntN(32, constant)) ^ SIGN
  const flip = +inverted ^ +(base === 2)
  let k = 0
  for (let i = 0; i < count; i++) {
    const row = selectionIn === null ? i : selectionIn[i]!
    const rowLow = words[row * 2]! ^ SIGN
    const rowHigh = words[row * 2 + 1]! ^ flipHigh
    const same = +(rowHigh === high)
    let holds: number
    if (base === 0) holds = same & +(rowLow === low)
    else if (base === 1) holds = +(rowHigh < high) | (same & +(rowLow < low))
    else holds = +(rowHigh > high) | (same & +(rowLow > low))
    out[k] = row
    k += holds ^ flip
  }
  return k
}

/** Comparison with NaN: equal to NaN alone, above all else. */
function filterNaN(
  values: Float64Array,
  base: 0 | 1 | 2,
  inverted: boolean,
  selectionIn: Uint32Array | null,
  count: number,
  out: Uint32Array,
): number {
  const flip = +inverted
  let k = 0
  for (let i = 0; i < count; i++) {
    const row = selectionIn === null ? i : selectionIn[i]!
    const isNaN = Number.isNaN(values[row])
    out[k] = row
    k += +(base === 0 ? isNaN : base === 1 ? !isNaN : true) ^ flip
  }
  return k
}
