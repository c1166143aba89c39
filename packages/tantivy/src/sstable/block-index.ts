import { ByteReader } from '../bytes/byte-reader.ts'
import { compareBytes } from '../bytes/compare.ts'
import type { ZstdDecompress } from '../bytes/zstd.ts'
import { Fst } from '../fst/fst.ts'
import { decodeBlock } from './block.ts'
import { blockAddressCodec } from './value-codec.ts'

/** Where the blocks of an sstable are. */
export interface BlockIndex {
  /** Blocks + 1 boundaries: block i is bytes starts[i] up to ends[i]. */
  readonly starts: Float64Array
  readonly ends: Float64Array
  readonly firstOrdinals: Float64Array
  /** Number of the only block that may hold `key`; -1 if none does. */
  locate(key: Uint8Array): number
}

/** The index of a table of at most one block, which has none on disk. */
export function singleBlockIndex(end: number): BlockIndex {
  return {
    starts: Float64Array.of(0),
    ends: Float64Array.of(end),
    firstOrdinals: Float64Array.of(0),
    locate: () => 0,
  }
}

/** Reads a version 3 index: an FST over separators, then block addresses in groups of 128. */
export function readBlockIndexV3(bytes: Uint8Array, fstLength: number, file: string, base: number): BlockIndex {
  const reader = new ByteReader(bytes, file, base, 0, bytes.length)
  const fst = new Fst(reader.take(fstLength), file, base)
  const metaLength = reader.u64()
  if (metaLength % 36 !== 0) throw reader.corrupted(`block address metadata of ${metaLength} bytes`)
  const meta = new ByteReader(reader.take(metaLength), file, base + fstLength + 8)
  const data = reader.take(reader.remaining)
  const groups = metaLength / 36
  const starts = new Float64Array(groups * 128)
  const ends = new Float64Array(groups * 128)
  const firstOrdinals = new Float64Array(groups * 128)
  let count = 0
  for (let group = 0; group < groups; group += 1) {
    const offset = meta.u64()
    const start = meta.u64()
    const firstOrdinal = meta.u64()
    const slopeStart = meta.u32()
    const slopeOrdinal = meta.u32()
    const widthOrdinal = meta.u8()
    const widthStart = meta.u8()
    const blocks = meta.u16() + 1
    if (blocks > 128 || widthOrdinal > 56 || widthStart > 56 || widthStart < 1 || widthOrdinal < 1) {
      throw meta.corrupted('bad block address group')
    }
    if (group + 1 < groups && blocks !== 128) throw meta.corrupted('bad block address group')
    const bits = (blocks - 1) * (widthStart + widthOrdinal) + widthStart
    if (offset > data.length || Math.ceil(bits / 8) > data.length - offset)
      throw meta.corrupted('bad block address group')
    const biasStart = 2 ** (widthStart - 1)
    const biasOrdinal = 2 ** (widthOrdinal - 1)
    starts[count] = start
    firstOrdinals[count] = firstOrdinal
    let bit = offset * 8
    for (let j = 1; j <= blocks; j += 1) {
      const at = start + slopeStart * j + readBits(data, bit, widthStart) - biasStart
      bit += widthStart
      ends[count + j - 1] = at
      if (j === blocks) break
      starts[count + j] = at
      firstOrdinals[count + j] = firstOrdinal + slopeOrdinal * j + readBits(data, bit, widthOrdinal) - biasOrdinal
      bit += widthOrdinal
    }
    count += blocks
  }
  if (count !== fst.numKeys) throw reader.corrupted(`block index of ${count} addresses and ${fst.numKeys} keys`)
  return {
    starts: starts.subarray(0, count),
    ends: ends.subarray(0, count),
    firstOrdinals: firstOrdinals.subarray(0, count),
    locate: (key) => fst.lowerBound(key),
  }
}

/** A bit field of at most 56 bits as a number. */
function readBits(bytes: Uint8Array, bit: number, width: number): number {
  let value = 0
  let scale = 1
  let left = width
  let at = bit
  while (left > 0) {
    const within = at & 7
    const take = Math.min(8 - within, left)
    value += ((bytes[Math.floor(at / 8)]! >> within) & ((1 << take) - 1)) * scale
    scale *= 2 ** take
    at += take
    left -= take
  }
  return value
}

/** Reads a version 2 index: sstable blocks of separators and addresses. */
export function readBlockIndexV2(bytes: Uint8Array, file: string, base: number, zstd: ZstdDecompress): BlockIndex {
  const reader = new ByteReader(bytes, file, base)
  const separators: Uint8Array[] = []
  const starts: number[] = []
  const ends: number[] = []
  const firstOrdinals: number[] = []
  let previous: Uint8Array = new Uint8Array(0)
  while (reader.remaining > 0) {
    const block = decodeBlock(reader, blockAddressCodec, separators.length, zstd, previous)
    if (block === null) break
    for (let i = 0; i < block.count; i += 1) {
      previous = block.bytes.subarray(block.offsets[i]!, block.offsets[i + 1]!)
      separators.push(previous)
      starts.push(block.values.starts[i]!)
      ends.push(block.values.starts[i + 1]!)
      firstOrdinals.push(block.values.ordinals[i]!)
    }
  }
  return {
    starts: Float64Array.from(starts),
    ends: Float64Array.from(ends),
    firstOrdinals: Float64Array.from(firstOrdinals),
    locate(key) {
      let low = 0
      let high = separators.length
      while (low < high) {
        const middle = (low + high) >> 1
        if (compareBytes(separators[middle]!, key) < 0) low = middle + 1
        else high = middle
      }
      return low === separators.length ? -1 : low
    },
  }
}
