import { type PackedValues, putRows, type ValueMapping, valueMappings } from './column-values.ts'
import { threadScratch } from './scratch.ts'

/** Rows that are unpacked in one call. */
const LIST_ROWS = 4096
/** A row of a list is not worth copying this many others in. */
const MAX_SPREAD = 32

type ListKernel = (words: number, base: number, rows: number, count: number, out: number) => void

/**
 * Unpacks `count` rows of a list, in any order, to the 64-bit entries out[at...), as min + gcd * raw, unmapped. False, and
 * nothing is done, where there is no WebAssembly or the rows lie far apart.
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
  const kind = valueMappings[mapping]
  const kernels = threadScratch()?.kernels
  return eachList(packed, rows, count, 8, out, 8 * at, (words, base, own, length, values) =>
    kernels!.unpackListed(words, packed.width, base, own, length, gcd, min, kind, values),
  )
}

/** The same of values that fit in 32 bits, to entries of 32 bits. */
export function unpackListedLow(
  packed: PackedValues,
  rows: Uint32Array,
  count: number,
  gcd: number,
  min: number,
  out: Uint32Array,
  at: number,
): boolean {
  const kernels = threadScratch()?.kernels
  const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength)
  return eachList(packed, rows, count, 4, bytes, 4 * at, (words, base, own, length, values) =>
    kernels!.unpackListedLow(words, packed.width, base, own, length, gcd, min, values),
  )
}

/** Copies the rows of a list in, some at a time, and their values, of `size` bytes each, out. */
function eachList(
  packed: PackedValues,
  rows: Uint32Array,
  count: number,
  size: number,
  out: Uint8Array,
  at: number,
  kernel: ListKernel,
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
  for (const [k, [least, most]] of bounds.entries()) {
    const mark = scratch.mark()
    const own = rows.subarray(k * LIST_ROWS, Math.min(count, (k + 1) * LIST_ROWS))
    const { address, first } = putRows(scratch, packed, least, most + 1 - least)
    const list = scratch.putWords(own)
    const values = scratch.alloc(size * own.length)
    kernel(address, least - first, list, own.length, values)
    out.set(scratch.bytes.subarray(values, values + size * own.length), at + size * k * LIST_ROWS)
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
