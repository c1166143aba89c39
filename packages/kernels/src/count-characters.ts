import { wasmKernels } from './wasm-kernels.ts'

/** Below this many rows the call costs more than it saves. */
const WASM_FROM = 16

/**
 * Writes how many characters each UTF-8 text has, bytes[offsets[row]] up to bytes[offsets[row + 1]], to out[row], for the first
 * `count` of `rows` (for rows 0 to count - 1, when it is null). In WebAssembly where all views are of one arena, else in
 * JavaScript, with the same result.
 */
export function countCharacters(
  bytes: Uint8Array,
  offsets: Int32Array | Uint32Array,
  rows: Uint32Array | null,
  count: number,
  out: Int32Array,
): void {
  if (count > (rows ?? out).length)
    throw new RangeError(`characters of ${count} texts: the rows or the result are fewer`)
  const { buffer } = bytes
  const one = offsets.buffer === buffer && out.buffer === buffer && (rows === null || rows.buffer === buffer)
  const inside = bytes.byteOffset + bytes.length + 16 <= buffer.byteLength
  const wasm = one && inside && count >= WASM_FROM ? wasmKernels(buffer) : null
  if (wasm !== null) {
    const rowsAt = rows === null ? 0 : rows.byteOffset
    wasm.countCharacters(bytes.byteOffset, offsets.byteOffset, rowsAt, count, out.byteOffset)
    return
  }
  for (let k = 0; k < count; k += 1) {
    const row = rows === null ? k : rows[k]!
    let characters = 0
    for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) characters += +((bytes[at]! & 0xc0) !== 0x80)
    out[row] = characters
  }
}
