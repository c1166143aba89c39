import { wasmKernels } from './wasm-kernels.ts'

/** Below this many values the call costs more than it saves. */
const WASM_FROM = 32

/**
 * Copies values of `width` words (1, 2 or 4) by row number: value `rows[k]` of the first `length` goes to place k of `out`, for
 * k below `count`. What a row beyond them gives is undefined. In WebAssembly where all views are of one arena, else in
 * JavaScript.
 */
export function gatherWords(
  values: Int32Array,
  length: number,
  rows: Uint32Array,
  count: number,
  width: 1 | 2 | 4,
  out: Int32Array,
): void {
  if (values.length < length * width || count > rows.length || out.length < count * width)
    throw new RangeError(`${count} values: there are fewer rows, values or places`)
  const { buffer } = out
  const inside = values.buffer === buffer && rows.buffer === buffer
  const wasm = inside && length > 0 && count >= WASM_FROM ? wasmKernels(buffer) : null
  if (wasm !== null) {
    const shift = width === 1 ? 2 : width === 2 ? 3 : 4
    wasm.gatherValues(values.byteOffset, length, rows.byteOffset, count, shift, out.byteOffset)
  } else if (width === 1) gather1(values, length, rows, count, out)
  else if (width === 2) gather2(values, length, rows, count, out)
  else gather4(values, length, rows, count, out)
}

function gather1(values: Int32Array, length: number, rows: Uint32Array, count: number, out: Int32Array): void {
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    out[k] = row < length ? values[row]! : 0
  }
}

function gather2(values: Int32Array, length: number, rows: Uint32Array, count: number, out: Int32Array): void {
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    const from = row < length ? row << 1 : 0
    out[2 * k] = values[from]!
    out[2 * k + 1] = values[from + 1]!
  }
}

function gather4(values: Int32Array, length: number, rows: Uint32Array, count: number, out: Int32Array): void {
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    const from = row < length ? row << 2 : 0
    out[4 * k] = values[from]!
    out[4 * k + 1] = values[from + 1]!
    out[4 * k + 2] = values[from + 2]!
    out[4 * k + 3] = values[from + 3]!
  }
}
