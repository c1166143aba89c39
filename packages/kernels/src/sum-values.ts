import { type PackedValues, putRows } from './column-values.ts'
import { threadScratch } from './scratch.ts'

/** Rows of a call. */
const CHUNK = 1 << 16

/** The sum of the packed values of rows [start, start + count). */
export function sumPackedValues(packed: PackedValues, start: number, count: number): bigint {
  const scratch = threadScratch()
  if (scratch === null) return sumTwin(packed, start, count)
  let sum = 0n
  for (let at = 0; at < count; at += CHUNK) {
    const mark = scratch.mark()
    const length = Math.min(CHUNK, count - at)
    const rows = putRows(scratch, packed, start + at, length)
    const out = scratch.alloc(16)
    scratch.kernels.sumPacked(rows.address, packed.width, rows.first, length, out)
    const view = new DataView(scratch.bytes.buffer, out, 16)
    sum += view.getBigUint64(0, true) + (view.getBigUint64(8, true) << 32n)
    scratch.release(mark)
  }
  return sum
}

function sumTwin({ bytes, width }: PackedValues, start: number, count: number): bigint {
  const mask = (1n << BigInt(width)) - 1n
  let sum = 0n
  for (let row = start; row < start + count; row += 1) {
    const bit = row * width
    const at = Math.floor(bit / 8)
    let value = 0n
    for (let k = 0; k < 9; k += 1) value |= BigInt(bytes[at + k] ?? 0) << BigInt(8 * k)
    sum += (value >> BigInt(bit % 8)) & mask
  }
  return sum
}
