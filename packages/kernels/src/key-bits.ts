import { wasmKernels } from './wasm-kernels.ts'

/** Below this many rows the call costs more than it saves. */
const WASM_FROM = 16

/**
 * Writes the rows to `out` whose value is among those that bits stand for: bit i for `first + i`. Bit number `size`, which is
 * 0, stands for all other values. `values` are integers of 32 bits, or `wide`, of 64 as two words. Rows are the first
 * `count` of `rows`, which may be `out`, or 0 to count - 1 where it is null. Returns how many were written. In WebAssembly
 * where all views are of one arena, else in JavaScript, with the same result.
 */
export function selectKeyBits(
  values: Int32Array,
  wide: boolean,
  rows: Uint32Array | null,
  count: number,
  first: number,
  size: number,
  bits: Uint8Array,
  out: Uint32Array,
): number {
  const { buffer } = values
  if (count > out.length || (rows === null ? count << +wide > values.length : count > rows.length))
    throw new RangeError(`keys of ${count} rows: a column is shorter`)
  if (bits.length <= size >>> 3) throw new RangeError(`${bits.length} bytes of bits for ${size} keys`)
  const one = bits.buffer === buffer && out.buffer === buffer && (rows === null || rows.buffer === buffer)
  const wasm = one && count >= WASM_FROM ? wasmKernels(buffer) : null
  if (wasm !== null) {
    const rowsAt = rows === null ? 0 : rows.byteOffset
    return wasm.selectKeyBits(values.byteOffset, +wide, rowsAt, count, first, size, bits.byteOffset, out.byteOffset)
  }
  let n = 0
  for (let k = 0; k < count; k += 1) {
    const row = rows === null ? k : rows[k]!
    const low = values[wide ? row << 1 : row]!
    let slot = (low - first) >>> 0
    // Differences that wrap around are at or above the number of keys.
    if (slot >= size || (wide && values[(row << 1) + 1] !== low >> 31)) slot = size
    out[n] = row
    n += (bits[slot >>> 3]! >>> (slot & 7)) & 1
  }
  return n
}
