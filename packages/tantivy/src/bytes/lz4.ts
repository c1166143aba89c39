import type { IndexCorruptedError } from '../errors.ts'

/**
 * Decompresses one LZ4 block (no frame) into exactly `length` bytes. `corrupted` makes the error for an offset in
 * `source`. Source: lz4_Block_format.md of the LZ4 project.
 */
export function decompressLz4Block(
  source: Uint8Array,
  length: number,
  corrupted: (offset: number, problem: string) => IndexCorruptedError,
): Uint8Array {
  // A block cannot expand more than 255 times, so this bounds the allocation by the input.
  if (length > source.length * 255 + 64) throw corrupted(0, `LZ4 block claims ${length} bytes`)
  const target = new Uint8Array(length)
  let from = 0
  let to = 0
  while (from < source.length) {
    const token = source[from]!
    from += 1
    let literals = token >> 4
    if (literals === 15) {
      let byte = 255
      while (byte === 255) {
        if (from >= source.length) throw corrupted(from, 'LZ4 literal length is cut off')
        byte = source[from]!
        from += 1
        literals += byte
      }
    }
    if (literals > source.length - from || literals > length - to) throw corrupted(from, 'LZ4 literals overrun')
    if (literals > 32) target.set(source.subarray(from, from + literals), to)
    else for (let i = 0; i < literals; i += 1) target[to + i] = source[from + i]!
    from += literals
    to += literals
    if (from === source.length) break
    if (source.length - from < 2) throw corrupted(from, 'LZ4 offset is cut off')
    const distance = source[from]! | (source[from + 1]! << 8)
    from += 2
    let matched = token & 15
    if (matched === 15) {
      let byte = 255
      while (byte === 255) {
        if (from >= source.length) throw corrupted(from, 'LZ4 match length is cut off')
        byte = source[from]!
        from += 1
        matched += byte
      }
    }
    matched += 4
    if (distance === 0 || distance > to || matched > length - to) throw corrupted(from, 'LZ4 match is out of range')
    if (distance >= matched && matched > 32) target.copyWithin(to, to - distance, to - distance + matched)
    else for (let i = 0; i < matched; i += 1) target[to + i] = target[to - distance + i]!
    to += matched
  }
  if (to !== length) throw corrupted(from, `LZ4 block has ${to} bytes, ${length} expected`)
  return target
}
