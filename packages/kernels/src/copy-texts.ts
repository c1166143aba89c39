import type { Region } from './region.ts'
import { wasmKernels } from './wasm-kernels.ts'

/** What the kernel reads and writes behind the end. */
const SLACK = 16

/**
 * The bytes of `count` texts, of which text k, `offsets[k + 1] - offsets[k]` bytes long, stands behind `gap` others, one
 * after another from `bytes[start]` to `bytes[end]`; `offsets[0]` is 0. In the memory of the region.
 */
export function copyTexts(
  bytes: Uint8Array,
  start: number,
  end: number,
  gap: number,
  offsets: Int32Array,
  count: number,
  region: Region,
): Uint8Array {
  const { arena } = region
  const length = offsets[count]!
  if (start < 0 || end > bytes.length || offsets.length <= count || end - start !== length + gap * count) {
    throw new RangeError('texts and their offsets differ')
  }
  const out = region.u8(length + SLACK).subarray(0, length)
  const wasm = offsets.buffer === arena.buffer ? wasmKernels(arena.buffer) : null
  if (wasm === null) {
    let at = start
    for (let k = 0; k < count; k++) {
      at += gap
      const size = offsets[k + 1]! - offsets[k]!
      out.set(bytes.subarray(at, at + size), offsets[k])
      at += size
    }
    return out
  }
  if (bytes.buffer === arena.buffer && bytes.byteOffset + end + SLACK <= arena.buffer.byteLength) {
    wasm.copyTexts(bytes.byteOffset + start, gap, offsets.byteOffset, count, out.byteOffset)
    return out
  }
  const source = arena.alloc(end - start + SLACK)
  new Uint8Array(arena.buffer, source, end - start).set(bytes.subarray(start, end))
  wasm.copyTexts(source, gap, offsets.byteOffset, count, out.byteOffset)
  arena.free(source)
  return out
}
