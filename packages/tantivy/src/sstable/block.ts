import { ByteReader } from '../bytes/byte-reader.ts'
import { compareRange } from '../bytes/compare.ts'
import { decompressZstdFrame, type ZstdDecompress } from '../bytes/zstd.ts'
import type { ValueCodec } from './value-codec.ts'

/** Total bytes of the keys of a block that are believed: a block closes soon after 4000 bytes of suffixes. */
const MAX_KEY_BYTES = 1 << 28

/** One decoded block: key k is bytes offsets[k] up to offsets[k + 1]. */
export interface SSTableBlock<V> {
  readonly firstOrdinal: number
  readonly count: number
  readonly offsets: Uint32Array
  readonly bytes: Uint8Array
  readonly values: V
}

/**
 * Decodes the block that `reader` stands on and moves behind it (section 4.3); null at the end mark. `previous` is the
 * key before it, where the first key may build on it.
 */
export function decodeBlock<V>(
  reader: ByteReader,
  codec: ValueCodec<V>,
  firstOrdinal: number,
  zstd: ZstdDecompress,
  previous: Uint8Array = new Uint8Array(0),
): SSTableBlock<V> | null {
  const content = openBlock(reader, zstd)
  if (content === null) return null
  const { count, values } = codec.read(content)
  const keys = decodeKeys(content, count, previous)
  return { firstOrdinal, count: keys.count, offsets: keys.offsets, bytes: keys.bytes, values }
}

/** The payload of the block that `reader` stands on, values first, and moves behind it; null at the end mark. */
export function openBlock(reader: ByteReader, zstd: ZstdDecompress): ByteReader | null {
  const length = reader.u32()
  if (length <= 1) return null
  const at = reader.base + reader.pos
  const compression = reader.u8()
  const stored = reader.take(length - 1)
  if (compression === 0) return new ByteReader(stored, reader.file, at + 1)
  if (compression !== 1) throw reader.corrupted(`block compression ${compression}`)
  const payload = decompressZstdFrame(zstd, stored, null, (_, problem) => reader.corrupted(problem))
  return new ByteReader(payload, reader.file, at)
}

/**
 * Calls `visit` with some keys of a block, whose numbers are wanted[from, to) less `first`, ascending; `reader` stands on the
 * first key. Keys are built in one place, so those before the last wanted one cost little, and the others nothing.
 */
export function visitKeys(
  reader: ByteReader,
  wanted: Uint32Array,
  from: number,
  to: number,
  first: number,
  visit: (bytes: Uint8Array, start: number, end: number) => void,
): void {
  const source = reader.bytes
  let key = new Uint8Array(256)
  let length = 0
  let number = first - 1
  for (let i = from; i < to; i += 1) {
    const target = wanted[i]!
    for (; number < target; number += 1) {
      const header = reader.u8()
      let keep = header & 15
      let add = header >> 4
      if (header === 1) {
        keep = reader.cvint()
        add = reader.cvint()
      }
      if (keep > length || add > reader.remaining) throw reader.corrupted(`key of ${keep} + ${add} bytes`)
      length = keep + add
      if (length > key.length) {
        const grown = new Uint8Array(length * 2)
        grown.set(key)
        key = grown
      }
      const { pos } = reader
      for (let k = 0; k < add; k += 1) key[keep + k] = source[pos + k]!
      reader.skip(add)
    }
    visit(key, 0, length)
  }
}

function decodeKeys(
  reader: ByteReader,
  expected: number | null,
  previous: Uint8Array,
): { count: number; offsets: Uint32Array; bytes: Uint8Array } {
  const source = reader.bytes
  let offsets = new Uint32Array((expected ?? 256) + 1)
  let bytes = new Uint8Array(Math.max(1024, reader.remaining * 2))
  let size = 0
  let count = 0
  let before = previous.length
  if (before > 0) {
    bytes = new Uint8Array(Math.max(1024, before + reader.remaining * 2))
    bytes.set(previous)
  }
  // keys are written behind `shift` bytes of the previous key, which is cut off at the end
  const shift = before
  let at = 0
  size = shift
  while (reader.remaining > 0) {
    const header = reader.u8()
    let keep = header & 15
    let add = header >> 4
    if (header === 1) {
      keep = reader.cvint()
      add = reader.cvint()
    }
    if (keep > before || add > reader.remaining) throw reader.corrupted(`key of ${keep} + ${add} bytes`)
    const end = size + keep + add
    if (end - shift > MAX_KEY_BYTES) throw reader.corrupted('block of too many key bytes')
    if (end > bytes.length) {
      const grown = new Uint8Array(Math.max(end, bytes.length * 2))
      grown.set(bytes.subarray(0, size))
      bytes = grown
    }
    for (let i = 0; i < keep; i += 1) bytes[size + i] = bytes[at + i]!
    const from = reader.pos
    for (let i = 0; i < add; i += 1) bytes[size + keep + i] = source[from + i]!
    reader.skip(add)
    if (count > 0 && (keep === before ? add === 0 : add === 0 || bytes[size + keep]! <= bytes[at + keep]!)) {
      if (compareRange(bytes, size, end, bytes.subarray(at, at + before)) <= 0)
        throw reader.corrupted('keys out of order')
    }
    at = size
    before = keep + add
    size = end
    count += 1
    if (count >= offsets.length) {
      if (expected !== null && count > expected) throw reader.corrupted(`block has more than its ${expected} keys`)
      const grown = new Uint32Array(offsets.length * 2)
      grown.set(offsets)
      offsets = grown
    }
    offsets[count] = size - shift
  }
  if (expected !== null && count !== expected) throw reader.corrupted(`block has ${count} keys, ${expected} values`)
  return { count, offsets: offsets.subarray(0, count + 1), bytes: bytes.subarray(shift, size) }
}

/** Index of the first key of the block that is not below `key`; `count` if all are. */
export function lowerBoundInBlock(block: SSTableBlock<unknown>, key: Uint8Array): number {
  let low = 0
  let high = block.count
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareRange(block.bytes, block.offsets[middle]!, block.offsets[middle + 1]!, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Index of `key` in the block, -1 if it is not there. */
export function findInBlock(block: SSTableBlock<unknown>, key: Uint8Array): number {
  const at = lowerBoundInBlock(block, key)
  if (at === block.count) return -1
  return compareRange(block.bytes, block.offsets[at]!, block.offsets[at + 1]!, key) === 0 ? at : -1
}
