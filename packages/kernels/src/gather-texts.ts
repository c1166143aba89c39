import type { Region } from './region.ts'
import { wasmKernels } from './wasm-kernels.ts'

/** Below this many texts the call costs more than it saves. */
const WASM_FROM = 16
/** What the kernel reads and writes behind the end. */
const SLACK = 16

/**
 * The bytes of texts by number, one after another in the memory of the region: text `rows[k]` of a column goes to `to[k]` up to
 * `to[k + 1]`; where those are equal, `rows[k]` may be any number.
 */
export function gatherTexts(
  bytes: Uint8Array,
  offsets: Int32Array,
  rows: Uint32Array,
  count: number,
  to: Int32Array,
  region: Region,
): Uint8Array {
  if (count > rows.length || count >= to.length) throw new RangeError(`${count} texts: there are fewer rows or places`)
  const out = region.u8(to[count]! + SLACK).subarray(0, to[count]!)
  const { buffer } = region.arena
  const isInside = bytes.buffer === buffer && offsets.buffer === buffer && to.buffer === buffer
  const hasSlack = bytes.byteOffset + bytes.length + SLACK <= buffer.byteLength
  const wasm = isInside && hasSlack && count >= WASM_FROM ? wasmKernels(buffer) : null
  if (wasm !== null) {
    let own = rows
    if (rows.buffer !== buffer) {
      own = region.u32(count)
      own.set(rows.length === count ? rows : rows.subarray(0, count))
    }
    const { byteOffset } = bytes
    wasm.gatherTexts(byteOffset, offsets.byteOffset, own.byteOffset, count, to.byteOffset, out.byteOffset)
    return out
  }
  for (let k = 0; k < count; k++) {
    const at = to[k]!
    const length = to[k + 1]! - at
    if (length === 0) continue
    const start = offsets[rows[k]!]!
    if (length > 32) out.set(bytes.subarray(start, start + length), at)
    else for (let i = 0; i < length; i++) out[at + i] = bytes[start + i]!
  }
  return out
}
