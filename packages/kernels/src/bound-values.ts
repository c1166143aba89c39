import { type PackedValues, putRows } from './column-values.ts'
import { threadScratch } from './scratch.ts'

/** Rows that are copied in at a time, or those of one run. */
const CHUNK = 1 << 14

/**
 * Writes the least and the greatest packed value of rows [starts[k], starts[k + 1]) of each run to out[2 * k] and
 * out[2 * k + 1]; all ones and 0 of a run without rows. False, and nothing is done, where there is no WebAssembly.
 */
export function boundPackedValues(packed: PackedValues, starts: Uint32Array, out: BigUint64Array): boolean {
  const scratch = threadScratch()
  if (scratch === null) return false
  const runs = starts.length - 1
  for (let from = 0; from < runs;) {
    let to = from + 1
    while (to < runs && starts[to + 1]! - starts[from]! <= CHUNK) to += 1
    const mark = scratch.mark()
    const start = starts[from]!
    const { address, first } = putRows(scratch, packed, start, starts[to]! - start)
    const own = scratch.putWords(starts.subarray(from, to + 1))
    const bounds = scratch.alloc(16 * (to - from))
    scratch.kernels.boundPacked(address, packed.width, start - first, own, to - from, bounds)
    out.set(new BigUint64Array(scratch.bytes.buffer, bounds, 2 * (to - from)), 2 * from)
    scratch.release(mark)
    from = to
  }
  return true
}
