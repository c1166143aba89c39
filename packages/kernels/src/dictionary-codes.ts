import { wasmKernels, type WasmKernels } from './wasm-kernels.ts'

/** What the kernel reads behind the last value. */
const AHEAD = 8

/** The kernels over the memory that all of the views are of. */
function kernelsOver(a: ArrayBufferView, b: ArrayBufferView, c: ArrayBufferView = b): WasmKernels | null {
  const { buffer } = a
  return b.buffer === buffer && c.buffer === buffer ? wasmKernels(buffer) : null
}

/**
 * Unpacks values `first` and on to `out[from ...]`, which are packed in `width` (0 to 32) bits each from byte `start` on,
 * least significant bit first; returns the largest.
 *
 * @throws RangeError when they are not all in `bytes`
 */
export function unpackBits(
  bytes: Uint8Array,
  start: number,
  width: number,
  first: number,
  out: Uint32Array,
  from: number,
  count: number,
): number {
  const end = start + Math.ceil(((first + count) * width) / 8)
  if (end > bytes.length || from + count > out.length) throw new RangeError('packed values end early')
  if (width === 0 || count === 0) {
    out.fill(0, from, from + count)
    return 0
  }
  const wasm = kernelsOver(bytes, out)
  // Behind the bytes there may be no memory.
  if (wasm !== null && bytes.byteOffset + end + AHEAD <= bytes.buffer.byteLength) {
    return wasm.unpackBits(bytes.byteOffset + start, width, first, count, out.byteOffset + 4 * from) >>> 0
  }
  const modulus = 2 ** width
  let most = 0
  for (let k = 0; k < count; k++) {
    const bit = (first + k) * width
    const at = start + Math.floor(bit / 8)
    let value = 0
    for (let i = 4; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0)
    value = Math.floor(value / 2 ** (bit % 8)) % modulus
    out[from + k] = value
    if (value > most) most = value
  }
  return most
}

/**
 * Entries of a dictionary by their codes, to the bytes from `out[from * width]` on; entries have `width` (1, 2, 4, 8 or 16)
 * bytes, and every code is one of an entry.
 */
export function gatherEntries(
  dictionary: Uint8Array,
  width: number,
  codes: Uint32Array,
  out: Uint8Array,
  from: number,
): void {
  if ((from + codes.length) * width > out.length) throw new RangeError('no room for the entries')
  const wasm = kernelsOver(dictionary, codes, out)
  if (wasm !== null) {
    wasm.gatherEntries(dictionary.byteOffset, width, codes.byteOffset, codes.length, out.byteOffset + from * width)
    return
  }
  for (let k = 0; k < codes.length; k++) {
    const at = codes[k]! * width
    const to = (from + k) * width
    for (let i = 0; i < width; i++) out[to + i] = dictionary[at + i]!
  }
}

/**
 * Those of some rows (all, when `rows` is null) whose code has a 1 in `kept`, which has a byte for each code, to `out`, which
 * may be `rows`; returns how many.
 */
export function selectCodes(codes: Uint32Array, rows: Uint32Array | null, kept: Uint8Array, out: Uint32Array): number {
  const count = rows?.length ?? codes.length
  if (out.length < count) throw new RangeError('no room for the rows')
  const wasm = rows === null || rows.buffer === out.buffer ? kernelsOver(codes, kept, out) : null
  if (wasm !== null) {
    return wasm.selectCodes(codes.byteOffset, rows?.byteOffset ?? 0, count, kept.byteOffset, out.byteOffset)
  }
  let n = 0
  for (let k = 0; k < count; k++) {
    const row = rows === null ? k : rows[k]!
    out[n] = row
    n += kept[codes[row]!]!
  }
  return n
}
