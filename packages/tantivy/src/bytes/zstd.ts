import type { IndexCorruptedError } from '../errors.ts'

/**
 * Decompresses one zstd frame into exactly `length` bytes. May throw any error on bad data; must not allocate much
 * more than `length`.
 */
export type ZstdDecompress = (frame: Uint8Array, length: number) => Uint8Array

/** Largest decompressed content that is believed. */
const MAX_CONTENT = 1 << 28
/** The most that the bytes of a frame can stand for: a block has at least 4 bytes and at most this content. */
const MAX_BLOCK = 1 << 17

/**
 * Runs a decompressor over a frame whose length is `known` (from a length prefix) or stands in the frame header, after
 * checking that it is plausible; wraps the decompressor's errors.
 */
export function decompressZstdFrame(
  decompressFrame: ZstdDecompress,
  frame: Uint8Array,
  known: number | null,
  corrupted: (offset: number, problem: string) => IndexCorruptedError,
): Uint8Array {
  const header = zstdHeader(frame)
  if (header === null) throw corrupted(0, 'no zstd frame')
  const length = known ?? header.contentSize
  if (length === null) throw corrupted(0, 'zstd frame does not say its size')
  if (header.contentSize !== null && header.contentSize !== length) throw corrupted(0, 'zstd frame of another size')
  if (length > MAX_CONTENT || header.windowSize > MAX_CONTENT || length > (frame.length >> 2) * MAX_BLOCK) {
    throw corrupted(0, `zstd frame claims ${length} bytes`)
  }
  let out: Uint8Array
  try {
    out = decompressFrame(frame, length)
  } catch (error) {
    const wrapped = corrupted(0, `zstd: ${error instanceof Error ? error.message : String(error)}`)
    wrapped.cause = error
    throw wrapped
  }
  if (out.length !== length) throw corrupted(0, `zstd frame has ${out.length} bytes, ${length} expected`)
  return out
}

/** Reads a zstd frame header (RFC 8878 section 3.1.1.1). */
function zstdHeader(frame: Uint8Array): { contentSize: number | null; windowSize: number } | null {
  if (frame.length < 6 || frame[0] !== 0x28 || frame[1] !== 0xb5 || frame[2] !== 0x2f || frame[3] !== 0xfd) return null
  const descriptor = frame[4]!
  const single = (descriptor & 32) !== 0
  const sizeBytes = descriptor >> 6 === 0 ? (single ? 1 : 0) : 1 << (descriptor >> 6)
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
  let pos = 5
  let windowSize = 0
  if (!single) {
    const exponent = frame[pos]! >> 3
    windowSize = 2 ** (10 + exponent) * (1 + (frame[pos]! & 7) / 8)
    pos += 1
  }
  pos += dictionaryBytes
  if (pos + sizeBytes > frame.length) return null
  if (sizeBytes === 0) return { contentSize: null, windowSize }
  let contentSize = sizeBytes === 2 ? 256 : 0
  for (let i = 0; i < sizeBytes; i += 1) contentSize += frame[pos + i]! * 2 ** (8 * i)
  return { contentSize, windowSize }
}
