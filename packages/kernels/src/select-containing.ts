import { wasmKernels } from './wasm-kernels.ts'

/** Below this many rows the call costs more than it saves. */
const WASM_FROM = 16

/**
 * Writes those of rows[0..count) whose bytes, offsets[row] up to offsets[row + 1], contain `needle` (or, with `flip` 1, do
 * not) to `out`, and returns how many. `out` may be `rows` itself. In WebAssembly where all views are of one arena, else in
 * JavaScript, with the same result.
 */
export function selectContaining(
  bytes: Uint8Array,
  offsets: Int32Array | Uint32Array,
  rows: Uint32Array,
  count: number,
  needle: Uint8Array,
  flip: number,
  out: Uint32Array,
): number {
  if (count > rows.length || count > out.length) throw new RangeError(`search in ${count} rows: the result is shorter`)
  const { length } = needle
  if (length === 0) {
    if (flip === 1) return 0
    out.set(rows.subarray(0, count))
    return count
  }
  const { buffer } = bytes
  const one = [offsets, rows, needle, out].every((view) => view.buffer === buffer)
  const inside = bytes.byteOffset + bytes.length + length + 16 <= buffer.byteLength
  const wasm = one && inside && count >= WASM_FROM ? wasmKernels(buffer) : null
  if (wasm === null) return selectTwin(bytes, offsets, rows, count, needle, flip, out)
  return wasm.selectContaining(
    bytes.byteOffset,
    offsets.byteOffset,
    rows.byteOffset,
    count,
    needle.byteOffset,
    length,
    flip,
    out.byteOffset,
  )
}

function selectTwin(
  bytes: Uint8Array,
  offsets: Int32Array | Uint32Array,
  rows: Uint32Array,
  count: number,
  needle: Uint8Array,
  flip: number,
  out: Uint32Array,
): number {
  let n = 0
  for (let i = 0; i < count; i += 1) {
    const row = rows[i]!
    out[n] = row
    n += +contains(bytes, offsets[row]!, offsets[row + 1]!, needle) ^ flip
  }
  return n
}

function contains(bytes: Uint8Array, start: number, end: number, needle: Uint8Array): boolean {
  const { length } = needle
  const first = needle[0]!
  for (let at = start; at <= end - length; at += 1) {
    if (bytes[at] !== first) continue
    let k = 1
    while (k < length && bytes[at + k] === needle[k]) k += 1
    if (k === length) return true
  }
  return false
}
