import type { Region } from './region.ts'
import { SLACK_BYTES } from './snappy.ts'
import { wasmKernels } from './wasm-kernels.ts'

/**
 * Measures `count` texts that stand one after another from `bytes[start]` on, each behind its length in four bytes:
 * `offsets[0 .. count]` are where they would end without their lengths. Returns their bytes together; -1 where they do not
 * end in `bytes`.
 */
export function measureTexts(bytes: Uint8Array, start: number, count: number, offsets: Int32Array): number {
  if (offsets.length <= count) throw new RangeError('no room for the offsets')
  const wasm = offsets.buffer === bytes.buffer ? wasmKernels(bytes.buffer) : null
  const { byteOffset, length: end } = bytes
  if (wasm !== null) return wasm.measureTexts(byteOffset + start, byteOffset + end, count, offsets.byteOffset)
  let at = start
  let total = 0
  for (let k = 0; k < count; k++) {
    offsets[k] = total
    if (at + 4 > end) return -1
    const length = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
    at += 4
    if (length > end - at) return -1
    at += length
    total += length
  }
  offsets[count] = total
  return total
}

/** Texts by number, of those that `measureTexts` measured: their bytes in the memory of the region, their ends in `to`. */
export function takeTexts(
  bytes: Uint8Array,
  start: number,
  offsets: Int32Array,
  rows: Uint32Array,
  to: Int32Array,
  region: Region,
): Uint8Array {
  let total = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    to[k] = total
    total += offsets[row + 1]! - offsets[row]!
  }
  to[rows.length] = total
  const out = region.u8(total + SLACK_BYTES).subarray(0, total)
  const { buffer } = region.arena
  const wasm = [bytes, offsets, rows, to].every((view) => view.buffer === buffer) ? wasmKernels(buffer) : null
  // Bytes behind the end are read.
  if (wasm !== null && bytes.byteOffset + bytes.length + SLACK_BYTES <= buffer.byteLength) {
    const source = bytes.byteOffset + start
    wasm.takeTexts(source, offsets.byteOffset, rows.byteOffset, rows.length, to.byteOffset, out.byteOffset)
    return out
  }
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const at = start + offsets[row]! + 4 * (row + 1)
    out.set(bytes.subarray(at, at + to[k + 1]! - to[k]!), to[k])
  }
  return out
}
