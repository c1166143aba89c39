import { type PackedValues, putRows, type ValueMapping, valueMappings } from './column-values.ts'
import { threadScratch } from './scratch.ts'

/** Rows that are unpacked in one call. */
const LIST_ROWS = 4096
/** A row of a list is not worth copying this many others in. */
const MAX_SPREAD = 32

/**
 * Unpacks `count` rows of a list, in any order, to the 64-bit entries out[at...), as min + gcd * raw, unmapped: some at a time
 * are copied in, and their values out. False, and nothing is done, where there is no WebAssembly or the rows lie far apart.
 */
export function unpackListedValues(
  packed: PackedValues,
  rows: Uint32Array,
  count: number,
  { gcd, min }: { readonly gcd: bigint; readonly min: bigint },
  mapping: ValueMapping,
  out: Uint8Array,
  at: number,
): boolean {
  const scratch = threadScratch()
  if (scratch === null || count === 0) return false
  const bounds: (readonly [number, number])[] = []
  let spread = 0
  for (let from = 0; from < count; from += LIST_ROWS) {
    const [least, most] = boundsOf(rows, from, Math.min(count, from + LIST_ROWS))
    bounds.push([least, most])
    spread += most + 1 - least
  }
  if (spread > count * MAX_SPREAD) return false
  const kind = valueMappings[mapping]
  for (const [k, [least, most]] of bounds.entries()) {
    const mark = scratch.mark()
    const own = rows.subarray(k * LIST_ROWS, Math.min(count, (k + 1) * LIST_ROWS))
    const { address, first } = putRows(scratch, packed, least, most + 1 - least)
    const list = scratch.putWords(own)
    const values = scratch.alloc(8 * own.length)
    scratch.kernels.unpackListed(address, packed.width, least - first, list, own.length, gcd, min, kind, values)
    out.set(scratch.bytes.subarray(values, values + 8 * own.length), 8 * (at + k * LIST_ROWS))
    scratch.release(mark)
  }
  return true
}

function boundsOf(rows: Uint32Array, from: number, to: number): readonly [number, number] {
  let least = rows[from]!
  let most = least
  for (let k = from + 1; k < to; k += 1) {
    const row = rows[k]!
    if (row < least) least = row
    if (row > most) most = row
  }
  return [least, most]
}
