import { BitWriter, bitWidth } from './bit-writer.ts'
import { ByteWriter } from './byte-writer.ts'
import { FstWriter } from './fst-writer.ts'

/** Writes the values of keys [first, end) in front of the keys of a block. */
export type WriteBlockValues = (out: ByteWriter, first: number, end: number) => void

const BLOCK_BYTES = 4000
const GROUP = 128
const VERSION = 3

/** Writes an sstable (section 4.3) with plain blocks; keys come in ascending order. */
export class SSTableWriter {
  readonly #out: ByteWriter = new ByteWriter(1024)
  readonly #keys: ByteWriter = new ByteWriter(BLOCK_BYTES * 2)
  readonly #values: ByteWriter = new ByteWriter()
  readonly #writeValues: WriteBlockValues
  /** Offset, first ordinal and last key of each block. */
  readonly #blocks: { start: number; first: number; lastKey: Uint8Array }[] = []
  #previous: Uint8Array = new Uint8Array(0)
  #first = 0
  #count = 0

  constructor(writeValues: WriteBlockValues) {
    this.#writeValues = writeValues
  }

  /** Adds the key `bytes`, which must stay unchanged until the next key is added. */
  add(bytes: Uint8Array): void {
    const previous = this.#count === this.#first ? new Uint8Array(0) : this.#previous
    const limit = Math.min(previous.length, bytes.length)
    let keep = 0
    while (keep < limit && previous[keep] === bytes[keep]) keep += 1
    const add = bytes.length - keep
    if (keep < 16 && add < 16) this.#keys.u8((add << 4) | keep)
    else {
      this.#keys.u8(1)
      this.#keys.cvint(keep)
      this.#keys.cvint(add)
    }
    this.#keys.append(keep === 0 ? bytes : bytes.subarray(keep))
    this.#previous = bytes
    this.#count += 1
    if (this.#keys.length > BLOCK_BYTES) this.#closeBlock()
  }

  finish(): Uint8Array {
    if (this.#count > this.#first) this.#closeBlock()
    const out = this.#out
    const end = out.length
    out.u32(0)
    const index = out.length
    let fstLength = 0
    if (this.#blocks.length > 1) {
      const fst = new FstWriter()
      this.#blocks.forEach((block, i) => fst.insert(block.lastKey, i))
      const bytes = fst.finish()
      fstLength = bytes.length
      out.append(bytes)
      this.#writeAddresses(end)
    }
    out.u64(fstLength)
    out.u64(index)
    out.u64(this.#count)
    out.u32(VERSION)
    return out.finish()
  }

  #closeBlock(): void {
    this.#values.clear()
    this.#writeValues(this.#values, this.#first, this.#count)
    this.#blocks.push({ start: this.#out.length, first: this.#first, lastKey: this.#previous.slice() })
    this.#out.u32(this.#values.length + this.#keys.length + 1)
    this.#out.u8(0)
    this.#out.append(this.#values.view())
    this.#out.append(this.#keys.view())
    this.#keys.clear()
    this.#first = this.#count
  }

  /** The block address store: per group of 128 blocks, deviations from a line through starts and ordinals. */
  #writeAddresses(end: number): void {
    const groups = Math.ceil(this.#blocks.length / GROUP)
    const data = new ByteWriter(1024)
    this.#out.u64(groups * 36)
    for (let g = 0; g < groups; g += 1) {
      const group = this.#blocks.slice(g * GROUP, (g + 1) * GROUP)
      const { start, first } = group[0]!
      const starts = group.map((block) => block.start - start)
      starts.push((this.#blocks[(g + 1) * GROUP]?.start ?? end) - start)
      const ordinals = group.map((block) => block.first - first)
      const startSlope = Math.floor(starts.at(-1)! / group.length)
      const ordinalSlope = Math.floor(ordinals.at(-1)! / Math.max(1, group.length - 1))
      const startDeviations = starts.map((value, i) => value - startSlope * i)
      const ordinalDeviations = ordinals.map((value, i) => value - ordinalSlope * i)
      const startWidth = deviationWidth(startDeviations)
      const ordinalWidth = deviationWidth(ordinalDeviations)
      this.#out.u64(data.length)
      this.#out.u64(start)
      this.#out.u64(first)
      this.#out.u32(startSlope)
      this.#out.u32(ordinalSlope)
      this.#out.u8(ordinalWidth)
      this.#out.u8(startWidth)
      this.#out.u16(group.length - 1)
      const bits = new BitWriter(data)
      for (let i = 1; i <= group.length; i += 1) {
        bits.writeNumber(startDeviations[i]! + 2 ** (startWidth - 1), startWidth)
        if (i < group.length) bits.writeNumber(ordinalDeviations[i]! + 2 ** (ordinalWidth - 1), ordinalWidth)
      }
      bits.flush()
    }
    this.#out.append(data.view())
  }
}

function deviationWidth(deviations: readonly number[]): number {
  return bitWidth(deviations.reduce((max, value) => Math.max(max, Math.abs(value)), 0)) + 1
}
