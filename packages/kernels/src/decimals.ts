import { wasmKernels } from './wasm-kernels.ts'

/** A column of 128-bit integers, four words each, of which row i is at `i & mask`. */
export interface DecimalSide {
  readonly words: Int32Array
  readonly mask: number
  /** What it is multiplied with before it is added. */
  readonly factor: number
}

const MOST = 4611686018427387904n

/**
 * Products of the rows whose sides fit in 64 bits and whose result is smaller than 10^digits and 2^62, from the k-th row on.
 * Returns the first k that is left to others; rows are 0 to count - 1 where `rows` is null. Null where there is no
 * WebAssembly, or the views are not of one arena.
 */
export function multiplyDecimals(
  a: DecimalSide,
  b: DecimalSide,
  rows: Uint32Array | null,
  from: number,
  count: number,
  digits: number,
  out: Int32Array,
): number | null {
  const wasm = kernelsFor(a, b, rows, count, out)
  if (wasm === null) return null
  const rowsAt = rows === null ? 0 : rows.byteOffset
  const limit = limitOf(digits)
  return wasm.multiplyDecimals(
    a.words.byteOffset,
    a.mask,
    b.words.byteOffset,
    b.mask,
    rowsAt,
    from,
    count,
    limit,
    out.byteOffset,
  )
}

/** Sums of the sides times their factors, like `multiplyDecimals`. */
export function addDecimals(
  a: DecimalSide,
  b: DecimalSide,
  rows: Uint32Array | null,
  from: number,
  count: number,
  digits: number,
  out: Int32Array,
): number | null {
  const wasm = kernelsFor(a, b, rows, count, out)
  if (wasm === null || Math.max(Math.abs(a.factor), Math.abs(b.factor)) > 1e15) return null
  const rowsAt = rows === null ? 0 : rows.byteOffset
  const [aFactor, bFactor] = [BigInt(a.factor), BigInt(b.factor)]
  const most = (factor: bigint): bigint => MOST / 2n / (factor < 0n ? -factor : factor)
  return wasm.addDecimals(
    a.words.byteOffset,
    a.mask,
    aFactor,
    most(aFactor),
    b.words.byteOffset,
    b.mask,
    bFactor,
    most(bFactor),
    rowsAt,
    from,
    count,
    limitOf(digits),
    out.byteOffset,
  )
}

function limitOf(digits: number): bigint {
  return digits > 18 ? MOST : 10n ** BigInt(digits)
}

function kernelsFor(
  a: DecimalSide,
  b: DecimalSide,
  rows: Uint32Array | null,
  count: number,
  out: Int32Array,
): ReturnType<typeof wasmKernels> {
  const { buffer } = out
  if (a.words.buffer !== buffer || b.words.buffer !== buffer) return null
  if (rows !== null && rows.buffer !== buffer) return null
  if (rows === null ? count << 2 > out.length : count > rows.length)
    throw new RangeError(`decimals of ${count} rows: a column is shorter`)
  return wasmKernels(buffer)
}
