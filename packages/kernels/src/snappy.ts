import type { Region } from './region.ts'
import { wasmKernels } from './wasm-kernels.ts'

/** What kernels may read or write behind the end of blocks: callers leave so much free. */
export const SLACK_BYTES = 16

/** No 3 bytes of Snappy's become more than 64. */
const MOST_GROWTH = 22

/**
 * Decompresses Snappy's raw format (github.com/google/snappy, format_description.txt) to the memory of the region, with
 * `SLACK_BYTES` behind it; null where it is damaged or does not have `length` bytes. Where the source is in the region's
 * arena, it has `SLACK_BYTES` behind it too.
 */
export function uncompressSnappy(source: Uint8Array, length: number, region: Region): Uint8Array | null {
  if (length > source.length * MOST_GROWTH) return null
  const { arena } = region
  const out = region.u8(length + SLACK_BYTES).subarray(0, length)
  const wasm = source.buffer === arena.buffer ? wasmKernels(arena.buffer) : null
  if (wasm === null) return uncompressInto(source, out) ? out : null
  const { byteOffset } = source
  return wasm.uncompressSnappy(byteOffset, byteOffset + source.length, out.byteOffset, length) === 0 ? out : null
}

function uncompressInto(source: Uint8Array, out: Uint8Array): boolean {
  let from = 0
  let size = 0
  for (let shift = 0; ; shift += 7) {
    if (from >= source.length || shift > 28) return false
    const byte = source[from++]!
    size += (byte & 127) * 2 ** shift
    if (byte < 128) break
  }
  if (size !== out.length) return false
  const number = (bytes: number): number => {
    let value = 0
    for (let i = 0; i < bytes; i++) value += (source[from + i] ?? 0) * 256 ** i
    from += bytes
    return value
  }
  let to = 0
  while (from < source.length) {
    const tag = source[from++]!
    const kind = tag & 3
    let n = (tag >>> 2) + 1
    if (kind === 0) {
      if (n > 60) n = number(n - 60) + 1
      if (n > out.length - to || n > source.length - from) return false
      out.set(source.subarray(from, from + n), to)
      from += n
      to += n
      continue
    }
    if (kind === 1) n = ((tag >>> 2) & 7) + 4
    const back = kind === 1 ? ((tag >>> 5) << 8) + number(1) : number(kind === 2 ? 2 : 4)
    if (from > source.length || back === 0 || back > to || n > out.length - to) return false
    for (let i = 0; i < n; i++) out[to + i] = out[to - back + i]!
    to += n
  }
  return to === out.length
}
