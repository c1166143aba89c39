import { type PackedValues, putRows } from './column-values.ts'
import { threadScratch } from './scratch.ts'

/**
 * Adds to counts[base + k] the number of rows of [start, start + count) whose packed value is k; values are of at most 32
 * bits. Returns the number of rows that no count is for.
 */
export function countPackedValues(
  packed: PackedValues,
  start: number,
  count: number,
  base: number,
  counts: Uint32Array,
): number {
  if (packed.width > 32) throw new RangeError(`values of ${packed.width} bits`)
  const scratch = threadScratch()
  if (scratch === null) return countTwin(packed, start, count, base, counts)
  const mark = scratch.mark()
  const rows = putRows(scratch, packed, start, count)
  const size = counts.length
  const length = 4 * (size + 1)
  const lanes = scratch.alloc(4 * length)
  const at = lanes >>> 2
  scratch.words.fill(0, at, at + length)
  scratch.kernels.countPacked(rows.address, packed.width, rows.first, count, base, size, lanes)
  const { words } = scratch
  let outside = 0
  for (let lane = 0; lane < 4; lane += 1) {
    const from = at + lane * (size + 1)
    for (let k = 0; k < size; k += 1) counts[k]! += words[from + k]!
    outside += words[from + size]!
  }
  scratch.release(mark)
  return outside
}

function countTwin(
  { bytes, width }: PackedValues,
  start: number,
  count: number,
  base: number,
  counts: Uint32Array,
): number {
  let outside = 0
  for (let row = start; row < start + count; row += 1) {
    const bit = row * width
    const at = Math.floor(bit / 8)
    let value = 0
    for (let k = 0; k < 5; k += 1) value += (bytes[at + k] ?? 0) * 256 ** k
    const index = base + (Math.floor(value / 2 ** (bit % 8)) % 2 ** width)
    if (index < counts.length) counts[index]! += 1
    else outside += 1
  }
  return outside
}
